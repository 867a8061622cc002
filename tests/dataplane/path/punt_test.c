// SPDX-License-Identifier: BSD-3-Clause
// IGMP and MLD frames to the control thread, and their rate limits.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include "punt.h"
#include "dataplane_fixture.h"

TestSuite(punt, .init = fixture_eal, .timeout = 120);

#define GENERAL_RING_SIZE 64 // general queries of unknown queriers

static struct dataplane_fixture fixture;
static struct wire in;

static const uint8_t router_alert[] = {0x94, 4, 0, 0};
static const uint8_t hop_by_hop[] = {58, 0, 5, 2, 0, 0, 1, 0};
static const uint8_t query[24] = {130};
static const uint8_t igmp_query[12] = {0x11, 100};

static const struct frame_spec igmp = {
	.group = "224.0.0.1",
	.source = "10.0.0.1",
	.protocol = 2,
	.options = router_alert,
	.options_len = sizeof(router_alert),
	.payload = igmp_query,
	.payload_len = sizeof(igmp_query),
	.padding = 10,
};
static const struct frame_spec mld = {
	.group = "ff02::1",
	.source = "fe80::1",
	.protocol = 58,
	.options = hop_by_hop,
	.options_len = sizeof(hop_by_hop),
	.payload = query,
	.payload_len = sizeof(query),
};

static struct frame_spec tagged(struct frame_spec spec, uint16_t vlan)
{
	spec.tags[0] = vlan;
	spec.n_tags = 1;
	return spec;
}

static void send_spec(const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	fixture_send(&fixture, &in, 0, &frame);
}

static void expect_punted(struct interface *interface, const struct frame_spec *spec)
{
	struct punted punted;
	struct frame frame;

	frame_build(&frame, spec);
	cr_assert_eq(punt_burst(fixture.dp, &punted, 1), 1);
	cr_expect_eq(punted.interface, interface);
	cr_assert_eq(punted.len, frame.len - frame.ip - spec->padding);
	cr_expect_arr_eq(punted.packet, frame.bytes + frame.ip, punted.len);
	rte_pktmbuf_free(punted.frame);
}

Test(punt, both,
	.description = "FRM-13 IGMP-11: IGMP and MLD reach the control thread with their interface")
{
	const struct frame_spec mld_tagged = tagged(mld, 20), igmp_tagged = tagged(igmp, 30);
	struct interface *untagged, *vlan;
	struct output *ring;
	struct punted punted;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	untagged = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	vlan = fixture_interface(&in, 20, VLAN_NONE);
	ring = fixture_ring(&fixture, 64);
	fixture_join(untagged, "239.1.1.1", 1, ring);
	fixture_start(&fixture);
	send_spec(&igmp);
	send_spec(&mld_tagged);
	fixture_settle(&fixture);
	expect_punted(untagged, &igmp);
	expect_punted(vlan, &mld_tagged);
	// A query to a joined group goes to the control thread, not to the subscriber.
	send_spec(&(struct frame_spec){.group = "239.1.1.1",
		.source = "10.0.0.1",
		.protocol = 2,
		.payload = igmp_query,
		.payload_len = 12});
	// No interface has this tag.
	send_spec(&igmp_tagged);
	fixture_settle(&fixture);
	cr_assert_eq(punt_burst(fixture.dp, &punted, 1), 1);
	rte_pktmbuf_free(punted.frame);
	cr_expect_eq(punt_burst(fixture.dp, &punted, 1), 0);
	cr_expect_eq(fixture_drain(ring), 0);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_INTERFACE), 1);
	fixture_close(&fixture);
}

Test(punt, segments, .description = "the control thread gets the packet in one segment")
{
	struct interface *interface;
	struct rte_mbuf *first, *second;
	struct frame frame;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
	frame_build(&frame, &igmp);
	first = rte_pktmbuf_alloc(fixture.pool);
	second = rte_pktmbuf_alloc(fixture.pool);
	memcpy(rte_pktmbuf_append(first, 20), frame.bytes, 20);
	memcpy(rte_pktmbuf_append(second, frame.len - 20), frame.bytes + 20, frame.len - 20);
	cr_assert_eq(rte_pktmbuf_chain(first, second), 0);
	fixture_send_mbuf(&fixture, &in, 0, first);
	fixture_settle(&fixture);
	expect_punted(interface, &igmp);
	fixture_close(&fixture);
}

