// SPDX-License-Identifier: BSD-3-Clause
// Changes while frames arrive at full rate, from the receive callback of a net_null port.
#include <criterion/criterion.h>
#include <rte_ethdev.h>
#include <sched.h>
#include "dataplane_fixture.h"
#include "fanout.h"

TestSuite(load, .init = fixture_eal, .timeout = 120);

#define GROUPS 16

static struct dataplane_fixture fixture;
static struct interface *interface;
static struct frame frames[GROUPS]; // groups 239.1.1.0 to 239.1.1.15

static uint16_t make_frames(
	uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n, uint16_t max, void *arg)
{
	(void)port;
	(void)queue;
	(void)max;
	(void)arg;
	for (uint16_t i = 0; i < n; i++) {
		const struct frame *frame = &frames[i % GROUPS];

		memcpy(rte_pktmbuf_mtod(mbufs[i], void *), frame->bytes, frame->len);
	}
	return n;
}

static void open_source(void)
{
	const struct port_config config = {
		.name = "in",
		.device = "net_null0,size=64,copy=0",
		.queues = 1,
	};
	struct interface_config untagged = {0};
	struct dataplane_error error;
	struct port *port;
	uint16_t id;

	for (unsigned i = 0; i < GROUPS; i++) {
		char group[32];

		snprintf(group, sizeof(group), "239.1.1.%u", i);
		frame_build(&frames[i], &(struct frame_spec){
						.group = group,
						.source = "10.0.0.1",
						.payload_len = 64 - 14 - 28,
					});
	}
	fixture_open(&fixture, 1, 0);
	cr_assert_eq(dataplane_add_port(fixture.dp, &config, &port, &error), 0, "%s", error.text);
	cr_assert_eq(rte_eth_dev_get_port_by_name("net_null0", &id), 0);
	cr_assert_not_null(rte_eth_add_rx_callback(id, 0, make_frames, NULL));
	cr_assert_eq(interface_open(port, &untagged, &interface, &error), 0, "%s", error.text);
	fixture_start(&fixture);
}

// Waits until the worker has done some more iterations.
static void wait_turns(unsigned n)
{
	struct worker_info info;
	uint64_t until;

	worker_info(fixture.dp, 0, &info);
	until = info.polls + n;
	while (info.polls < until) {
		sched_yield();
		worker_info(fixture.dp, 0, &info);
	}
}

Test(load, leave, .description = "promise 1: nothing is enqueued after withdraw and synchronize")
{
	struct output *left, *stays;

	open_source();
	left = fixture_ring(&fixture, 256);
	stays = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	fixture_join(interface, "239.1.1.1", 2, stays);
	for (unsigned round = 0; round < 2000; round++) {
		fixture_join(interface, "239.1.1.1", 1, left);
		fixture_join(interface, "239.1.1.2", 1, left);
		if (round % 16 == 0) {
			wait_turns(2);
			cr_expect_gt(fixture_drain(left), 0);
		}
		fixture_leave(interface, "239.1.1.1", 1);
		fixture_leave(interface, "239.1.1.2", 1);
		dataplane_synchronize(fixture.dp);
		output_flush(left);
		if (round % 16 == 0)
			wait_turns(2);
		cr_assert_eq(fixture_drain(left), 0, "round %u", round);
	}
	fixture_close(&fixture);
}

// Two of every 32 frames are of group 1. None of them may be lost while neighbouring groups and
// another subscriber of group 1 come and go.
Test(load, stay, .description = "promise 6: a group that stays is never missed")
{
	struct output *stays, *other;
	struct output_stats stats;
	struct worker_info info;

	open_source();
	stays = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	other = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	dataplane_stop(fixture.dp);
	fixture_join(interface, "239.1.1.1", 1, stays);
	worker_info(fixture.dp, 0, &info);
	uint64_t before = info.rx_packets;
	fixture_start(&fixture);
	for (unsigned round = 0; round < 20000; round++) {
		char group[32];

		snprintf(group, sizeof(group), "239.%u.%u.%u", 1 + round % 7, round % 9 + 1,
			round % 11);
		if (strcmp(group, "239.1.1.1") != 0) {
			fixture_join(interface, group, 1, other);
			if (round % 3 == 0)
				fixture_leave(interface, group, 1);
		}
		fixture_join(interface, "239.1.1.1", 2, other);
		fixture_leave(interface, "239.1.1.1", 2);
		if (round % 64 == 0)
			dataplane_reclaim(fixture.dp);
	}
	dataplane_stop(fixture.dp);
	worker_info(fixture.dp, 0, &info);
	output_stats(stays, &stats);
	cr_expect_gt(info.rx_packets, before);
	cr_expect_eq(stats.packets, (info.rx_packets - before) / GROUPS);
	fixture_close(&fixture);
}

struct tap {
	struct fanout_hook hook;
	_Atomic bool removed;
	_Atomic uint64_t frames, late; // late: calls after no worker should use it
};

static bool count_frame(void *context, unsigned worker, struct rte_mbuf *frame, uint16_t l3_offset,
	const struct fanout_frame *view)
{
	struct tap *tap = context;

	(void)worker;
	(void)frame;
	(void)l3_offset;
	(void)view;
	tap->frames++;
	tap->late += tap->removed;
	return true;
}

// A removed hook is freed immediately, which AddressSanitizer checks. Every fourth one is kept, to
// detect a late call.
Test(load, hook,
	.description = "a hook is set, replaced and removed at full rate: no frame is lost, no "
		       "call is late")
{
	const struct sluice_addr group = fixture_address("239.1.1.1");
	struct tap *kept[500] = {NULL};
	struct output *count;
	struct output_stats stats;
	struct worker_info info;
	uint64_t before;

	open_source();
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	dataplane_stop(fixture.dp);
	fixture_join(interface, "239.1.1.1", 1, count);
	worker_info(fixture.dp, 0, &info);
	before = info.rx_packets;
	fixture_start(&fixture);
	for (unsigned round = 0; round < 2000; round++) {
		struct tap *taps = calloc(2, sizeof(*taps));

		cr_assert_not_null(taps);
		for (unsigned i = 0; i < 2; i++) {
			taps[i].hook = (struct fanout_hook){count_frame, &taps[i]};
			cr_assert_eq(interface_set_hook(interface, &group, &taps[i].hook), 0);
			if (round % 16 == 0) {
				wait_turns(3);
				cr_expect_gt(taps[i].frames, 0);
			}
		}
		cr_assert_eq(interface_set_hook(interface, &group, NULL), 0);
		dataplane_synchronize(fixture.dp);
		taps[0].removed = taps[1].removed = true;
		if (round % 4 == 0)
			kept[round / 4] = taps;
		else
			free(taps);
	}
	wait_turns(3);
	dataplane_stop(fixture.dp);
	for (unsigned i = 0; i < RTE_DIM(kept); i++) {
		cr_expect_eq(kept[i][0].late + kept[i][1].late, 0);
		free(kept[i]);
	}
	worker_info(fixture.dp, 0, &info);
	output_stats(count, &stats);
	cr_expect_gt(info.rx_packets, before);
	cr_expect_eq(stats.packets, (info.rx_packets - before) / GROUPS);
	fixture_close(&fixture);
}
