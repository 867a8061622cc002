// SPDX-License-Identifier: BSD-3-Clause
// Frames of the data plane. The fast parser agrees with the general one, chained mbufs with linear
// ones, and templates with the parser. What is found lies within the frame, whatever the offload
// flags say. The first three bytes determine where the chain is split and whether tags were
// stripped.
#include "input.h"

#include <parse_template.h>
#include "require.h"

#define SEGMENTS 3

// A buffer of exactly this size, so that a sanitizer detects reads past its end.
static uint8_t *copy(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len + !len);

	REQUIRE(exact);
	memcpy(exact, bytes, len);
	return exact;
}

static bool equal(const struct parsed *a, const struct parsed *b)
{
	size_t addr_len = a->flags & PARSED_IPV6 ? 16 : 4;

	return a->flags == b->flags && a->l3_offset == b->l3_offset && a->l3_len == b->l3_len &&
	       a->outer_vlan == b->outer_vlan && a->inner_vlan == b->inner_vlan &&
	       a->udp_port_be == b->udp_port_be && memcmp(a->source6, b->source6, addr_len) == 0 &&
	       memcmp(a->group6, b->group6, addr_len) == 0;
}

static void tell(struct rte_mbuf *mbuf, uint16_t tag)
{
	if (tag)
		mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	mbuf->vlan_tci = tag;
}

static struct rte_mbuf whole_mbuf(uint8_t *exact, size_t len, uint16_t tag)
{
	struct rte_mbuf mbuf;

	memset(&mbuf, 0, sizeof(mbuf));
	mbuf.buf_addr = exact;
	mbuf.data_len = mbuf.pkt_len = len;
	mbuf.nb_segs = 1;
	tell(&mbuf, tag);
	return mbuf;
}

static unsigned parse_chain(const uint8_t *bytes, size_t len, unsigned cut, unsigned cut2,
	uint16_t tag, struct parsed *parsed)
{
	struct rte_mbuf segments[SEGMENTS];
	size_t ends[SEGMENTS] = {len * cut / 256, 0, len}, from = 0;
	unsigned result;

	memset(segments, 0, sizeof(segments));
	ends[1] = ends[0] + (len - ends[0]) * cut2 / 256;
	for (unsigned i = 0; i < SEGMENTS; i++) {
		segments[i].buf_addr = copy(bytes + from, ends[i] - from);
		segments[i].data_len = ends[i] - from;
		segments[i].next = i + 1 < SEGMENTS ? &segments[i + 1] : NULL;
		from = ends[i];
	}
	segments[0].pkt_len = len;
	segments[0].nb_segs = SEGMENTS;
	tell(&segments[0], tag);
	result = parse_mbuf_general(&segments[0], parsed);
	for (unsigned i = 0; i < SEGMENTS; i++)
		free(segments[i].buf_addr);
	return result;
}

// If the fast path accepts a frame as a template, a frame that differs in one byte matches if the
// fast path accepts it with the same result.
static void require_match(uint8_t *bytes, size_t len, unsigned at, unsigned change, unsigned tag,
	struct parsed *first)
{
	struct rte_mbuf mbuf = whole_mbuf(bytes, len, tag);
	struct parse_template template;
	struct parsed parsed;
	bool matches, parses;

	parse_template_init(&template, &mbuf, OFFLOAD_TAGS, first);
	bytes[at % len] ^= change;
	matches = parse_template_match(
		&template, &mbuf, bytes, template.ipv6, template.frame_flags != 0);
	parses = parse_mbuf_fast(&mbuf, OFFLOAD_TAGS, &parsed) && parsed.kind == first->kind;
	bytes[at % len] ^= change;
	REQUIRE(matches == parses);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input input = {bytes, len};
	unsigned cut = input_u8(&input), cut2 = input_u8(&input), tag = input_u8(&input);
	struct parsed whole = {0}, chained = {0}, fast = {0};

	input_items++;
	uint8_t *exact = copy(input.bytes, input.left);
	const struct frame_view view = {exact, input.left, input.left, tag, 0};
	struct rte_mbuf mbuf = whole_mbuf(exact, input.left, tag);
	unsigned result = parse_general(&view, &whole);

	REQUIRE(result < DROP_REASONS);
	if (result == DROP_NONE) {
		REQUIRE(whole.l3_offset <= L2_HEADER_MAX);
		REQUIRE(whole.l3_offset + whole.l3_len <= input.left);
		REQUIRE(parse_upper_offset(exact + whole.l3_offset, &whole) <= whole.l3_len);
	}
	if (parse_mbuf_fast(&mbuf, OFFLOAD_TAGS, &fast)) {
		REQUIRE(result == DROP_NONE && equal(&fast, &whole));
		require_match(exact, input.left, cut, cut2, tag, &fast);
	}
	// Any checksum flags of a NIC, correct or not.
	mbuf.ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	mbuf.packet_type = RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP;
	if (parse_mbuf_fast(&mbuf, OFFLOAD_TAGS | OFFLOAD_CHECKSUM, &fast))
		REQUIRE(fast.l3_offset + fast.l3_len <= input.left);
	REQUIRE(parse_chain(input.bytes, input.left, cut, cut2, tag, &chained) == result);
	REQUIRE(result != DROP_NONE || equal(&chained, &whole));
	free(exact);
	return 0;
}
