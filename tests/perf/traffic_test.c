// SPDX-License-Identifier: BSD-3-Clause
// The frames of sluice-load: complete, with the requested sizes and in the requested order.
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "parse.h"
#include "traffic.h"

TestSuite(traffic, .timeout = 60);

#define HEADROOM 128
#define GROUPS 100
#define DRAWS 200000

// A buffer without a pool. Each frame is written to it.
static struct rte_mbuf *next_frame(struct traffic *traffic)
{
	static char buffer[HEADROOM + TRAFFIC_FRAME_MAX];
	static struct rte_mbuf frame;
	struct rte_mbuf *frames[] = {&frame};

	frame = (struct rte_mbuf){
		.buf_addr = buffer,
		.buf_len = sizeof(buffer),
		.data_off = HEADROOM,
		.nb_segs = 1,
		.refcnt = 1,
	};
	traffic_burst(traffic, frames, 1);
	return frames[0];
}

static struct traffic_config config4(unsigned n_groups, enum traffic_order order)
{
	return (struct traffic_config){
		.first = {AF_INET, {239, 1, 0, 0}},
		.n_groups = n_groups,
		.source = {AF_INET, {10, 1, 1, 1}},
		.udp_port = 5000,
		.size = TRAFFIC_FRAME_MIN,
		.order = order,
	};
}

// The number of frames of each group.
static void draw(enum traffic_order order, unsigned counts[static GROUPS])
{
	const struct traffic_config config = config4(GROUPS, order);
	struct traffic *traffic = traffic_open(&config);

	cr_assert_not_null(traffic);
	for (unsigned i = 0; i < DRAWS; i++) {
		struct parsed parsed;

		cr_assert_eq(parse_mbuf(next_frame(traffic), &parsed), DROP_NONE);
		counts[rte_be_to_cpu_32(parsed.group4_be) & 0xff]++;
	}
	traffic_close(traffic);
}

// Pearson's test: about 99 with a deviation of 14 if the groups are drawn with these weights.
static double distance(const unsigned counts[static GROUPS], const double weights[static GROUPS])
{
	double sum = 0, distance = 0;

	for (unsigned i = 0; i < GROUPS; i++)
		sum += weights[i];
	for (unsigned i = 0; i < GROUPS; i++) {
		double expected = DRAWS * weights[i] / sum;

		distance += (counts[i] - expected) * (counts[i] - expected) / expected;
	}
	return distance;
}

Test(traffic, zipf, .description = "the k-th group has 1/k as many frames as the first")
{
	unsigned counts[GROUPS] = {0};
	double zipf[GROUPS], uniform[GROUPS];

	for (unsigned i = 0; i < GROUPS; i++) {
		zipf[i] = 1.0 / (i + 1);
		uniform[i] = 1;
	}
	draw(TRAFFIC_ZIPF, counts);
	cr_assert_lt(distance(counts, zipf), 180);
	cr_assert_gt(distance(counts, uniform), 1000);
}

Test(traffic, uniform, .description = "all groups are equally likely")
{
	unsigned counts[GROUPS] = {0};
	double uniform[GROUPS];

	for (unsigned i = 0; i < GROUPS; i++)
		uniform[i] = 1;
	draw(TRAFFIC_UNIFORM, counts);
	cr_assert_lt(distance(counts, uniform), 180);
	// Taken one after the other, the counts would be equal.
	cr_assert_gt(distance(counts, uniform), 30);
}

Test(traffic, round, .description = "the groups are sent one after the other, repeatedly")
{
	const struct traffic_config config = config4(3, TRAFFIC_ROUND);
	struct traffic *traffic = traffic_open(&config);

	for (unsigned i = 0; i < 7; i++) {
		struct parsed parsed;

		cr_assert_eq(parse_mbuf(next_frame(traffic), &parsed), DROP_NONE);
		cr_assert_eq(parsed.group4_be, rte_cpu_to_be_32(RTE_IPV4(239u, 1, 0, i % 3)));
	}
	traffic_close(traffic);
}

