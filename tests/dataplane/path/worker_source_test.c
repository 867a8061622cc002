// SPDX-License-Identifier: BSD-3-Clause
// Sources that a worker polls, and interfaces and ports that are opened and closed while it runs.
#include <criterion/criterion.h>
#include <errno.h>
#include "port.h"
#include "worker_source.h"
#include "dataplane_fixture.h"

TestSuite(worker_source, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in;

static void build(struct frame *frame, uint16_t vlan)
{
	frame_build(frame, &(struct frame_spec){
				   .group = "239.1.1.1",
				   .source = "10.0.0.1",
				   .payload_len = 100,
				   .n_tags = vlan != VLAN_NONE,
				   .tags = {vlan},
			   });
}

static void put(struct rte_ring *ring, uint16_t vlan)
{
	struct frame frame;

	build(&frame, vlan);
	cr_assert_eq(rte_ring_enqueue(ring, fixture_mbuf(&fixture, &frame)), 0);
}

static struct rte_ring *ring_create(const char *name, unsigned size)
{
	struct rte_ring *ring =
		rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	cr_assert_not_null(ring);
	return ring;
}

Test(worker_source, ring,
	.description = "frames of a ring source are processed like received frames")
{
	struct rte_ring *ring, *other;
	struct output *untagged, *vlan;
	struct worker_info info;
	struct rte_mbuf *left = NULL;

	fixture_open(&fixture, 2, 0);
	fixture_wire(&fixture, &in, "in", 1, 3);
	untagged = fixture_ring(&fixture, 512);
	vlan = fixture_ring(&fixture, 512);
	fixture_join(fixture_interface(&in, VLAN_NONE, VLAN_NONE), "239.1.1.1", 1, untagged);
	fixture_join(fixture_interface(&in, 20, VLAN_NONE), "239.1.1.1", 1, vlan);
	fixture_start(&fixture);
	ring = ring_create("injected", 512);
	other = ring_create("other", 64);
	// While the worker runs.
	cr_assert_eq(worker_source_add_ring(fixture.dp, 1, ring, in.port), 0);
	cr_assert_eq(worker_source_add_ring(fixture.dp, 0, other, in.port), 0);
	for (unsigned i = 0; i < 300; i++)
		put(ring, i % 3 == 0 ? VLAN_NONE : i % 3 == 1 ? 20 : 21);
	put(other, 20);
	fixture.sent += 301;
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(untagged), 100);
	cr_expect_eq(fixture_drain(vlan), 101);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_INTERFACE), 100);
	worker_info(fixture.dp, 1, &info);
	cr_expect_eq(info.rx_packets, 300);
	cr_expect_eq(info.queues, 0, "a ring is not a receive queue");

	cr_expect_eq(worker_source_remove_ring(fixture.dp, 0, ring), -ENOENT);
	cr_assert_eq(worker_source_remove_ring(fixture.dp, 1, ring), 0);
	put(ring, 20);
	put(other, 20);
	fixture.sent++;
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(vlan), 1, "the other ring stays");
	cr_assert_eq(rte_ring_dequeue(ring, (void **)&left), 0, "the frame is still there");
	rte_pktmbuf_free(left);
	rte_ring_free(ring);
	cr_assert_eq(worker_source_remove_ring(fixture.dp, 0, other), 0);
	rte_ring_free(other);
	fixture_close(&fixture);
}

Test(worker_source, ports,
	.description = "ports that are added while the workers run are polled and drained")
{
	struct wire later[2];
	struct output *ring, *out;
	struct worker_info info;
	struct frame frame, got;
	char name[16];

	fixture_open(&fixture, 2, 0);
	fixture_wire(&fixture, &in, "in", 1, 3);
	fixture_start(&fixture);
	ring = fixture_ring(&fixture, 64);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "later%u", i);
		fixture_wire(&fixture, &later[i], name, 2, 1); // one transmit queue for all
		fixture_join(
			fixture_interface(&later[i], VLAN_NONE, VLAN_NONE), "239.1.1.1", 1, ring);
	}
	out = fixture_output(
		&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = later[1].port});
	fixture_join(fixture_interface(&in, VLAN_NONE, VLAN_NONE), "239.1.1.1", 1, out);
	build(&frame, VLAN_NONE);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned queue = 0; queue < 2; queue++)
			fixture_send(&fixture, &later[i], queue, &frame);
	fixture_send(&fixture, &in, 0, &frame);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 4);
	cr_expect(fixture_sent(&later[1], &got), "sent on the shared queue");
	for (unsigned i = 0; i < 2; i++) {
		worker_info(fixture.dp, i, &info);
		cr_expect_eq(info.queues, 3 - i, "queues are distributed over the workers");
	}
	fixture_close(&fixture);
}

