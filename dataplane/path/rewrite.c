// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"
#include "rewrite.h"

#define MACS_LEN (2 * RTE_ETHER_ADDR_LEN)
#define TCI_VLAN 0x0fff
#define COPY_MAX 256 // bytes up to which a frame is cheaper to copy than to share

unsigned rewrite_restore(struct rte_mbuf *frame)
{
	const bool qinq = frame->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED;
	const unsigned len = (qinq ? 2 : 1) * RTE_VLAN_HLEN;

	if (!rewrite_is_own(frame) || rte_pktmbuf_headroom(frame) < len ||
		frame->data_len < MACS_LEN)
		return 0;
	// The metadata does not say whether the tag was 802.1Q or 802.1ad.
	rte_vlan_insert(&frame);
	if (qinq) {
		frame->vlan_tci = frame->vlan_tci_outer;
		rte_vlan_insert(&frame);
		frame->ol_flags &= ~RTE_MBUF_F_RX_QINQ_STRIPPED;
	}
	return len;
}

static bool is_as_wanted(
	const struct output *output, const struct rte_mbuf *frame, uint16_t l3_offset)
{
	uint8_t buffer[RTE_VLAN_HLEN];
	const uint8_t *tag;

	if (!output->port->multi_segs && frame->nb_segs > 1)
		return false;
	if (output->vlan == VLAN_NONE)
		return l3_offset == RTE_ETHER_HDR_LEN;
	if (l3_offset != RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN || rewrite_is_stripped(frame))
		return false;
	tag = rte_pktmbuf_read(frame, MACS_LEN, RTE_VLAN_HLEN, buffer);
	return parse_load16(tag) == RTE_BE16(RTE_ETHER_TYPE_VLAN) &&
	       (rte_be_to_cpu_16(parse_load16(tag + 2)) & TCI_VLAN) == output->vlan;
}

uint64_t rewrite_needed(
	const struct output *output, struct rte_mbuf *const *frames, unsigned n, uint16_t l3_offset)
{
	uint64_t needed = 0;

	if (output->set_source_mac)
		return UINT64_MAX >> (64 - n);
	for (unsigned i = 0; i < n; i++)
		needed |= (uint64_t)!is_as_wanted(output, frames[i], l3_offset) << i;
	return needed;
}

// The priority and DEI bits of the outermost tag, whether stripped or not.
static uint16_t priority_of(const struct rte_mbuf *frame, const uint8_t *header, unsigned len)
{
	if (frame->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED)
		return frame->vlan_tci_outer >> 12;
	if (rewrite_is_stripped(frame))
		return frame->vlan_tci >> 12;
	return len > RTE_ETHER_HDR_LEN ? header[RTE_ETHER_HDR_LEN] >> 4 : 0;
}

// The new header of the frames of a burst, in front of the IP header.
struct header {
	unsigned old_len, len;
	uint16_t vlan;
	bool set_source;
	uint64_t source; // MAC address in memory order
};

static inline struct header header_of(const struct output *output, uint16_t l3_offset)
{
	struct header header = {
		.old_len = l3_offset,
		.len = rewrite_header_len(output),
		.vlan = output->vlan,
		.set_source = output->set_source_mac,
	};

	memcpy(&header.source, &output->source_mac, sizeof(output->source_mac));
	return header;
}

// Writes the header. `new` may overlap `old`, so everything is read before anything is written. It
// writes whole words: each ends within the header, and the next one overwrites the excess bytes of
// the previous one.
static inline void put_header(
	const struct header header, const struct rte_mbuf *frame, const uint8_t *old, uint8_t *new)
{
	uint64_t destination, source = header.source;
	uint16_t type_be, tag_be[] = {RTE_BE16(RTE_ETHER_TYPE_VLAN), 0};

	memcpy(&destination, old, sizeof(destination));
	if (!header.set_source)
		memcpy(&source, old + RTE_ETHER_ADDR_LEN, sizeof(source));
	memcpy(&type_be, old + header.old_len - sizeof(type_be), sizeof(type_be));
	if (header.vlan != VLAN_NONE)
		tag_be[1] = rte_cpu_to_be_16(
			priority_of(frame, old, header.old_len) << 12 | header.vlan);
	memcpy(new, &destination, sizeof(destination));
	memcpy(new + RTE_ETHER_ADDR_LEN, &source, sizeof(source));
	if (header.vlan != VLAN_NONE)
		memcpy(new + MACS_LEN, tag_be, sizeof(tag_be));
	memcpy(new + header.len - sizeof(type_be), &type_be, sizeof(type_be));
}

// Whether the rest of the frame is shared rather than copied, on a port that sends segments.
// rte_pktmbuf_adj() keeps the first segment of a clone, which must not become empty.
static inline bool is_shared(const struct rte_mbuf *frame, uint16_t l3_offset)
{
	return frame->pkt_len > COPY_MAX && frame->data_len > l3_offset;
}