Test(punt, no_room, .description = "a packet that cannot be linearized is dropped and counted")
{
	struct rte_mbuf *first, *second;
	struct frame frame;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
	frame_build(&frame, &igmp);
	first = rte_pktmbuf_alloc(fixture.pool);
	second = rte_pktmbuf_alloc(fixture.pool);
	first->data_off = first->buf_len - 20;
	memcpy(rte_pktmbuf_append(first, 20), frame.bytes, 20);
	memcpy(rte_pktmbuf_append(second, frame.len - 20), frame.bytes + 20, frame.len - 20);
	cr_assert_eq(rte_pktmbuf_chain(first, second), 0);
	fixture_send_mbuf(&fixture, &in, 0, first);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_MBUF), 1);
	fixture_close(&fixture);
}

Test(punt, full,
	.description = "SEC-1: a flood fills a bounded ring, and remaining frames are freed")
{
	enum { FRAMES = GENERAL_RING_SIZE + 100 };

	fixture_open(&fixture, 1, 1000000);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	for (unsigned i = 0; i < FRAMES; i++)
		send_spec(&igmp);
	fixture_start(&fixture);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drops(&fixture, DROP_PUNT_FULL), 100);
	fixture_close(&fixture);
}

// A clock of 1000 ticks per second and 10 frames per second: a frame costs 100 ticks.
Test(punt, limit, .description = "SEC-1: the punt rate and its burst")
{
	struct punt_limit limit;
	unsigned n = 0;
	uint64_t now = 1000000;

	punt_limit_init(&limit, 1000, 10);
	while (punt_limit_take(&limit, now))
		n++;
	cr_expect_eq(n, 64, "the burst");
	cr_expect_not(punt_limit_take(&limit, now + 99));
	cr_expect(punt_limit_take(&limit, now + 100));
	cr_expect_not(punt_limit_take(&limit, now + 199));
	n = 0;
	for (uint64_t tick = 200; tick < 100200; tick++)
		n += punt_limit_take(&limit, now + tick);
	cr_expect_eq(n, 1000);
}

// ---- Floods beside a querier ---------------------------------------------------------------

enum { QUERIES = 20, FLOOD = 500 };

