// SPDX-License-Identifier: BSD-3-Clause
// Devices that are removed while the workers run: other ports go on, and the removed device is not
// used.
#include <criterion/criterion.h>
#include <errno.h>
#include <rte_dev.h>
#include "port.h"
#include "dataplane_fixture.h"

TestSuite(removal, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in, out;
static struct interface *interface;

static void send_one(struct wire *wire)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){.group = "239.1.1.1", .source = "10.0.0.1"});
	fixture_send(&fixture, wire, 0, &frame);
}

struct told {
	struct port *port;
	unsigned times;
};

static void tell(void *arg, struct port *port)
{
	struct told *told = arg;

	told->port = port;
	told->times++;
}

static unsigned poll_events(struct port *port)
{
	struct told told = {NULL, 0};

	port_poll_events(fixture.dp, tell, &told);
	cr_expect(told.times == 0 || told.port == port);
	return told.times;
}

static void expect_removed(struct port *port)
{
	struct port_info info;

	port_info(port, &info);
	cr_expect(info.removed);
	cr_expect_not(info.up);
}

Test(removal, receiving,
	.description = "promise 7: a port without its device does not block other ports")
{
	struct wire lost;
	struct output *ring;
	struct rte_mbuf *frame = NULL;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &lost, "lost", 1, 2);
	ring = fixture_ring(&fixture, 64);
	fixture_join(fixture_interface(&in, VLAN_NONE, VLAN_NONE), "239.1.1.1", 1, ring);
	interface = fixture_interface(&lost, VLAN_NONE, VLAN_NONE);
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_start(&fixture);
	send_one(&in);
	send_one(&lost);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 2);

	fixture_remove(lost.port->id);
	cr_expect_eq(poll_events(lost.port), 1);
	cr_expect_eq(poll_events(lost.port), 0, "reported once");
	expect_removed(lost.port);
	send_one(&lost);
	fixture.sent--; // no worker receives it
	send_one(&in);
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drain(ring), 1);
	// Its subscriptions can still be changed.
	fixture_join(interface, "239.1.1.2", 1, ring);
	fixture_leave(interface, "239.1.1.1", 1);
	fixture_leave(interface, "239.1.1.2", 1);
	cr_assert_eq(rte_ring_dequeue(lost.rx[0], (void **)&frame), 0);
	rte_pktmbuf_free(frame);
	fixture_close(&fixture);
}

// With enough transmit queues for all senders, and with one shared queue.
static void check_sending(unsigned n_tx)
{
	struct output *output, *ring;
	struct output_stats stats;
	struct rte_mbuf *mbuf;
	struct frame got;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, n_tx);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	output = fixture_output(
		&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = out.port});
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, output);
	fixture_join(interface, "239.1.1.1", 2, ring);
	fixture_start(&fixture);
	send_one(&in);
	fixture_settle(&fixture);
	cr_expect(fixture_sent(&out, &got));

	fixture_remove(out.port->id);
	cr_expect_eq(poll_events(out.port), 1);
	for (unsigned i = 0; i < 10; i++)
		send_one(&in);
	fixture_settle(&fixture);
	cr_expect_not(fixture_sent(&out, &got));
	output_stats(output, &stats);
	cr_expect_eq(stats.packets, 1);
	cr_expect_eq(stats.dropped, 10);
	cr_expect_eq(fixture_drops(&fixture, DROP_OUTPUT_FULL), 10);
	cr_expect_eq(fixture_drain(ring), 11);
	mbuf = port_frame_alloc(out.port);
	cr_assert_not_null(mbuf);
	cr_expect_eq(port_send(out.port, mbuf), -EAGAIN);
	rte_pktmbuf_free(mbuf);
	fixture_close(&fixture);
}

Test(removal, sending,
	.description = "promise 7: an output without its device drops frames and counts them")
{
	check_sending(2);
}

Test(removal, sending_by_shared_queue, .description = "promise 7: the same with a shared queue")
{
	check_sending(1);
}

