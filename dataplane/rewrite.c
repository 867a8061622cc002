// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"
#include "rewrite.h"

#define MACS_LEN (2 * RTE_ETHER_ADDR_LEN)
#define TCI_VLAN 0x0fff
#define COPY_MAX 256 // bytes of a frame that is cheaper to copy than to share

unsigned rewrite_restore(struct rte_mbuf *frame)
{
	const bool qinq = frame->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED;
	const unsigned len = (qinq ? 2 : 1) * RTE_VLAN_HLEN;

	if (!rewrite_is_own(frame) || rte_pktmbuf_headroom(frame) < len ||
		frame->data_len < MACS_LEN)
		return 0;
	// What the tag said it was (802.1Q, 802.1ad) nobody tells.
	rte_vlan_insert(&frame);
	if (qinq) {
		frame->vlan_tci = frame->vlan_tci_outer;
		rte_vlan_insert(&frame);
		frame->ol_flags &= ~RTE_MBUF_F_RX_QINQ_STRIPPED;
	}
	return len;
}

bool rewrite_is_needed(
	const struct output *output, const struct rte_mbuf *frame, uint16_t l3_offset)
{
	uint8_t buffer[RTE_VLAN_HLEN];
	const uint8_t *tag;

	if (output->set_source_mac || (!output->port->multi_segs && frame->nb_segs > 1))
		return true;
	if (output->vlan == VLAN_NONE)
		return l3_offset != RTE_ETHER_HDR_LEN;
	if (l3_offset != RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN || rewrite_is_stripped(frame))
		return true;
	tag = rte_pktmbuf_read(frame, MACS_LEN, RTE_VLAN_HLEN, buffer);
	return parse_load16(tag) != RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
	       (rte_be_to_cpu_16(parse_load16(tag + 2)) & TCI_VLAN) != output->vlan;
}

// The first four bits of the outermost tag, wherever it is.
static uint16_t priority_of(const struct rte_mbuf *frame, const uint8_t *header, unsigned len)
{
	if (frame->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED)
		return frame->vlan_tci_outer >> 12;
	if (rewrite_is_stripped(frame))
		return frame->vlan_tci >> 12;
	return len > RTE_ETHER_HDR_LEN ? header[RTE_ETHER_HDR_LEN] >> 4 : 0;
}

// Writes what stands in for the first `len` bytes of the frame, `old`, which it may overlap: all is
// read before anything is written.
static inline void put_header(const struct output *output, const struct rte_mbuf *frame,
	const uint8_t *old, unsigned len, uint8_t *header)
{
	const uint8_t *old_source = old + RTE_ETHER_ADDR_LEN;
	const uint8_t *new_source =
		output->set_source_mac ? output->source_mac.addr_bytes : old_source;
	uint64_t destination; // and two bytes of the source, which is written behind it
	uint32_t source;
	uint16_t source_end, type_be, tag_be[] = {RTE_BE16(RTE_ETHER_TYPE_VLAN), 0};

	memcpy(&destination, old, sizeof(destination));
	memcpy(&source, new_source, sizeof(source));
	memcpy(&source_end, new_source + sizeof(source), sizeof(source_end));
	memcpy(&type_be, old + len - sizeof(type_be), sizeof(type_be));
	if (output->vlan != VLAN_NONE)
		tag_be[1] = rte_cpu_to_be_16(priority_of(frame, old, len) << 12 | output->vlan);
	memcpy(header, &destination, sizeof(destination));
	memcpy(header + RTE_ETHER_ADDR_LEN, &source, sizeof(source));
	memcpy(header + RTE_ETHER_ADDR_LEN + sizeof(source), &source_end, sizeof(source_end));
	if (output->vlan != VLAN_NONE)
		memcpy(header + MACS_LEN, tag_be, sizeof(tag_be));
	memcpy(header + rewrite_header_len(output) - sizeof(type_be), &type_be, sizeof(type_be));
}

// Whether the rest of the frame is shared rather than copied if the port sends segments. An
// adjusted clone keeps its first segment, which must not become empty.
static inline bool is_shared(const struct rte_mbuf *frame, uint16_t l3_offset)
{
	return frame->pkt_len > COPY_MAX && frame->data_len > l3_offset;
}