Test(worker_source, interface_busy, .description = "an interface with subscriptions stays open")
{
	struct interface *interface;
	struct output *ring;
	struct frame frame;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_start(&fixture);
	interface = fixture_interface(&in, 20, VLAN_NONE);
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(interface, "ff3e::1", 1, ring);
	cr_expect_eq(interface_close(interface), -EBUSY);
	fixture_leave(interface, "239.1.1.1", 1);
	cr_expect_eq(interface_close(interface), -EBUSY);
	fixture_join(interface, "239.1.1.1", 1, ring);
	build(&frame, 20);
	fixture_send(&fixture, &in, 0, &frame);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 1, "a refused close changes nothing");
	fixture_leave(interface, "239.1.1.1", 1);
	fixture_leave(interface, "ff3e::1", 1);
	cr_expect_eq(interface_close(interface), 0);
	fixture_send(&fixture, &in, 0, &frame);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_INTERFACE), 1);
	cr_expect_eq(output_close(ring), 0);
	fixture_close(&fixture);
}

Test(worker_source, interface_punted,
	.description =
		"punted frames of a closed interface are freed, and the others stay in order")
{
	static const uint8_t query[20] = {0x11, 100};
	struct interface *closed, *stays;
	struct punted punted[8];
	struct frame frame;
	unsigned n;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_start(&fixture);
	closed = fixture_interface(&in, 20, VLAN_NONE);
	stays = fixture_interface(&in, 30, VLAN_NONE);
	for (unsigned i = 0; i < 12; i++) {
		frame_build(&frame, &(struct frame_spec){
					    .group = "224.0.0.1",
					    .source = "10.0.0.1",
					    .protocol = IPPROTO_IGMP,
					    .payload = query,
					    .payload_len = 8 + i,
					    .n_tags = 1,
					    .tags = {i % 3 == 0 ? 30 : 20},
				    });
		fixture_send(&fixture, &in, 0, &frame);
	}
	fixture_settle(&fixture);
	cr_assert_eq(interface_close(closed), 0);
	n = punt_burst(fixture.dp, punted, 3);
	cr_assert_eq(n, 3, "no more than requested");
	n += punt_burst(fixture.dp, &punted[3], 5);
	cr_assert_eq(n, 4);
	for (unsigned i = 0; i < n; i++) {
		cr_expect_eq(punted[i].interface, stays);
		cr_expect_eq(punted[i].len, 20 + 8 + 3 * i);
		rte_pktmbuf_free(punted[i].frame);
	}
	fixture_close(&fixture);
}

// Interfaces of two VLANs come and go in turn, while each burst has frames of both.
Test(worker_source, interface_flood,
	.description = "a flooded interface is closed and reopened: other interfaces lose nothing")
{
	enum { ROUNDS = 300 };
	struct interface *interfaces[2];
	struct output *rings[2];
	uint64_t delivered = 0, no_interface = 0;
	struct rte_ring *flood;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	flood = ring_create("flood", 256);
	fixture_start(&fixture);
	cr_assert_eq(worker_source_add_ring(fixture.dp, 0, flood, in.port), 0);
	for (unsigned i = 0; i < 2; i++) {
		rings[i] = fixture_ring(&fixture, 512);
		interfaces[i] = fixture_interface(&in, 20 + i, VLAN_NONE);
		fixture_join(interfaces[i], "239.1.1.1", 1, rings[i]);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		const unsigned goes = round % 2;

		for (unsigned i = 0; i < 64; i++)
			put(flood, 20 + i % 2);
		fixture.sent += 64;
		// At a random point within these frames.
		fixture_leave(interfaces[goes], "239.1.1.1", 1);
		cr_assert_eq(interface_close(interfaces[goes]), 0);
		fixture_settle(&fixture);
		delivered += fixture_drain(rings[0]) + fixture_drain(rings[1]);
		no_interface = fixture_drops(&fixture, DROP_NO_INTERFACE);
		for (unsigned i = 0; i < 8; i++)
			put(flood, 20 + i % 2);
		fixture.sent += 8;
		fixture_settle(&fixture);
		cr_assert_eq(fixture_drain(rings[goes]), 0, "round %u", round);
		cr_assert_eq(fixture_drain(rings[!goes]), 4, "round %u", round);
		cr_assert_eq(fixture_drops(&fixture, DROP_NO_INTERFACE), no_interface + 4);
		delivered += 4;
		interfaces[goes] = fixture_interface(&in, 20 + goes, VLAN_NONE);
		fixture_join(interfaces[goes], "239.1.1.1", 1, rings[goes]);
	}
	cr_expect_eq(delivered + fixture_drops(&fixture, DROP_NO_INTERFACE) +
			     fixture_drops(&fixture, DROP_NOT_JOINED),
		fixture.sent);
	cr_assert_eq(worker_source_remove_ring(fixture.dp, 0, flood), 0);
	rte_ring_free(flood);
	fixture_close(&fixture);
}
