// SPDX-License-Identifier: BSD-3-Clause
// IGMP and MLD frames to the control thread, and their rate limit.
#include <criterion/criterion.h>
#include "punt.h"
#include "dataplane_fixture.h"

TestSuite(punt, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in;

static const uint8_t router_alert[] = {0x94, 4, 0, 0};
static const uint8_t hop_by_hop[] = {58, 0, 5, 2, 0, 0, 1, 0};
static const uint8_t query[24] = {130};

static const struct frame_spec igmp = {
	.group = "224.0.0.1",
	.source = "10.0.0.1",
	.protocol = 2,
	.options = router_alert,
	.options_len = sizeof(router_alert),
	.payload_len = 12,
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
	.tags = {20},
	.n_tags = 1,
};

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
	send_spec(&mld);
	fixture_settle(&fixture);
	expect_punted(untagged, &igmp);
	expect_punted(vlan, &mld);
	// A query to a joined group goes to the control thread, not to the subscriber.
	send_spec(&(struct frame_spec){
		.group = "239.1.1.1", .source = "10.0.0.1", .protocol = 2, .payload_len = 12});
	// No interface has this tag.
	send_spec(&(struct frame_spec){.group = "224.0.0.1",
		.source = "10.0.0.1",
		.protocol = 2,
		.payload_len = 12,
		.tags = {30},
		.n_tags = 1});
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
	enum { FRAMES = PUNT_RING_SIZE + 100 };

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