// A header of its own and behind it the rest of the frame, which is not copied.
static struct rte_mbuf *share(
	const struct output *output, struct rte_mbuf *frame, uint16_t l3_offset)
{
	struct rte_mempool *pool = output->port->header_pool;
	struct rte_mbuf *rest = rte_pktmbuf_clone(frame, pool);
	struct rte_mbuf *header = rest != NULL ? rte_pktmbuf_alloc(pool) : NULL;
	uint8_t buffer[PARSE_L2_MAX];

	if (header == NULL) {
		rte_pktmbuf_free(rest);
		return NULL;
	}
	put_header(output, frame, rte_pktmbuf_read(frame, 0, l3_offset, buffer), l3_offset,
		(uint8_t *)rte_pktmbuf_append(header, rewrite_header_len(output)));
	rte_pktmbuf_adj(rest, l3_offset);
	header->next = rest;
	header->nb_segs += rest->nb_segs;
	header->pkt_len += rest->pkt_len;
	return header;
}

// Takes over `copy`, an empty buffer. NULL: it has no room for the frame.
static inline struct rte_mbuf *copy_to(struct rte_mbuf *copy, const struct output *output,
	const struct rte_mbuf *frame, uint16_t l3_offset)
{
	const unsigned rest_len = frame->pkt_len - l3_offset;
	const unsigned len = rewrite_header_len(output) + rest_len;
	const uint8_t *old = rte_pktmbuf_mtod(frame, uint8_t *), *old_rest = old + l3_offset;
	uint8_t *header = rte_pktmbuf_mtod(copy, uint8_t *),
		*rest = header + rewrite_header_len(output);
	uint8_t buffer[PARSE_L2_MAX];

	if (unlikely(len > rte_pktmbuf_tailroom(copy))) {
		rte_pktmbuf_free(copy);
		return NULL;
	}
	if (unlikely(frame->nb_segs > 1)) {
		old = rte_pktmbuf_read(frame, 0, l3_offset, buffer);
		old_rest = rte_pktmbuf_read(frame, l3_offset, rest_len, rest);
	}
	put_header(output, frame, old, l3_offset, header);
	if (likely(old_rest != rest))
		memcpy(rest, old_rest, rest_len);
	copy->data_len = copy->pkt_len = len;
	return copy;
}

// As many of n empty buffers as there are. What is in a pool has one reference, one segment and
// none behind it: only what a transmitter reads is set, all of it in the first cache line.
static unsigned get_buffers(struct rte_mempool *pool, struct rte_mbuf **buffers, unsigned n)
{
	unsigned got = 0;

	if (likely(rte_mempool_get_bulk(pool, (void **)buffers, n) == 0))
		got = n;
	else
		while (got < n && rte_mempool_get(pool, (void **)&buffers[got]) == 0)
			got++;
	for (unsigned i = 0; i < got; i++) {
		buffers[i]->data_off = RTE_PKTMBUF_HEADROOM;
		buffers[i]->port = RTE_MBUF_PORT_INVALID;
		buffers[i]->ol_flags = 0;
		buffers[i]->packet_type = 0;
	}
	return got;
}

unsigned rewrite_burst(const struct output *output, struct rte_mbuf **frames, unsigned n,
	uint64_t which, uint16_t l3_offset)
{
	struct rte_mbuf *buffers[BURST];
	unsigned n_buffers, n_left = 0;
	uint64_t shared = 0;

	if (output->port->multi_segs)
		for (unsigned i = 0; i < n; i++)
			shared |= (uint64_t)is_shared(frames[i], l3_offset) << i;
	n_buffers =
		get_buffers(output->port->tx_pool, buffers, __builtin_popcountll(which & ~shared));
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *frame = frames[i];
		const uint64_t bit = UINT64_C(1) << i;

		if (which & shared & bit)
			frame = share(output, frame, l3_offset);
		else if ((which & bit) && n_buffers > 0)
			frame = copy_to(buffers[--n_buffers], output, frame, l3_offset);
		else if (which & bit)
			frame = NULL;
		if (likely(frame != NULL))
			frames[n_left++] = frame;
	}
	return n_left;
}

bool rewrite_in_place(const struct output *output, struct rte_mbuf *frame, uint16_t l3_offset)
{
	const int shift = l3_offset - (int)rewrite_header_len(output);
	uint8_t *old = rte_pktmbuf_mtod(frame, uint8_t *);

	if (frame->data_len <= l3_offset || frame->data_off + shift < 0 ||
		(frame->nb_segs > 1 && !output->port->multi_segs))
		return false;
	put_header(output, frame, old, l3_offset, old + shift);
	frame->data_off += shift;
	frame->data_len -= shift;
	frame->pkt_len -= shift;
	rewrite_forget(frame);
	return true;
}
