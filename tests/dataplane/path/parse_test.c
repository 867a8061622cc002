// SPDX-License-Identifier: BSD-3-Clause
// The parser on bytes, without EAL. Mbufs are built by hand where a test needs them.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include "frame_fixture.h"
#include "parse.h"
#include "parse_fixture.h"

// Parses both ways, from a buffer of exactly the frame's length, so that a sanitizer detects a read
// past it.
static unsigned parse_bytes(const uint8_t *bytes, size_t len, struct parsed *parsed)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	const struct frame_view view = {.data = exact, .len = len, .frame_len = len};
	struct parsed fast;
	unsigned result;

	memcpy(exact, bytes, len);
	result = parse_general(&view, parsed);
	if (parse_fast(exact, len, false, &fast)) {
		cr_expect_eq(result, DROP_NONE);
		cr_expect_eq(fast.flags, parsed->flags);
		cr_expect_eq(fast.outer_vlan, parsed->outer_vlan);
		cr_expect_eq(fast.inner_vlan, parsed->inner_vlan);
		cr_expect_eq(fast.l3_offset, parsed->l3_offset);
		cr_expect_eq(fast.l3_len, parsed->l3_len);
		cr_expect_eq(fast.udp_port_be, parsed->udp_port_be);
		cr_expect_arr_eq(fast.group6, parsed->group6, fast.flags & PARSED_IPV6 ? 16 : 4);
		cr_expect_arr_eq(fast.source6, parsed->source6, fast.flags & PARSED_IPV6 ? 16 : 4);
	}
	free(exact);
	return result;
}

static void check_fields(
	const struct parse_case *row, const struct frame *frame, const struct parsed *parsed)
{
	uint8_t group[16] = {0}, source[16] = {0};
	bool ipv6 = row->flags & PARSED_IPV6;
	size_t len = ipv6 ? 16 : 4;

	inet_pton(ipv6 ? AF_INET6 : AF_INET, row->spec.group, group);
	inet_pton(ipv6 ? AF_INET6 : AF_INET, row->spec.source, source);
	cr_expect_arr_eq(parsed->group6, group, len, "%s", row->name);
	cr_expect_arr_eq(parsed->source6, source, len, "%s", row->name);
	cr_expect_eq(parsed->flags, row->flags, "%s: flags %u", row->name, parsed->flags);
	cr_expect_eq(parsed->outer_vlan, row->outer_vlan, "%s", row->name);
	cr_expect_eq(parsed->inner_vlan, row->inner_vlan, "%s", row->name);
	cr_expect_eq(parsed->l3_offset, frame->ip, "%s", row->name);
	cr_expect_eq(parsed->l3_len, frame->len - frame->ip - row->spec.padding, "%s", row->name);
	cr_expect_eq(ntohs(parsed->udp_port_be), row->udp_port, "%s", row->name);
}

Test(parse, frames)
{
	for (unsigned i = 0; i < parse_n_cases; i++) {
		const struct parse_case *row = &parse_cases[i];
		struct parsed parsed;
		struct frame frame;
		unsigned result;

		frame_build(&frame, &row->spec);
		result = parse_bytes(frame.bytes, frame.len, &parsed);
		cr_expect_eq(result, row->result, "%s: %s", row->name, drop_reason_name(result));
		if (result == DROP_NONE)
			check_fields(row, &frame, &parsed);
	}
}

Test(parse, truncated, .description = "promise 8: a frame truncated at any byte is dropped")
{
	for (unsigned i = 0; i < parse_n_cases; i++) {
		struct parsed parsed;
		struct frame frame;
		size_t packet;

		frame_build(&frame, &parse_cases[i].spec);
		packet = frame.len - parse_cases[i].spec.padding;
		for (size_t len = 0; len < packet; len++)
			cr_expect_neq(parse_bytes(frame.bytes, len, &parsed), DROP_NONE,
				"%s at %zu", parse_cases[i].name, len);
		cr_expect_eq(parse_bytes(frame.bytes, packet, &parsed), parse_cases[i].result, "%s",
			parse_cases[i].name);
	}
}

// One error in a valid frame.
struct damage {
	const char *name;
	bool ipv6;
	unsigned at; // offset from the IP header
	uint8_t value;
	bool fix_checksum;
	unsigned result;
};

Test(parse, damaged, .description = "promise 8: each error has its own drop reason")
{
	static const struct damage damages[] = {
		{"IPv4 version 5", false, 0, 0x55, true, DROP_BAD_VERSION},
		{"IPv4 header of 4 words", false, 0, 0x44, false, DROP_BAD_LENGTH},
		{"IPv4 header beyond the packet", false, 0, 0x4f, true, DROP_BAD_LENGTH},
		{"IPv4 longer than the frame", false, 2, 1, true, DROP_BAD_LENGTH},
		{"IPv4 shorter than its header", false, 3, 19, true, DROP_BAD_LENGTH},
		{"IPv4 without room for UDP", false, 3, 27, true, DROP_TRUNCATED},
		{"IPv4 checksum", false, 10, 0xab, false, DROP_BAD_CHECKSUM},
		{"IPv6 version 4", true, 0, 0x45, false, DROP_BAD_VERSION},
		{"IPv6 longer than the frame", true, 4, 1, false, DROP_BAD_LENGTH},
		{"IPv6 without room for UDP", true, 5, 7, false, DROP_TRUNCATED},
	};

	for (unsigned i = 0; i < RTE_DIM(damages); i++) {
		const struct damage *damage = &damages[i];
		struct parsed parsed;
		struct frame frame;

		frame_build(&frame, &(struct frame_spec){
					    .group = damage->ipv6 ? "ff0e::1" : "239.1.1.1",
					    .source = damage->ipv6 ? "2001:db8::1" : "10.0.0.1",
					    .payload_len = 20,
				    });
		frame.bytes[frame.ip + damage->at] = damage->value;
		if (damage->fix_checksum)
			frame_checksum(&frame);
		cr_expect_eq(parse_bytes(frame.bytes, frame.len, &parsed), damage->result, "%s",
			damage->name);
	}
}

