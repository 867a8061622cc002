// SPDX-License-Identifier: BSD-3-Clause
// Matching with a template agrees with parsing: for any two frames, the second one matches if
// parse_mbuf_fast() accepts it, and it is of the same kind and in the same kind of mbuf.
#include <criterion/criterion.h>
#include <stdlib.h>
#include "parse_fixture.h"
#include "parse_template.h"

static struct rte_mempool *const pools[2] = {(void *)0x40, (void *)0x80}; // never dereferenced

// In a buffer of exactly its length, so that a sanitizer detects a read past it.
static struct rte_mbuf *mbuf_of(const struct frame *frame)
{
	struct rte_mbuf *mbuf = calloc(1, sizeof(*mbuf));

	mbuf->buf_addr = malloc(frame->len);
	memcpy(mbuf->buf_addr, frame->bytes, frame->len);
	mbuf->data_len = mbuf->pkt_len = frame->len;
	mbuf->nb_segs = 1;
	mbuf->pool = pools[0];
	rte_mbuf_refcnt_set(mbuf, 1);
	return mbuf;
}

static struct rte_mbuf *mbuf_of_case(unsigned i)
{
	struct frame frame;

	frame_build(&frame, &parse_cases[i].spec);
	return mbuf_of(&frame);
}

static struct rte_mbuf *mbuf_of_udp(void)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){
				    .group = "239.1.1.1", .source = "10.0.0.1", .payload_len = 20});
	return mbuf_of(&frame);
}

static void release(struct rte_mbuf *mbuf)
{
	free(mbuf->buf_addr);
	free(mbuf);
}

static bool matches(const struct parse_template *template, const struct rte_mbuf *frame)
{
	return parse_template_match(template, frame, rte_pktmbuf_mtod(frame, const uint8_t *),
		template->ipv6, template->frame_flags != 0);
}

// The expected result of matching, determined by parsing.
static bool is_like(
	const struct rte_mbuf *frame, const struct parsed *first, uint64_t offload_flags)
{
	struct parsed parsed;

	return parse_mbuf_fast(frame, offload_flags, &parsed) && parsed.kind == first->kind;
}

Test(parse_template, pairs, .description = "any frame against any frame that the fast path accepts")
{
	unsigned n_templates = 0, n_matches = 0;

	for (unsigned i = 0; i < parse_n_cases; i++) {
		struct rte_mbuf *one = mbuf_of_case(i);
		struct parse_template template;
		struct parsed first;

		if (parse_mbuf_fast(one, OFFLOAD_TAGS, &first)) {
			parse_template_init(&template, one, OFFLOAD_TAGS, &first);
			cr_expect(matches(&template, one), "%s: itself", parse_cases[i].name);
			n_templates++;
			for (unsigned k = 0; k < parse_n_cases; k++) {
				struct rte_mbuf *other = mbuf_of_case(k);

				cr_expect_eq(matches(&template, other),
					is_like(other, &first, OFFLOAD_TAGS), "%s by %s",
					parse_cases[k].name, parse_cases[i].name);
				n_matches += matches(&template, other);
				release(other);
			}
		}
		release(one);
	}
	cr_expect_geq(n_templates, 4, "IPv4 and IPv6, with a tag and without");
	cr_expect_gt(n_matches, n_templates, "frames do not only match themselves");
}

Test(parse_template, damaged,
	.description = "promise 8: matching detects any wrong bit that parsing detects")
{
	for (unsigned i = 0; i < parse_n_cases; i++) {
		struct rte_mbuf *frame = mbuf_of_case(i);
		struct parse_template template;
		struct parsed first;

		if (parse_mbuf_fast(frame, OFFLOAD_TAGS, &first)) {
			uint8_t *data = rte_pktmbuf_mtod(frame, uint8_t *);
			unsigned len = frame->data_len;

			parse_template_init(&template, frame, OFFLOAD_TAGS, &first);
			for (unsigned bit = 0; bit < RTE_MIN(len, 80u) * 8; bit++) {
				data[bit / 8] ^= 1 << bit % 8;
				cr_expect_eq(matches(&template, frame),
					is_like(frame, &first, OFFLOAD_TAGS), "%s bit %u",
					parse_cases[i].name, bit);
				data[bit / 8] ^= 1 << bit % 8;
			}
		}
		release(frame);
	}
}

Test(parse_template, truncated,
	.description = "promise 8: a truncated frame is not read past its end")
{
	for (unsigned i = 0; i < parse_n_cases; i++) {
		struct rte_mbuf *whole = mbuf_of_case(i);
		struct parse_template template;
		struct parsed first;

		if (parse_mbuf_fast(whole, OFFLOAD_TAGS, &first)) {
			parse_template_init(&template, whole, OFFLOAD_TAGS, &first);
			for (unsigned len = 1; len < whole->data_len; len++) {
				struct frame frame = {.len = len};
				struct rte_mbuf *cut;

				memcpy(frame.bytes, whole->buf_addr, len);
				cut = mbuf_of(&frame);
				cr_expect_eq(matches(&template, cut),
					is_like(cut, &first, OFFLOAD_TAGS), "%s at %u",
					parse_cases[i].name, len);
				release(cut);
			}
		}
		release(whole);
	}
}

