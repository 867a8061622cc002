// SPDX-License-Identifier: BSD-3-Clause
// The hook of a group: which frames it sees, and what its result does.
#include <criterion/criterion.h>
#include <errno.h>
#include "dataplane_fixture.h"
#include "fanout.h"

TestSuite(hook, .init = fixture_eal, .timeout = 120);

#define SEEN_MAX 1024

// The frames that a hook has seen, numbered by their UDP ports.
struct seen {
	unsigned n;
	uint16_t ports[SEEN_MAX];
	uint8_t source_end[SEEN_MAX]; // last byte of the source address
	size_t source_len;
	unsigned refuse; // refuses every n-th frame; 0 means none
};

static struct dataplane_fixture fixture;
static struct wire in;
static struct interface *interface;
static uint16_t next_port = 1;

static bool note(void *context, unsigned worker, struct rte_mbuf *frame, uint16_t l3_offset,
	const struct fanout_frame *view)
{
	struct seen *seen = context;
	const uint8_t *ip = rte_pktmbuf_mtod_offset(frame, const uint8_t *, l3_offset);
	const unsigned n = seen->n++;

	if (worker != 0 || n >= SEEN_MAX || ip[0] >> 4 != (seen->source_len == 4 ? 4 : 6))
		abort();
	seen->ports[n] = rte_be_to_cpu_16(view->udp_port_be);
	seen->source_end[n] = ((const uint8_t *)view->source)[seen->source_len - 1];
	return seen->refuse == 0 || n % seen->refuse != 0;
}

static uint16_t send_group(const char *group, const char *source, uint16_t tag)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){
				    .group = group,
				    .source = source,
				    .udp_port = next_port,
				    .tags = {tag},
				    .n_tags = tag != VLAN_NONE,
				    .payload_len = 20,
			    });
	fixture_send(&fixture, &in, 0, &frame);
	return next_port++;
}

static void open_one(void)
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 1);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
}

static void set_hook(const char *group, const struct fanout_hook *hook)
{
	const struct sluice_addr address = fixture_address(group);

	cr_assert_eq(interface_set_hook(interface, &address, hook), 0);
	dataplane_synchronize(fixture.dp);
}

static struct output *count_output(void)
{
	return fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
}

static uint64_t packets_of(const struct output *output)
{
	struct output_stats stats;

	output_stats(output, &stats);
	return stats.packets;
}

Test(hook, sees_its_group,
	.description = "a hook sees each frame of its group once and in order, and no other frame")
{
	struct seen seen4 = {.source_len = 4}, seen6 = {.source_len = 16};
	const struct fanout_hook hook4 = {note, &seen4}, hook6 = {note, &seen6};
	uint16_t expected4[SEEN_MAX], expected6[SEEN_MAX];
	unsigned n4 = 0, n6 = 0, others = 0;
	struct output *count, *filtering;
	struct interface *vlan;

	open_one();
	vlan = fixture_interface(&in, 20, VLAN_NONE);
	count = count_output();
	filtering = count_output();
	fixture_join(interface, "239.1.1.1", 1, count);
	fixture_join(interface, "239.1.1.2", 1, count);
	fixture_join(interface, "ff3e::1", 1, count);
	fixture_join(vlan, "239.1.1.1", 1, count);
	fixture_join_filter(interface, "239.1.1.1", 2, filtering, SLUICE_INCLUDE, "10.0.0.2", 0);
	set_hook("239.1.1.1", &hook4);
	set_hook("ff3e::1", &hook6);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 150; i++) {
		expected4[n4++] = send_group("239.1.1.1", i & 1 ? "10.0.0.1" : "10.0.0.2", 0);
		send_group("239.1.1.2", "10.0.0.1", 0);
		send_group("239.129.1.1", "10.0.0.1", 0);
		send_group("239.1.1.1", "10.0.0.1", 20);
		others += 2;
		// Sequences of frames of one kind, and mixtures.
		if (i % 3 == 0)
			expected6[n6++] = send_group("ff3e::1", "2001:db8::7", 0);
		if (i % 50 == 0)
			fixture_settle(&fixture);
	}
	fixture_settle(&fixture);
	cr_assert_eq(seen4.n, n4);
	cr_assert_eq(seen6.n, n6);
	for (unsigned i = 0; i < n4; i++) {
		cr_expect_eq(seen4.ports[i], expected4[i], "frame %u", i);
		cr_expect_eq(seen4.source_end[i], i & 1 ? 1 : 2, "frame %u", i);
	}
	for (unsigned i = 0; i < n6; i++) {
		cr_expect_eq(seen6.ports[i], expected6[i], "frame %u", i);
		cr_expect_eq(seen6.source_end[i], 7, "frame %u", i);
	}
	cr_expect_eq(packets_of(count), n4 + n6 + others, "delivered as without a hook");
	cr_expect_eq(packets_of(filtering), n4 / 2);
	set_hook("239.1.1.1", NULL);
	send_group("239.1.1.1", "10.0.0.1", 0);
	fixture_settle(&fixture);
	cr_expect_eq(seen4.n, n4, "removed");
	cr_expect_eq(packets_of(count), n4 + n6 + others + 1);
	fixture_close(&fixture);
}

Test(hook, sees_filtered, .description = "a hook sees frames of its group that no filter passes")
{
	struct seen seen = {.source_len = 4};
	const struct fanout_hook hook = {note, &seen};
	struct output *ring;

	open_one();
	ring = fixture_ring(&fixture, 64);
	fixture_join_filter(interface, "239.1.1.1", 1, ring, SLUICE_INCLUDE, "10.0.0.1", 0);
	set_hook("239.1.1.1", &hook);
	fixture_start(&fixture);
	send_group("239.1.1.1", "10.0.0.1", 0);
	send_group("239.1.1.1", "10.0.0.2", 0);
	fixture_settle(&fixture);
	cr_expect_eq(seen.n, 2);
	cr_expect_eq(fixture_drain(ring), 1);
	cr_expect_eq(fixture_drops(&fixture, DROP_FILTERED), 1);
	fixture_close(&fixture);
}

Test(hook, refuses,
	.description = "a frame that the hook refuses is not delivered and counts as filtered")
{
	struct seen seen = {.source_len = 4, .refuse = 3};
	const struct fanout_hook hook = {note, &seen};
	const struct sluice_addr group = fixture_address("239.1.1.1");
	struct output *ring, *count;
	struct group_stats stats;

	open_one();
	ring = fixture_ring(&fixture, 64);
	count = count_output();
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(interface, "239.1.1.1", 2, count);
	set_hook("239.1.1.1", &hook);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 30; i++)
		send_group("239.1.1.1", "10.0.0.1", 0);
	fixture_settle(&fixture);
	cr_expect_eq(seen.n, 30);
	cr_expect_eq(fixture_drain(ring), 20);
	cr_expect_eq(packets_of(count), 20);
	cr_expect_eq(fixture_drops(&fixture, DROP_FILTERED), 10);
	cr_assert_eq(interface_group_stats(interface, &group, &stats), 0);
	cr_expect_eq(stats.packets, 20);
	cr_expect_eq(stats.filtered, 10);
	fixture_close(&fixture);
}

Test(hook, not_joined, .description = "a group without subscribers cannot have a hook")
{
	const struct fanout_hook hook = {note, NULL};
	const struct sluice_addr group = fixture_address("239.1.1.1");

	open_one();
	cr_expect_eq(interface_set_hook(interface, &group, &hook), -ENOENT);
	fixture_close(&fixture);
}
