// SPDX-License-Identifier: BSD-3-Clause
// Frames from a port through the group table to outputs.
#include <criterion/criterion.h>
#include <errno.h>
#include "dataplane_fixture.h"

TestSuite(path, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in;
static struct interface *interface;

static void open_one(void)
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
}

static void send_spec(const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	fixture_send(&fixture, &in, 0, &frame);
}

static void send_group(const char *group, const char *source)
{
	send_spec(&(struct frame_spec){.group = group, .source = source, .payload_len = 100});
}

static void send_tagged(uint16_t outer, uint16_t inner)
{
	send_spec(&(struct frame_spec){
		.group = "239.1.1.1",
		.source = "10.0.0.1",
		.tags = {outer, inner},
		.n_tags = inner != VLAN_NONE ? 2 : 1,
	});
}

Test(path, shared_mac,
	.description =
		"promise 5: only the joined one of two groups with the same MAC is delivered")
{
	struct output *ring;

	open_one();
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, ring);
	send_group("239.1.1.1", "10.0.0.1");
	send_group("224.129.1.1", "10.0.0.1");
	send_group("239.129.1.1", "10.0.0.1");
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 1);
	cr_expect_eq(fixture_drops(&fixture, DROP_NOT_JOINED), 2);
	fixture_close(&fixture);
}

Test(path, sources, .description = "promise 5: only the joined one of two sources is delivered")
{
	struct output *include, *exclude;

	open_one();
	include = fixture_ring(&fixture, 64);
	exclude = fixture_ring(&fixture, 64);
	fixture_join_filter(interface, "ff3e::1", 1, include, SLUICE_INCLUDE, "2001:db8::1", 0);
	fixture_join_filter(interface, "ff3e::1", 2, exclude, SLUICE_EXCLUDE, "2001:db8::3", 0);
	send_group("ff3e::1", "2001:db8::1");
	send_group("ff3e::1", "2001:db8::2");
	send_group("ff3e::1", "2001:db8::3");
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(include), 1);
	cr_expect_eq(fixture_drain(exclude), 2);
	fixture_leave(interface, "ff3e::1", 2);
	dataplane_synchronize(fixture.dp);
	send_group("ff3e::1", "2001:db8::2");
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(include), 0);
	cr_expect_eq(fixture_drops(&fixture, DROP_FILTERED), 2);
	fixture_close(&fixture);
}

Test(path, vlans, .description = "promise 5: a group of one VLAN is not delivered to another VLAN")
{
	struct output *untagged, *vlan, *qinq;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	untagged = fixture_ring(&fixture, 64);
	vlan = fixture_ring(&fixture, 64);
	qinq = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, untagged);
	fixture_join(fixture_interface(&in, 20, VLAN_NONE), "239.1.1.1", 1, vlan);
	fixture_join(fixture_interface(&in, 100, 20), "239.1.1.1", 1, qinq);
	fixture_start(&fixture);
	send_group("239.1.1.1", "10.0.0.1");
	send_tagged(0, VLAN_NONE); // a priority tag counts as untagged
	send_tagged(20, VLAN_NONE);
	send_tagged(0xe000 | 20, VLAN_NONE);
	send_tagged(20, VLAN_NONE);
	send_tagged(100, 20);
	send_tagged(100, VLAN_NONE);
	send_tagged(20, 100);
	send_tagged(20, 20);
	send_tagged(21, VLAN_NONE);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(untagged), 2);
	cr_expect_eq(fixture_drain(vlan), 3);
	cr_expect_eq(fixture_drain(qinq), 1);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_INTERFACE), 4);
	fixture_close(&fixture);
}

Test(path, ports_and_fragments,
	.description =
		"a bound subscriber gets its UDP port, and later fragments, which have no port")
{
	struct output *bound, *any;

	open_one();
	bound = fixture_ring(&fixture, 64);
	any = fixture_ring(&fixture, 64);
	fixture_join_filter(interface, "239.1.1.1", 1, bound, SLUICE_EXCLUDE, NULL, 5000);
	fixture_join(interface, "239.1.1.1", 2, any);
	for (unsigned i = 0; i < 5; i++) {
		static const struct frame_spec specs[] = {
			{.group = "239.1.1.1", .source = "10.0.0.1", .udp_port = 5000},
			{.group = "239.1.1.1", .source = "10.0.0.1", .udp_port = 5001},
			{.group = "239.1.1.1",
				.source = "10.0.0.1",
				.fragment = 0x2000,
				.udp_port = 5001},
			{.group = "239.1.1.1",
				.source = "10.0.0.1",
				.fragment = 185,
				.payload_len = 16},
			{.group = "239.1.1.1", .source = "10.0.0.1", .protocol = 89},
		};

		send_spec(&specs[i]);
	}
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(bound), 2);
	cr_expect_eq(fixture_drain(any), 5);
	fixture_close(&fixture);
}