Test(traffic, imix, .description = "IMIX is 7 small, 4 middle and 1 large frame of 12")
{
	struct traffic_config config = config4(1, TRAFFIC_ROUND);
	unsigned small = 0, middle = 0, large = 0;
	struct traffic *traffic;

	config.size = 0;
	traffic = traffic_open(&config);
	for (unsigned i = 0; i < 120; i++) {
		const uint32_t len = next_frame(traffic)->pkt_len;

		cr_assert(len >= traffic_smallest(&config) && len <= traffic_largest(&config));
		small += len == 64;
		middle += len == 590;
		large += len == 1514;
	}
	cr_assert_eq(small, 70);
	cr_assert_eq(middle, 40);
	cr_assert_eq(large, 10);
	traffic_close(traffic);
}

// RFC 768: the sum of addresses, protocol, length and datagram is all ones.
static bool checksum_is_good(const uint8_t *ip, bool ipv6, const struct rte_udp_hdr *udp)
{
	const uint8_t *addresses = ip + (ipv6 ? 8 : 12), *datagram = (const uint8_t *)udp;
	const unsigned addresses_len = ipv6 ? 32 : 8, len = rte_be_to_cpu_16(udp->dgram_len);
	uint32_t sum = IPPROTO_UDP + len;

	for (unsigned i = 0; i < addresses_len; i++)
		sum += addresses[i] << (i % 2 ? 0 : 8);
	for (unsigned i = 0; i < len; i++)
		sum += datagram[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

struct whole_case {
	bool ipv6;
	uint16_t vlan;
	unsigned size;
};

ParameterizedTestParameters(traffic, whole)
{
	static struct whole_case cases[] = {
		{false, 0, 64},
		{false, 0, 65},
		{false, 100, 64},
		{false, 0, 1358},
		{false, 4094, 9000},
		{true, 0, 64},
		{true, 100, 66},
		{true, 0, 9000},
	};

	return cr_make_param_array(struct whole_case, cases, RTE_DIM(cases));
}

ParameterizedTest(struct whole_case *c, traffic, whole,
	.description = "lengths, checksums, tag, ports and number of a frame are correct")
{
	struct traffic_config config = config4(1, TRAFFIC_ROUND);
	struct traffic *traffic;

	if (c->ipv6) {
		config.first = (struct sluice_addr){AF_INET6, {0xff, 0x3e, [15] = 1}};
		config.source = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 1}};
	}
	config.vlan = c->vlan;
	config.size = c->size;
	cr_assert(traffic_is_multicast(&config));
	traffic = traffic_open(&config);
	for (uint64_t number = 0; number < 3; number++) {
		struct rte_mbuf *frame = next_frame(traffic);
		const uint8_t *ip;
		const struct rte_udp_hdr *udp;
		struct parsed parsed;
		uint64_t number_be;

		cr_assert_eq(frame->pkt_len, c->size);
		cr_assert_eq(parse_mbuf(frame, &parsed), DROP_NONE);
		cr_assert_eq(parsed.outer_vlan, c->vlan);
		ip = rte_pktmbuf_mtod_offset(frame, const uint8_t *, parsed.l3_offset);
		udp = rte_pktmbuf_mtod_offset(
			frame, const struct rte_udp_hdr *, traffic_headers(&config) - sizeof(*udp));
		cr_assert_eq(udp->dst_port, RTE_BE16(5000));
		cr_assert_eq(rte_be_to_cpu_16(udp->dgram_len),
			c->size - traffic_headers(&config) + sizeof(*udp));
		cr_assert(checksum_is_good(ip, c->ipv6, udp));
		if (c->size < traffic_headers(&config) + sizeof(number_be))
			continue;
		memcpy(&number_be, udp + 1, sizeof(number_be));
		cr_assert_eq(rte_be_to_cpu_64(number_be), number);
	}
	traffic_close(traffic);
}

Test(traffic, multicast, .description = "groups that extend beyond the multicast range are refused")
{
	struct traffic_config config = config4(1, TRAFFIC_ROUND);

	config.first = (struct sluice_addr){AF_INET, {239, 255, 255, 254}};
	config.n_groups = 2;
	cr_assert(traffic_is_multicast(&config));
	config.n_groups = 3;
	cr_assert_not(traffic_is_multicast(&config));
	config.first = (struct sluice_addr){AF_INET, {10, 0, 0, 1}};
	config.n_groups = 1;
	cr_assert_not(traffic_is_multicast(&config));
}