static const uint8_t unknown_igmp[] = {0x13, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t report_igmp[] = {0x22, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t leave_igmp[] = {0x17, 0, 0, 0, 239, 1, 1, 1};
static const uint8_t specific_igmp[] = {0x11, 10, 0, 0, 239, 1, 1, 1};
static const uint8_t report_mld[24] = {143};
static const uint8_t specific_mld[24] = {130, [8] = 0xff, 0x1e};

static const struct flood {
	const char *name;
	uint8_t protocol;
	const char *source; // NULL: another one for each frame
	const uint8_t *payload;
	unsigned payload_len;
	bool known; // the control side knows the querier
} floods[] = {
	{"unknown types", 2, NULL, unknown_igmp, 8, false},
	{"unknown types from the querier", 2, "10.0.0.1", unknown_igmp, 8, true},
	{"cut short", 2, "10.0.0.1", igmp_query, 7, true},
	{"reports", 2, NULL, report_igmp, 8, false},
	{"leaves", 2, NULL, leave_igmp, 8, false},
	{"specific queries", 2, NULL, specific_igmp, 8, false},
	{"specific queries from the querier", 2, "10.0.0.1", specific_igmp, 8, true},
	{"forged general queries", 2, NULL, igmp_query, 12, true},
	{"forged general queries of one address", 2, "10.0.0.9", igmp_query, 12, true},
	{"MLD reports", 58, "fe80::9", report_mld, 24, false},
	{"MLD specific queries", 58, "fe80::9", specific_mld, 24, false},
	{"forged MLD queries", 58, "fe80::9", query, 24, true},
};

static void flood(const struct flood *flood)
{
	for (unsigned i = 0; i < FLOOD; i++) {
		char source[32];

		snprintf(source, sizeof(source), "10.1.%u.%u", i / 250, i % 250 + 1);
		send_spec(&(struct frame_spec){
			.group = flood->protocol == 2 ? "224.0.0.1" : "ff02::1",
			.source = flood->source != NULL ? flood->source : source,
			.protocol = flood->protocol,
			.options = flood->protocol == 2 ? router_alert : hop_by_hop,
			.options_len =
				flood->protocol == 2 ? sizeof(router_alert) : sizeof(hop_by_hop),
			.payload = flood->payload,
			.payload_len = flood->payload_len,
		});
		if (i % 50 == 49)
			fixture_settle(&fixture);
	}
}

static void drain(void)
{
	struct punted punted;

	while (punt_burst(fixture.dp, &punted, 1) > 0)
		rte_pktmbuf_free(punted.frame);
}

// The budget of general queries is 100 per second.
static void try_flood(const struct flood *flooded)
{
	const bool is_mld = flooded->protocol == 58;
	struct frame_spec real = is_mld ? mld : igmp;
	struct sluice_addr querier = is_mld ? (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 1}}
					    : (struct sluice_addr){AF_INET, {10, 0, 0, 1}};
	struct interface *interface;
	unsigned heard = 0;

	fixture_open(&fixture, 1, 10000);
	fixture_wire(&fixture, &in, "in", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
	if (flooded->known)
		interface_querier_heard(interface, &querier, 1);
	for (unsigned i = 0; i < QUERIES; i++) {
		struct frame frame;
		struct punted punted;

		flood(flooded);
		send_spec(&real);
		fixture_settle(&fixture);
		frame_build(&frame, &real);
		if (punt_burst(fixture.dp, &punted, 1) == 1) {
			heard += punted.len == frame.len - frame.ip - real.padding &&
				 memcmp(punted.packet, frame.bytes + frame.ip, punted.len) == 0;
			rte_pktmbuf_free(punted.frame);
		}
		drain();
	}
	cr_expect_eq(heard, QUERIES, "%s: %u heard", flooded->name, heard);
	if (flooded->payload == unknown_igmp)
		cr_expect_eq(fixture_drops(&fixture, DROP_UNKNOWN_TYPE), QUERIES * FLOOD);
	fixture_close(&fixture);
}

ParameterizedTestParameters(punt, flood)
{
	static unsigned indices[RTE_DIM(floods)];

	for (unsigned i = 0; i < RTE_DIM(floods); i++)
		indices[i] = i;
	return cr_make_param_array(unsigned, indices, RTE_DIM(floods));
}

ParameterizedTest(unsigned *index, punt, flood,
	.description = "SEC-1: each query of the querier is heard beside a flood")
{
	try_flood(&floods[*index]);
}

static struct sluice_addr address_of(unsigned n)
{
	return (struct sluice_addr){AF_INET, {10, 0, n >> 8, n}};
}

static bool knows(const struct punt_queriers *queriers, unsigned n)
{
	for (unsigned i = 0; i < PUNT_QUERIERS; i++)
		if (queriers->keys[0][i] != 0 &&
			(uint32_t)queriers->keys[0][i] == htonl(10 << 24 | n))
			return true;
	return false;
}

Test(punt, queriers,
	.description = "SEC-1: forged addresses do not displace a querier that is heard")
{
	struct punt_queriers queriers = {0};
	struct sluice_addr addr = address_of(1);
	uint64_t now_ms = 1000;

	punt_queriers_hear(&queriers, &addr, now_ms);
	for (unsigned i = 2; i < 2000; i++) {
		now_ms += 1000;
		addr = address_of(i);
		punt_queriers_hear(&queriers, &addr, now_ms);
		if (i % 125 == 0) {
			addr = address_of(1);
			punt_queriers_hear(&queriers, &addr, now_ms);
		}
		cr_assert(knows(&queriers, 1));
	}
	// Until all of them are silent.
	addr = address_of(9);
	punt_queriers_hear(&queriers, &addr, now_ms + 600000);
	cr_expect(knows(&queriers, 9));
}

Test(punt, shares, .description = "SEC-1: queries come first, but each kind gets its share")
{
	struct punted punted[12];
	unsigned n_reports = 0;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 20; i++) {
		send_spec(&(struct frame_spec){.group = "224.0.0.22",
			.source = "10.0.0.9",
			.protocol = 2,
			.payload = report_igmp,
			.payload_len = 8});
		send_spec(&igmp);
	}
	fixture_settle(&fixture);
	cr_assert_eq(punt_burst(fixture.dp, punted, 12), 12);
	for (unsigned i = 0; i < 12; i++) {
		n_reports += punted[i].packet[punted[i].packet[0] % 16 * 4] == 0x22;
		rte_pktmbuf_free(punted[i].frame);
	}
	cr_expect_eq(n_reports, 2);
	fixture_close(&fixture);
}
