// SPDX-License-Identifier: BSD-3-Clause
// Groups that are not sent to a group MAC address: access points and switches convert them to the
// MAC address of each receiver, or to broadcast (RFC 6085 section 3, RFC 1122 section 3.3.6).
#include <criterion/criterion.h>
#include "dataplane_fixture.h"
#include "port.h"

TestSuite(group_mac, .init = fixture_eal, .timeout = 120);

static const uint8_t broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t group4[] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
static const uint8_t group6[] = {0x33, 0x33, 0x00, 0x01, 0x00, 0x02};

static struct dataplane_fixture fixture;
static struct wire in, out;
static struct output *ring, *port;

static void open_wires(void)
{
	struct interface *interface;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	ring = fixture_ring(&fixture, 64);
	port = fixture_output(&fixture,
		&(struct output_config){.kind = OUTPUT_PORT, .port = out.port, .vlan = 20});
	fixture_join(interface, "239.129.2.3", 1, ring);
	fixture_join(interface, "ff0e::1:2", 1, ring);
	fixture_join(interface, "239.129.2.3", 2, port);
	fixture_join(interface, "ff0e::1:2", 2, port);
	fixture_start(&fixture);
}

static void send_to(const char *group, const uint8_t *mac)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){
				    .group = group,
				    .source = strchr(group, ':') ? "2001:db8::1" : "10.0.0.1",
				    .payload_len = 100,
			    });
	memcpy(frame.bytes, mac, sizeof(broadcast));
	fixture_send(&fixture, &in, 0, &frame);
	fixture_settle(&fixture);
}

// The frame reaches both outputs, and leaves by the port with the MAC address of the group.
static void check_delivered(const char *group, const uint8_t *mac, const uint8_t *group_mac)
{
	struct frame frame;

	send_to(group, mac);
	cr_expect_eq(fixture_drain(ring), 1, "%s", group);
	cr_assert(fixture_sent(&out, &frame), "%s", group);
	cr_expect_arr_eq(frame.bytes, group_mac, sizeof(group4), "%s", group);
}

Test(group_mac, broadcast)
{
	open_wires();
	check_delivered("239.129.2.3", broadcast, group4);
	check_delivered("ff0e::1:2", broadcast, group6);
	fixture_close(&fixture);
}

Test(group_mac, own)
{
	struct rte_ether_addr own;

	open_wires();
	rte_eth_macaddr_get(in.port->id, &own);
	check_delivered("239.129.2.3", own.addr_bytes, group4);
	check_delivered("ff0e::1:2", own.addr_bytes, group6);
	fixture_close(&fixture);
}

Test(group_mac, other_host)
{
	struct rte_ether_addr own;
	struct frame frame;

	open_wires();
	rte_eth_macaddr_get(in.port->id, &own);
	own.addr_bytes[5] ^= 1;
	send_to("239.129.2.3", own.addr_bytes);
	send_to("ff0e::1:2", own.addr_bytes);
	cr_expect_eq(fixture_drain(ring), 0);
	cr_expect_not(fixture_sent(&out, &frame));
	cr_expect_eq(fixture_drops(&fixture, DROP_NOT_MULTICAST), 2);
	fixture_close(&fixture);
}

// Another group's MAC address is a group address as well.
Test(group_mac, other_group)
{
	struct frame frame;

	open_wires();
	send_to("239.129.2.3", (const uint8_t[]){0x01, 0x00, 0x5e, 0x7f, 0, 9});
	cr_expect_eq(fixture_drain(ring), 1);
	cr_expect(fixture_sent(&out, &frame));
	fixture_close(&fixture);
}
