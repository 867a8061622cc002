// SPDX-License-Identifier: BSD-3-Clause
// Frames in by a port, through the group table, out by outputs.
#include <criterion/criterion.h>
#include "rig.h"

TestSuite(path, .init = rig_eal);

static struct rig rig;
static struct wire in;
static struct interface *interface;

static void open_one(void)
{
	rig_open(&rig, 1, 0);
	rig_wire(&rig, &in, "in", 1, 2);
	interface = rig_interface(&in, VLAN_NONE, VLAN_NONE);
	rig_start(&rig);
}

static void send_group(const char *group, const char *source)
{
	struct frame frame;

	frame_build(
		&frame, &(struct frame_spec){.group = group, .source = source, .payload_len = 100});
	rig_send(&rig, &in, 0, &frame);
}

Test(path, shared_mac,
	.description = "promise 5: of groups that share a MAC only the joined one is delivered")
{
	struct output *ring;

	open_one();
	ring = rig_ring(&rig, 64);
	rig_join(interface, "239.1.1.1", 1, ring);
	send_group("239.1.1.1", "10.0.0.1");
	send_group("224.129.1.1", "10.0.0.1");
	send_group("239.129.1.1", "10.0.0.1");
	rig_settle(&rig);
	cr_assert_eq(rig_drain(ring), 1);
	cr_assert_eq(rig_drops(&rig, DROP_NOT_JOINED), 2);
	rig_close(&rig);
}

Test(path, sources, .description = "promise 5: of two sources only the joined one is delivered")
{
	struct output *include, *exclude;

	open_one();
	include = rig_ring(&rig, 64);
	exclude = rig_ring(&rig, 64);
	rig_join_filter(interface, "ff3e::1", 1, include, SLUICE_INCLUDE, "2001:db8::1", 0);
	rig_join_filter(interface, "ff3e::1", 2, exclude, SLUICE_EXCLUDE, "2001:db8::3", 0);
	send_group("ff3e::1", "2001:db8::1");
	send_group("ff3e::1", "2001:db8::2");
	send_group("ff3e::1", "2001:db8::3");
	rig_settle(&rig);
	cr_assert_eq(rig_drain(include), 1);
	cr_assert_eq(rig_drain(exclude), 2);
	cr_assert_eq(rig_drops(&rig, DROP_FILTERED), 1);
	rig_close(&rig);
}