Test(parse_template, mbufs, .description = "frames that are freed in another way do not match")
{
	struct rte_mbuf *frame = mbuf_of_udp();
	struct parse_template template;
	struct parsed first;

	cr_assert(parse_mbuf_fast(frame, OFFLOAD_TAGS, &first));
	parse_template_init(&template, frame, OFFLOAD_TAGS, &first);
	cr_expect(template.returns);
	frame->pool = pools[1];
	cr_expect_not(matches(&template, frame));
	frame->pool = pools[0];
	rte_mbuf_refcnt_set(frame, 2);
	cr_expect_not(matches(&template, frame));
	rte_mbuf_refcnt_set(frame, 1);
	frame->nb_segs = 2;
	cr_expect_not(matches(&template, frame));
	frame->nb_segs = 1;
	frame->ol_flags = RTE_MBUF_F_INDIRECT;
	cr_expect_not(matches(&template, frame));
	frame->ol_flags = RTE_MBUF_F_EXTERNAL;
	cr_expect_not(matches(&template, frame));
	// Two such frames match, but must not be returned to the pool in bulk.
	parse_template_init(&template, frame, OFFLOAD_TAGS, &first);
	cr_expect(matches(&template, frame));
	cr_expect_not(template.returns);
	frame->ol_flags = 0;
	rte_mbuf_refcnt_set(frame, 2);
	parse_template_init(&template, frame, OFFLOAD_TAGS, &first);
	cr_expect(matches(&template, frame));
	cr_expect_not(template.returns);
	release(frame);
}

Test(parse_template, offload_flags,
	.description =
		"a match needs the same stripped tag, and a good checksum or the NIC's flag for it")
{
	const uint64_t believed = OFFLOAD_TAGS | OFFLOAD_CHECKSUM;
	struct rte_mbuf *frame = mbuf_of_udp();
	uint8_t *checksum = rte_pktmbuf_mtod_offset(frame, uint8_t *, 14 + 10);
	struct parse_template template;
	struct parsed first;

	frame->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	frame->vlan_tci = 7;
	cr_assert(parse_mbuf_fast(frame, believed, &first));
	parse_template_init(&template, frame, believed, &first);
	cr_expect(matches(&template, frame));
	frame->vlan_tci = 0xe007;
	cr_expect(matches(&template, frame), "another priority");
	frame->vlan_tci = 8;
	cr_expect_not(matches(&template, frame), "another VLAN");
	frame->vlan_tci = 7;
	frame->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
	cr_expect_not(matches(&template, frame), "two tags");
	frame->ol_flags = 0;
	cr_expect_not(matches(&template, frame), "no tag");

	// The checksum may be wrong if the NIC reports it as good and the port trusts the NIC.
	frame->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	frame->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP;
	cr_assert(parse_mbuf_fast(frame, believed, &first));
	parse_template_init(&template, frame, believed, &first);
	*checksum ^= 0x5a;
	cr_expect(matches(&template, frame));
	frame->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4_EXT | RTE_PTYPE_L4_UDP;
	cr_expect_not(matches(&template, frame));
	frame->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP;
	frame->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_BAD;
	cr_expect_not(matches(&template, frame));
	*checksum ^= 0x5a;
	parse_template_init(&template, frame, OFFLOAD_TAGS, &first);
	*checksum ^= 0x5a;
	frame->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	cr_expect_not(matches(&template, frame), "on a port that does not trust the flag");
	release(frame);
}

Test(parse_template, random,
	.description = "promise 8: matching and parsing agree on random frames")
{
	unsigned seed = 3, n_matches = 0;

	for (unsigned round = 0; round < 100000; round++) {
		unsigned i = rand_r(&seed) % parse_n_cases;
		struct parse_template template;
		struct parsed first;
		struct frame frame;
		struct rte_mbuf *one, *other;

		frame_build(&frame, &parse_cases[i].spec);
		one = mbuf_of(&frame);
		for (unsigned n = rand_r(&seed) % 4; n > 0; n--)
			frame.bytes[rand_r(&seed) % RTE_MIN(frame.len, 100u)] = rand_r(&seed);
		if (rand_r(&seed) % 2)
			frame_checksum(&frame);
		other = mbuf_of(&frame);
		if (parse_mbuf_fast(one, OFFLOAD_TAGS, &first)) {
			parse_template_init(&template, one, OFFLOAD_TAGS, &first);
			cr_assert_eq(matches(&template, other),
				is_like(other, &first, OFFLOAD_TAGS), "round %u", round);
			n_matches += matches(&template, other);
		}
		release(one);
		release(other);
	}
	cr_expect_gt(n_matches, 1000);
}