// Returns a new header chained to the rest of the frame, which is not copied.
static struct rte_mbuf *share(
	const struct header header, struct rte_mbuf *frame, struct rte_mempool *pool)
{
	struct rte_mbuf *rest = rte_pktmbuf_clone(frame, pool);
	struct rte_mbuf *first = rest != NULL ? rte_pktmbuf_alloc(pool) : NULL;
	uint8_t buffer[L2_HEADER_MAX];

	if (first == NULL) {
		rte_pktmbuf_free(rest);
		return NULL;
	}
	put_header(header, frame, rte_pktmbuf_read(frame, 0, header.old_len, buffer),
		(uint8_t *)rte_pktmbuf_append(first, header.len));
	rte_pktmbuf_adj(rest, header.old_len);
	first->next = rest;
	first->nb_segs += rest->nb_segs;
	first->pkt_len += rest->pkt_len;
	return first;
}

// An mbuf in a pool has one reference and one segment. Sets only what a transmitter reads, all of
// it in the first cache line.
static inline void clear(struct rte_mbuf *buffer)
{
	buffer->data_off = RTE_PKTMBUF_HEADROOM;
	buffer->port = RTE_MBUF_PORT_INVALID;
	buffer->ol_flags = 0;
	buffer->packet_type = 0;
}

// Takes over `copy`, an mbuf as it was in its pool. Returns NULL if it has no room for the frame.
static inline struct rte_mbuf *copy_to(
	struct rte_mbuf *copy, const struct header header, const struct rte_mbuf *frame)
{
	const unsigned rest_len = frame->pkt_len - header.old_len, len = header.len + rest_len;
	const uint8_t *old = rte_pktmbuf_mtod(frame, uint8_t *), *old_rest = old + header.old_len;
	uint8_t *new = (uint8_t *)copy->buf_addr + RTE_PKTMBUF_HEADROOM, *rest = new + header.len;
	uint8_t buffer[L2_HEADER_MAX];

	if (unlikely(RTE_PKTMBUF_HEADROOM + len > copy->buf_len)) {
		rte_mempool_put(copy->pool, copy);
		return NULL;
	}
	if (unlikely(frame->nb_segs > 1)) {
		old = rte_pktmbuf_read(frame, 0, header.old_len, buffer);
		old_rest = rte_pktmbuf_read(frame, header.old_len, rest_len, rest);
	}
	clear(copy);
	copy->data_len = copy->pkt_len = len;
	put_header(header, frame, old, new);
	if (likely(old_rest != rest))
		memcpy(rest, old_rest, rest_len);
	return copy;
}

// Gets up to n buffers, as many as the pool has.
static unsigned get_buffers(struct rte_mempool *pool, struct rte_mbuf **buffers, unsigned n)
{
	unsigned got = 0;

	if (likely(rte_mempool_get_bulk(pool, (void **)buffers, n) == 0))
		return n;
	while (got < n && rte_mempool_get(pool, (void **)&buffers[got]) == 0)
		got++;
	return got;
}

// Closes the gaps in an array.
static unsigned without_gaps(struct rte_mbuf **frames, unsigned n)
{
	unsigned n_left = 0;

	for (unsigned i = 0; i < n; i++)
		if (frames[i] != NULL)
			frames[n_left++] = frames[i];
	return n_left;
}

unsigned rewrite_burst(const struct output *output, struct rte_mbuf **frames, unsigned n,
	uint64_t which, uint16_t l3_offset)
{
	const struct header header = header_of(output, l3_offset);
	struct rte_mbuf *buffers[BURST];
	uint64_t shared = 0, left;
	unsigned n_buffers;
	bool gaps = false;

	for (left = output->port->multi_segs ? which : 0; left != 0; left &= left - 1)
		shared |= (left & -left) * is_shared(frames[rte_bsf64(left)], l3_offset);
	n_buffers =
		get_buffers(output->port->tx_pool, buffers, __builtin_popcountll(which & ~shared));
	for (left = which & ~shared; left != 0; left &= left - 1) {
		struct rte_mbuf **frame = &frames[rte_bsf64(left)];

		*frame = n_buffers > 0 ? copy_to(buffers[--n_buffers], header, *frame) : NULL;
		gaps |= *frame == NULL;
	}
	for (left = shared; left != 0; left &= left - 1) {
		struct rte_mbuf **frame = &frames[rte_bsf64(left)];

		*frame = share(header, *frame, output->port->header_pool);
		gaps |= *frame == NULL;
	}
	return unlikely(gaps) ? without_gaps(frames, n) : n;
}

uint64_t rewrite_in_place(const struct output *output, struct rte_mbuf *const *frames,
	uint64_t which, uint16_t l3_offset)
{
	const struct header header = header_of(output, l3_offset);
	const int shift = (int)header.old_len - (int)header.len;
	const bool multi_segs = output->port->multi_segs;
	uint64_t done = 0;

	for (; which != 0; which &= which - 1) {
		struct rte_mbuf *frame = frames[rte_bsf64(which)];
		uint8_t *old = rte_pktmbuf_mtod(frame, uint8_t *);

		if (unlikely(frame->data_len <= l3_offset || frame->data_off + shift < 0 ||
			     (frame->nb_segs > 1 && !multi_segs)))
			continue;
		put_header(header, frame, old, old + shift);
		frame->data_off += shift;
		frame->data_len -= shift;
		frame->pkt_len -= shift;
		rewrite_forget(frame);
		done |= which & -which;
	}
	return done;
}