Test(path, once, .description = "promise 5: an output with several subscribers gets a frame once")
{
	struct output *ring, *count;
	struct output_stats stats;

	open_one();
	ring = fixture_ring(&fixture, 64);
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(interface, "239.1.1.1", 2, ring);
	fixture_join_filter(interface, "239.1.1.1", 3, ring, SLUICE_INCLUDE, "10.0.0.1", 0);
	fixture_join(interface, "239.1.1.1", 4, count);
	fixture_join(interface, "239.1.1.1", 5, count);
	send_group("239.1.1.1", "10.0.0.1");
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 1);
	output_stats(count, &stats);
	cr_expect_eq(stats.packets, 1);
	cr_expect_eq(stats.bytes, 14 + 20 + 8 + 100);
	fixture_close(&fixture);
}

Test(path, crowd, .description = "promise 5: each of 1,024 outputs gets the frame once")
{
	enum { CROWD = 1024 };
	static struct output *rings[CROWD];
	struct worker_info info;

	open_one();
	for (unsigned i = 0; i < CROWD; i++) {
		rings[i] = fixture_ring(&fixture, 2);
		fixture_join(interface, "239.1.1.1", i, rings[i]);
	}
	fixture_join(interface, "239.1.1.2", 1, rings[7]);
	send_group("239.1.1.1", "10.0.0.1");
	send_group("239.1.1.2", "10.0.0.1");
	fixture_settle(&fixture);
	for (unsigned i = 0; i < CROWD; i++)
		cr_expect_eq(fixture_drain(rings[i]), i == 7 ? 2 : 1, "output %u", i);
	worker_info(fixture.dp, 0, &info);
	cr_expect_eq(info.delivered, 2);
	cr_expect_eq(info.deliveries, CROWD + 1);
	fixture_close(&fixture);
}

Test(path, order, .description = "an output gets the frames of a burst in order, shared or not")
{
	enum { FRAMES = 24, LEN = 42 };
	struct output *all, *some;
	struct rte_mbuf *frame;
	struct output_stats stats;

	open_one();
	dataplane_stop(fixture.dp);
	all = fixture_ring(&fixture, 64);
	some = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, all);
	fixture_join_filter(interface, "239.1.1.1", 2, some, SLUICE_INCLUDE, "10.0.0.2", 0);
	fixture_join(interface, "239.1.1.2", 1, all);
	for (unsigned i = 0; i < FRAMES; i++)
		send_spec(&(struct frame_spec){
			.group = i % 5 == 4 ? "239.1.1.2" : "239.1.1.1",
			.source = i % 4 < 2 ? "10.0.0.1" : "10.0.0.2",
			.payload_len = i,
		});
	fixture_start(&fixture);
	fixture_settle(&fixture);
	for (unsigned i = 0; i < FRAMES; i++) {
		cr_assert_eq(output_receive_burst(all, &frame, 1), 1);
		cr_expect_eq(frame->pkt_len, LEN + i);
		rte_pktmbuf_free(frame);
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		if (i % 5 == 4 || i % 4 < 2)
			continue;
		cr_assert_eq(output_receive_burst(some, &frame, 1), 1);
		cr_expect_eq(frame->pkt_len, LEN + i);
		rte_pktmbuf_free(frame);
	}
	cr_expect_eq(fixture_drain(some), 0);
	output_stats(all, &stats);
	cr_expect_eq(stats.bytes, FRAMES * LEN + FRAMES * (FRAMES - 1) / 2);
	fixture_close(&fixture);
}

