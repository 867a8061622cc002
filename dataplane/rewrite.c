// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"
#include "rewrite.h"

#define MACS_LEN (2 * RTE_ETHER_ADDR_LEN)
#define TYPE_LEN 2
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

// Writes what stands in for the first `len` bytes of the frame, `old`; returns its length.
static unsigned put_header(const struct output *output, const struct rte_mbuf *frame,
	const uint8_t *old, unsigned len, uint8_t *header)
{
	unsigned n = MACS_LEN;

	memcpy(header, old, MACS_LEN);
	if (output->set_source_mac)
		memcpy(header + RTE_ETHER_ADDR_LEN, output->source_mac.addr_bytes,
			RTE_ETHER_ADDR_LEN);
	if (output->vlan != VLAN_NONE) {
		uint16_t tag_be[] = {
			RTE_BE16(RTE_ETHER_TYPE_VLAN),
			rte_cpu_to_be_16(priority_of(frame, old, len) << 12 | output->vlan),
		};

		memcpy(header + n, tag_be, sizeof(tag_be));
		n += sizeof(tag_be);
	}
	memcpy(header + n, old + len - TYPE_LEN, TYPE_LEN);
	return n + TYPE_LEN;
}

// Puts the rest of the frame behind the header without copying it.
static int chain_rest(struct rte_mbuf *header, const struct output *output, struct rte_mbuf *frame,
	uint16_t l3_offset)
{
	struct rte_mbuf *rest = rte_pktmbuf_clone(frame, output->port->header_pool);

	if (rest == NULL)
		return -1;
	rte_pktmbuf_adj(rest, l3_offset);
	header->next = rest;
	header->nb_segs += rest->nb_segs;
	header->pkt_len += rest->pkt_len;
	return 0;
}

static int copy_rest(struct rte_mbuf *header, const struct rte_mbuf *frame, uint16_t l3_offset)
{
	unsigned len = frame->pkt_len - l3_offset;
	char *to = rte_pktmbuf_append(header, len);
	const void *from;

	if (to == NULL)
		return -1;
	from = rte_pktmbuf_read(frame, l3_offset, len, to);
	if (from != to)
		memcpy(to, from, len);
	return 0;
}

struct rte_mbuf *rewrite_frame(
	const struct output *output, struct rte_mbuf *frame, uint16_t l3_offset)
{
	// An adjusted clone keeps its first segment, which must not become empty.
	bool chain = output->port->multi_segs && frame->data_len > l3_offset &&
		     frame->pkt_len > COPY_MAX;
	struct rte_mbuf *header =
		rte_pktmbuf_alloc(chain ? output->port->header_pool : output->port->tx_pool);
	uint8_t buffer[PARSE_L2_MAX];
	const uint8_t *old;
	unsigned len;
	int rc;

	if (header == NULL)
		return NULL;
	old = rte_pktmbuf_read(frame, 0, l3_offset, buffer);
	len = put_header(output, frame, old, l3_offset, rte_pktmbuf_mtod(header, uint8_t *));
	rte_pktmbuf_append(header, len);
	rc = chain ? chain_rest(header, output, frame, l3_offset)
		   : copy_rest(header, frame, l3_offset);
	if (rc < 0) {
		rte_pktmbuf_free(header);
		return NULL;
	}
	return header;
}

bool rewrite_in_place(const struct output *output, struct rte_mbuf *frame, uint16_t l3_offset)
{
	uint8_t header[RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN];
	const unsigned room = rte_pktmbuf_headroom(frame) + l3_offset;
	unsigned len;

	if (frame->data_len <= l3_offset || room < sizeof(header) ||
		(frame->nb_segs > 1 && !output->port->multi_segs))
		return false;
	len = put_header(
		output, frame, rte_pktmbuf_mtod(frame, const uint8_t *), l3_offset, header);
	rte_pktmbuf_adj(frame, l3_offset);
	memcpy(rte_pktmbuf_prepend(frame, len), header, len);
	rewrite_forget(frame);
	return true;
}