Test(parse, not_ip)
{
	static const uint8_t stp[60] = {1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 38};
	static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6};
	struct parsed parsed;

	cr_expect_eq(parse_bytes(stp, sizeof(stp), &parsed), DROP_NOT_IP);
	cr_expect_eq(parse_bytes(arp, sizeof(arp), &parsed), DROP_NOT_MULTICAST);
}

// The headers must end within PARSE_WINDOW, segmented or not.
Test(parse, window)
{
	uint8_t options[640] = {60, 70};
	struct parsed parsed;
	struct frame frame;

	options[568] = 17;
	options[569] = 8;
	frame_build(&frame, &(struct frame_spec){.group = "ff0e::1",
				    .source = "2001:db8::1",
				    .options = options,
				    .options_len = 640,
				    .next = 0});
	cr_expect_eq(parse_bytes(frame.bytes, frame.len, &parsed), DROP_BAD_EXTENSION);
}

// Random errors never lead to a read (checked by sanitizers) or a length outside the frame.
Test(parse, random, .description = "promise 8: random errors are harmless")
{
	unsigned seed = 1;

	for (unsigned round = 0; round < 200000; round++) {
		const struct parse_case *row = &parse_cases[rand_r(&seed) % parse_n_cases];
		struct parsed parsed;
		struct frame frame;

		frame_build(&frame, &row->spec);
		for (unsigned n = rand_r(&seed) % 4; n > 0; n--)
			frame.bytes[rand_r(&seed) % RTE_MIN(frame.len, 100u)] = rand_r(&seed);
		if (parse_bytes(frame.bytes, frame.len, &parsed) == DROP_NONE)
			cr_assert(parsed.l3_offset + parsed.l3_len <= frame.len);
	}
}

// ---- Mbufs ---------------------------------------------------------------------------------

// Splits the frame into segments of `cut` bytes, each in its own buffer.
static struct rte_mbuf *chain_make(const struct frame *frame, size_t cut)
{
	struct rte_mbuf *first = NULL, **link = &first;

	for (size_t at = 0; at < frame->len; at += cut) {
		struct rte_mbuf *segment = calloc(1, sizeof(*segment));

		segment->data_len = RTE_MIN(cut, frame->len - at);
		segment->buf_addr = malloc(segment->data_len);
		memcpy(segment->buf_addr, frame->bytes + at, segment->data_len);
		segment->nb_segs = 1;
		*link = segment;
		link = &segment->next;
		if (segment != first)
			first->nb_segs++;
	}
	first->pkt_len = frame->len;
	return first;
}

static void chain_free(struct rte_mbuf *segment)
{
	while (segment != NULL) {
		struct rte_mbuf *next = segment->next;

		free(segment->buf_addr);
		free(segment);
		segment = next;
	}
}

Test(parse, segments)
{
	static const size_t cuts[] = {1, 2, 7, 13, 14, 15, 33, 40, 64, 511, 512, 513, 2048};

	for (unsigned i = 0; i < parse_n_cases; i++) {
		for (unsigned j = 0; j < RTE_DIM(cuts); j++) {
			struct rte_mbuf *chain;
			struct parsed parsed;
			struct frame frame;
			unsigned result;

			frame_build(&frame, &parse_cases[i].spec);
			chain = chain_make(&frame, cuts[j]);
			result = parse_mbuf(chain, &parsed);
			cr_expect_eq(result, parse_cases[i].result, "%s in segments of %zu",
				parse_cases[i].name, cuts[j]);
			if (result == DROP_NONE)
				check_fields(&parse_cases[i], &frame, &parsed);
			chain_free(chain);
		}
	}
}

Test(parse, stripped_tags)
{
	struct parsed parsed;
	struct rte_mbuf *mbuf;
	struct frame frame;

	frame_build(&frame, &parse_cases[0].spec);
	mbuf = chain_make(&frame, FRAME_MAX);
	mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	mbuf->vlan_tci = 0x6014;
	cr_expect_eq(parse_mbuf(mbuf, &parsed), DROP_NONE);
	cr_expect_eq(parsed.outer_vlan, 20);
	cr_expect_eq(parsed.inner_vlan, VLAN_NONE);

	mbuf->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
	mbuf->vlan_tci_outer = 100;
	cr_expect_eq(parse_mbuf(mbuf, &parsed), DROP_NONE);
	cr_expect_eq(parsed.outer_vlan, 100);
	cr_expect_eq(parsed.inner_vlan, 20);
	chain_free(mbuf);

	// The outer tag is stripped, the inner one is still in the frame.
	frame_build(&frame, &parse_cases[3].spec);
	mbuf = chain_make(&frame, FRAME_MAX);
	mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	mbuf->vlan_tci = 100;
	cr_expect_eq(parse_mbuf(mbuf, &parsed), DROP_NONE);
	cr_expect_eq(parsed.outer_vlan, 100);
	cr_expect_eq(parsed.inner_vlan, 20);
	chain_free(mbuf);
}