static struct port *null_port(const char *device)
{
	const struct port_config config = {.name = device, .device = device, .queues = 1};
	struct dataplane_error error;
	struct port *port;

	cr_assert_eq(dataplane_add_port(fixture.dp, &config, &port, &error), 0, "%s", error.text);
	return port;
}

static void detach(uint16_t id)
{
	struct rte_eth_dev_info info;

	cr_assert_eq(rte_eth_dev_info_get(id, &info), 0);
	cr_assert_eq(rte_dev_remove(info.device), 0);
}

// A device that always has frames: the worker is almost always in its driver.
Test(removal, detached,
	.description = "a device that reported its removal can be detached while the workers run")
{
	static const struct rte_ether_addr mac = {{1, 0, 0x5e, 1, 1, 1}};
	struct output *ring;
	struct port *lost;
	uint16_t id, next;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	lost = null_port("net_null0");
	id = lost->id;
	ring = fixture_ring(&fixture, 64);
	fixture_join(fixture_interface(&in, VLAN_NONE, VLAN_NONE), "239.1.1.1", 1, ring);
	cr_expect_eq(port_mac_add(lost, &mac), 0);
	fixture_start(&fixture);
	while (fixture_drops(&fixture, DROP_NOT_MULTICAST) == 0)
		;
	fixture_remove(id);
	cr_expect_eq(poll_events(lost), 1);
	detach(id);
	cr_expect_eq(poll_events(lost), 0);

	// Another device has the id now, and must not be touched.
	cr_assert_eq(rte_dev_probe("net_null1"), 0);
	cr_assert_eq(rte_eth_dev_get_port_by_name("net_null1", &next), 0);
	cr_assert_eq(next, id);
	expect_removed(lost);
	port_mac_remove(lost, &mac);
	cr_expect_eq(port_mac_add(lost, &mac), 0);
	cr_expect_eq(port_mtu(lost), RTE_ETHER_MTU);
	send_one(&in);
	fixture.sent = 0; // net_null has received more frames than that
	while (fixture_drain(ring) == 0)
		;
	fixture_close(&fixture);
	cr_expect_eq(rte_eth_dev_get_port_by_name("net_null1", &next), 0);
	detach(next);
}

Test(removal, detached_while_stopped,
	.description = "a device that was detached while stopped is reported as removed")
{
	struct port *lost;

	fixture_open(&fixture, 1, 0);
	lost = null_port("net_null0");
	detach(lost->id);
	cr_expect_eq(poll_events(lost), 1);
	expect_removed(lost);
	fixture_start(&fixture);
	dataplane_synchronize(fixture.dp);
	fixture_close(&fixture);
}

Test(removal, flap,
	.description = "CHG-17: a flapping carrier only loses frames, which are counted")
{
	enum { TURNS = 200 };
	struct output *output;
	struct output_stats stats;
	struct frame got;
	unsigned sent = 0, events = 0;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, 1);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	output = fixture_output(&fixture,
		&(struct output_config){.kind = OUTPUT_PORT, .port = out.port, .vlan = 30});
	fixture_join(interface, "239.1.1.1", 1, output);
	fixture_start(&fixture);
	for (unsigned i = 0; i < TURNS; i++) {
		for (unsigned k = 0; k < 4; k++)
			send_one(&in);
		if (i & 1)
			rte_eth_dev_set_link_up(out.port->id);
		else
			rte_eth_dev_set_link_down(out.port->id);
		events += poll_events(out.port);
		while (fixture_sent(&out, &got))
			sent++;
	}
	cr_expect_eq(events, TURNS);
	fixture_settle(&fixture);
	send_one(&in);
	fixture_settle(&fixture);
	while (fixture_sent(&out, &got))
		sent++;
	output_stats(output, &stats);
	cr_expect_eq(stats.packets, sent);
	cr_expect_eq(stats.packets + stats.dropped, 4 * TURNS + 1);
	cr_expect_gt(sent, 0);
	fixture_close(&fixture);
}
