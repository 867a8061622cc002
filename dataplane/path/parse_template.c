// SPDX-License-Identifier: BSD-3-Clause
#include <assert.h>
#include "parse_template.h"

// Masks of the bits that parse_fast() compares with constants: 01-00-5E and one bit, or 33-33; the
// group bit of the source; EtherTypes, and a tag without its priority; version and IPv4 header
// length; fragment flag and offset; protocol. Indexed by family and by whether there is a tag.
static const uint8_t masks[2][2][32] = {
	{
		{[0] = 0xff,
			0xff,
			0xff,
			0x80,
			[6] = 0x01,
			[12] = 0xff,
			0xff,
			0xff,
			[20] = 0x3f,
			0xff,
			[23] = 0xff},
		{[0] = 0xff,
			0xff,
			0xff,
			0x80,
			[6] = 0x01,
			[12] = 0xff,
			0xff,
			0x0f,
			0xff,
			0xff,
			0xff,
			0xff,
			[24] = 0x3f,
			0xff,
			[27] = 0xff},
	},
	{
		{[0] = 0xff, 0xff, [6] = 0x01, [12] = 0xff, 0xff, 0xf0, [20] = 0xff},
		{[0] = 0xff,
			0xff,
			[6] = 0x01,
			[12] = 0xff,
			0xff,
			0x0f,
			0xff,
			0xff,
			0xff,
			0xf0,
			[24] = 0xff},
	},
};

// The fields of an mbuf that a template compares.
struct meta {
	uint16_t data_off, refcnt, nb_segs, port;
	uint64_t ol_flags;
};

static_assert(
	sizeof(struct meta) == sizeof(parse_template_vector) &&
		offsetof(struct rte_mbuf, ol_flags) ==
			offsetof(struct rte_mbuf, rearm_data) + offsetof(struct meta, ol_flags),
	"the flags follow rearm_data");

void parse_template_init(struct parse_template *template, const struct rte_mbuf *frame,
	uint64_t offload_flags, const struct parsed *parsed)
{
	const uint64_t foreign = RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	const uint8_t *data = rte_pktmbuf_mtod(frame, const uint8_t *);
	const bool ipv6 = parsed->flags & PARSED_IPV6;
	const bool tagged = parsed->l3_offset != sizeof(struct rte_ether_hdr);
	// parse_mbuf_fast() does not accept a frame with two stripped tags.
	const uint64_t flags = offload_flags | RTE_MBUF_F_RX_QINQ_STRIPPED;
	const struct meta mask = {0, UINT16_MAX, UINT16_MAX, 0, flags | foreign};

	template->meta_mask = parse_template_load(&mask);
	template->meta = parse_template_load(&frame->rearm_data) & template->meta_mask;
	for (unsigned i = 0; i < RTE_DIM(template->bytes); i++) {
		const size_t at = i * sizeof(parse_template_vector);

		template->bytes_mask[i] = parse_template_load(&masks[ipv6][tagged][at]);
		template->bytes[i] = parse_template_load(data + at) & template->bytes_mask[i];
	}
	template->pool = frame->pool;
	template->returns = rte_mbuf_refcnt_read(frame) == 1 && (frame->ol_flags & foreign) == 0;
	template->ipv6 = ipv6;
	template->l3_offset = parsed->l3_offset;
	template->headers = parsed->l3_offset + (ipv6 ? 48 : 28);
	// parse_fast() needs room for a tag even if there is none.
	template->len_min = ipv6 ? template->headers : 46;
	template->offload_flags = offload_flags;
	template->frame_flags = frame->ol_flags &flags;
	template->vlan = frame->vlan_tci & 0xfff;
}