Test(path, slow,
	.description = "promise 7: a full output loses only its own frames, and they are counted")
{
	enum { FRAMES = 200, ROOM = 8 };
	struct output *slow, *fast;
	struct output_stats stats;

	open_one();
	slow = fixture_ring(&fixture, ROOM);
	fast = fixture_ring(&fixture, 512);
	fixture_join(interface, "239.1.1.1", 1, slow);
	fixture_join(interface, "239.1.1.1", 2, fast);
	for (unsigned i = 0; i < FRAMES; i++)
		send_group("239.1.1.1", "10.0.0.1");
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(fast), FRAMES);
	cr_expect_eq(fixture_drain(slow), ROOM);
	output_stats(slow, &stats);
	cr_expect_eq(stats.packets, ROOM);
	cr_expect_eq(stats.bytes, ROOM * 142);
	cr_expect_eq(stats.dropped, FRAMES - ROOM);
	cr_expect_eq(fixture_drops(&fixture, DROP_OUTPUT_FULL), FRAMES - ROOM);
	output_stats(fast, &stats);
	cr_expect_eq(stats.dropped, 0);
	fixture_close(&fixture);
}

Test(path, ring_budget, .description = "promise 7: rings never take the mbufs that receiving needs")
{
	struct output_config config = {.kind = OUTPUT_RING, .ring_size = 2048};
	struct dataplane_error error;
	struct output *first, *second;

	open_one();
	cr_expect_eq(output_open(fixture.dp, &config, &first, &error), 0);
	cr_expect_eq(output_open(fixture.dp, &config, &second, &error), -ENOBUFS);
	cr_expect_str_eq(error.text, "ring of 2048 frames: 0 of 2048 are left");
	cr_expect_eq(output_close(first), 0);
	cr_expect_eq(output_open(fixture.dp, &config, &second, &error), 0);
	config.ring_size = 100;
	cr_expect_eq(output_open(fixture.dp, &config, &first, &error), -EINVAL);
	fixture_close(&fixture);
}

Test(path, busy_output, .description = "an output can be closed when no subscription names it")
{
	struct output *ring;

	open_one();
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(interface, "ff0e::1", 1, ring);
	cr_expect_eq(output_close(ring), -EBUSY);
	fixture_leave(interface, "239.1.1.1", 1);
	cr_expect_eq(output_close(ring), -EBUSY);
	send_group("ff0e::1", "2001:db8::1");
	fixture_settle(&fixture);
	fixture_leave(interface, "ff0e::1", 1);
	cr_expect_eq(output_close(ring), 0);
	send_group("ff0e::1", "2001:db8::1");
	fixture_settle(&fixture);
	fixture_close(&fixture);
}

Test(path, group_stats)
{
	struct sluice_addr group = fixture_address("239.1.1.1");
	struct group_stats stats;
	struct worker_info info;
	struct output *count;

	open_one();
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	cr_expect_eq(interface_group_stats(interface, &group, &stats), -ENOENT);
	fixture_join_filter(interface, "239.1.1.1", 1, count, SLUICE_INCLUDE, "10.0.0.1", 0);
	send_group("239.1.1.1", "10.0.0.1");
	send_group("239.1.1.1", "10.0.0.1");
	send_group("239.1.1.1", "10.0.0.2");
	fixture_settle(&fixture);
	cr_expect_eq(interface_group_stats(interface, &group, &stats), 0);
	cr_expect_eq(stats.packets, 2);
	cr_expect_eq(stats.bytes, 2 * 142);
	cr_expect_eq(stats.filtered, 1);
	cr_expect_neq(stats.last_ms, 0);
	worker_info(fixture.dp, 0, &info);
	cr_expect_eq(info.rx_packets, 3);
	cr_expect_eq(info.delivered, 2);
	cr_expect_eq(info.deliveries, 2);
	cr_expect_eq(info.queues, 1);
	fixture_close(&fixture);
}

