// SPDX-License-Identifier: BSD-3-Clause
// Offload flags of a NIC: stripped tags, and headers with a good checksum.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include "parse.h"
#include "parse_fixture.h"

static void expect_same(const struct parsed *a, const struct parsed *b, const char *name)
{
	cr_expect_eq(a->flags, b->flags, "%s", name);
	cr_expect_eq(a->outer_vlan, b->outer_vlan, "%s", name);
	cr_expect_eq(a->inner_vlan, b->inner_vlan, "%s", name);
	cr_expect_eq(a->l3_offset, b->l3_offset, "%s", name);
	cr_expect_eq(a->l3_len, b->l3_len, "%s", name);
	cr_expect_eq(a->udp_port_be, b->udp_port_be, "%s", name);
	cr_expect_arr_eq(a->group6, b->group6, a->flags & PARSED_IPV6 ? 16 : 4, "%s", name);
	cr_expect_arr_eq(a->source6, b->source6, a->flags & PARSED_IPV6 ? 16 : 4, "%s", name);
}

// A frame in a buffer of exactly its length, without its outer tag if it has one: that tag is in
// the metadata.
static struct rte_mbuf *strip(const struct frame *frame, unsigned n_tags)
{
	struct frame stripped = *frame;
	struct rte_mbuf *mbuf;

	if (n_tags > 0) {
		stripped.len -= 4;
		memmove(stripped.bytes + 12, frame->bytes + 16, stripped.len - 12);
	}
	mbuf = calloc(1, sizeof(*mbuf));
	mbuf->buf_addr = malloc(stripped.len);
	memcpy(mbuf->buf_addr, stripped.bytes, stripped.len);
	mbuf->data_len = mbuf->pkt_len = stripped.len;
	mbuf->nb_segs = 1;
	if (n_tags > 0) {
		mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		mbuf->vlan_tci = ntohs(parse_load16(frame->bytes + 14));
	}
	return mbuf;
}

static void release(struct rte_mbuf *mbuf)
{
	free(mbuf->buf_addr);
	free(mbuf);
}

Test(parse_offload, stripped,
	.description = "frames with stripped tags parse like the originals, on the fast path too")
{
	unsigned fast = 0;

	for (unsigned i = 0; i < parse_n_cases; i++) {
		const struct parse_case *row = &parse_cases[i];
		struct parsed whole, general, offload;
		struct frame_view view;
		struct rte_mbuf *mbuf;
		struct frame frame;

		frame_build(&frame, &row->spec);
		mbuf = strip(&frame, row->spec.n_tags);
		view = (struct frame_view){frame.bytes, frame.len, frame.len, 0, 0};
		if (parse_general(&view, &whole) == DROP_NONE) {
			if (row->spec.n_tags > 0)
				whole.l3_offset -= 4;
			cr_expect_eq(
				parse_mbuf_general(mbuf, &general), DROP_NONE, "%s", row->name);
			expect_same(&general, &whole, row->name);
			if (parse_mbuf_fast(mbuf, OFFLOAD_TAGS, &offload)) {
				expect_same(&offload, &whole, row->name);
				fast += row->spec.n_tags > 0;
			}
		}
		release(mbuf);
	}
	cr_expect_geq(fast, 4, "one tag, two tags, a priority tag and IPv6 are on the fast path");
}

// The flags of a correct NIC.
static void set_good_checksum(struct rte_mbuf *mbuf)
{
	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	mbuf->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP;
}

Test(parse_offload, checksum_good,
	.description = "a checksum is verified unless the NIC reports it as good")
{
	const uint64_t believed = OFFLOAD_TAGS | OFFLOAD_CHECKSUM;
	unsigned checksum_good = 0;

	for (unsigned i = 0; i < parse_n_cases; i++) {
		const struct parse_case *row = &parse_cases[i];
		struct parsed general, offload;
		struct rte_mbuf *mbuf;
		struct frame frame;

		frame_build(&frame, &row->spec);
		mbuf = strip(&frame, row->spec.n_tags);
		if (parse_mbuf_fast(mbuf, OFFLOAD_TAGS, &general) &&
			!(general.flags & PARSED_IPV6)) {
			cr_expect_eq(
				parse_mbuf_general(mbuf, &general), DROP_NONE, "%s", row->name);
			set_good_checksum(mbuf);
			checksum_good++;
			cr_expect(parse_mbuf_fast(mbuf, believed, &offload), "%s", row->name);
			expect_same(&offload, &general, row->name);
			// The checksum: only the flag of a port with checksum offload is trusted.
			rte_pktmbuf_mtod(mbuf, uint8_t *)[general.l3_offset + 10] ^= 0x5a;
			cr_expect(parse_mbuf_fast(mbuf, believed, &offload), "%s", row->name);
			cr_expect_eq(
				parse_mbuf(mbuf, &offload), DROP_BAD_CHECKSUM, "%s", row->name);
			mbuf->ol_flags ^= RTE_MBUF_F_RX_IP_CKSUM_MASK; // changes good to bad
			cr_expect_not(parse_mbuf_fast(mbuf, believed, &offload), "%s", row->name);
		}
		release(mbuf);
	}
	cr_expect_geq(checksum_good, 3, "padded, large, tagged");
}

// No flag leads to a read or a length outside the frame.
Test(parse_offload, random, .description = "promise 8: wrong flags of a NIC are harmless")
{
	unsigned seed = 2;

	for (unsigned round = 0; round < 100000; round++) {
		const struct parse_case *row = &parse_cases[rand_r(&seed) % parse_n_cases];
		struct parsed parsed;
		struct rte_mbuf *mbuf;
		struct frame frame;

		frame_build(&frame, &row->spec);
		frame.len -= rand_r(&seed) % RTE_MIN(frame.len - 16, 60u);
		for (unsigned n = rand_r(&seed) % 4; n > 0; n--)
			frame.bytes[rand_r(&seed) % RTE_MIN(frame.len, 100u)] = rand_r(&seed);
		mbuf = strip(&frame, row->spec.n_tags);
		set_good_checksum(mbuf);
		if (parse_mbuf_fast(mbuf, OFFLOAD_TAGS | OFFLOAD_CHECKSUM, &parsed))
			cr_assert(parsed.l3_offset + parsed.l3_len <= mbuf->data_len);
		release(mbuf);
	}
}