Test(path, mixed_burst,
	.description = "promise 5: families, VLANs and groups of one burst are kept apart")
{
	struct interface *vlan;
	struct output *rings[4];

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	vlan = fixture_interface(&in, 20, VLAN_NONE);
	for (unsigned i = 0; i < RTE_DIM(rings); i++)
		rings[i] = fixture_ring(&fixture, 256);
	fixture_join(interface, "239.1.1.1", 1, rings[0]);
	fixture_join(interface, "ff0e::1", 1, rings[1]);
	fixture_join(vlan, "239.1.1.1", 1, rings[2]);
	fixture_join(vlan, "239.1.1.2", 1, rings[3]);
	for (unsigned i = 0; i < 50; i++) {
		send_group("239.1.1.1", "10.0.0.1");
		send_group("239.1.1.2", "10.0.0.1");
		send_group("ff0e::1", "2001:db8::1");
		send_tagged(20, VLAN_NONE);
	}
	// All frames are queued before the first one is received.
	fixture_start(&fixture);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(rings[0]), 50);
	cr_expect_eq(fixture_drain(rings[1]), 50);
	cr_expect_eq(fixture_drain(rings[2]), 50);
	cr_expect_eq(fixture_drain(rings[3]), 0);
	cr_expect_eq(fixture_drops(&fixture, DROP_NOT_JOINED), 50);
	fixture_close(&fixture);
}

Test(path, leave, .description = "promise 1: nothing is delivered after withdrawal and synchronize")
{
	struct output *ring;
	unsigned after = 0;

	open_one();
	ring = fixture_ring(&fixture, 1024);
	for (unsigned round = 0; round < 200; round++) {
		fixture_join(interface, "239.1.1.1", 1, ring);
		for (unsigned i = 0; i < 64; i++)
			send_group("239.1.1.1", "10.0.0.1");
		fixture_leave(interface, "239.1.1.1", 1);
		dataplane_synchronize(fixture.dp);
		output_flush(ring);
		for (unsigned i = 0; i < 8; i++)
			send_group("239.1.1.1", "10.0.0.1");
		fixture_settle(&fixture);
		after += fixture_drain(ring);
	}
	cr_expect_eq(after, 0);
	dataplane_reclaim(fixture.dp);
	fixture_close(&fixture);
}

Test(path, stay,
	.description = "promise 6: changes of other groups lose no frame of a group that stays")
{
	struct output *ring, *count;
	unsigned got = 0;

	open_one();
	ring = fixture_ring(&fixture, 1024);
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	fixture_join(interface, "239.1.1.1", 1, ring);
	for (unsigned round = 0; round < 100; round++) {
		char group[32];

		for (unsigned i = 0; i < 8; i++)
			send_group("239.1.1.1", "10.0.0.1");
		for (unsigned i = 0; i < 50; i++) {
			snprintf(group, sizeof(group), "239.2.%u.%u", round, i);
			fixture_join(interface, group, 1, count);
		}
		fixture_join(interface, "239.1.1.1", 2, count);
		fixture_leave(interface, "239.1.1.1", 2);
		dataplane_reclaim(fixture.dp);
		if (round % 10 == 9) {
			fixture_settle(&fixture);
			got += fixture_drain(ring);
		}
	}
	cr_expect_eq(got, 800);
	fixture_close(&fixture);
}

Test(path, workers, .description = "two queues and two workers share one output")
{
	struct output *ring;
	struct worker_info info;

	fixture_open(&fixture, 2, 0);
	fixture_wire(&fixture, &in, "in", 2, 3);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	ring = fixture_ring(&fixture, 1024);
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 400; i++) {
		struct frame frame;

		frame_build(
			&frame, &(struct frame_spec){.group = "239.1.1.1", .source = "10.0.0.1"});
		fixture_send(&fixture, &in, i % 2, &frame);
	}
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 400);
	for (unsigned i = 0; i < 2; i++) {
		worker_info(fixture.dp, i, &info);
		cr_expect_eq(info.rx_packets, 200);
		cr_expect_eq(info.queues, 1);
	}
	fixture_close(&fixture);
}

Test(path, restart, .description = "stopped workers block nothing and can be restarted")
{
	struct output *ring;
	struct dataplane_error error;
	struct interface_config config = {.outer_vlan = 20};
	struct interface *vlan;

	open_one();
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, ring);
	cr_expect_eq(interface_open(in.port, &config, &vlan, &error), 0);
	dataplane_stop(fixture.dp);
	dataplane_synchronize(fixture.dp);
	cr_expect_eq(interface_close(vlan), 0);
	cr_expect_eq(interface_open(in.port, &config, &vlan, &error), 0);
	cr_expect_eq(interface_open(in.port, &config, &vlan, &error), -EEXIST);
	fixture_start(&fixture);
	send_group("239.1.1.1", "10.0.0.1");
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 1);
	fixture_close(&fixture);
}
