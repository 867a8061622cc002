// SPDX-License-Identifier: BSD-3-Clause
// A worker that is stalled in the middle of a burst, held there by the hook of a group: it is
// reported, the control thread goes on, and nothing that the worker may use is freed.
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include "dataplane_fixture.h"
#include "fanout.h"
#include "port.h"

TestSuite(stall, .init = fixture_eal, .timeout = 120);

#define TICK_MS 50

struct stall_hold {
	atomic_bool held, released;
};

static struct dataplane_fixture fixture;
static struct wire in;
static struct interface *interface;
static struct output *ring;
static struct stall_hold hold;
static uint64_t now_ms = 1000;

static bool hold_worker(void *context, unsigned worker, struct rte_mbuf *frame, uint16_t l3_offset,
	const struct fanout_frame *view)
{
	struct stall_hold *at = context;

	(void)worker;
	(void)frame;
	(void)l3_offset;
	(void)view;
	atomic_store(&at->held, true);
	while (!atomic_load(&at->released))
		sched_yield();
	return true;
}

static const struct fanout_hook hook = {hold_worker, &hold};

static void send_one(void)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){
				    .group = "239.1.1.1", .source = "10.0.0.1", .payload_len = 20});
	fixture_send(&fixture, &in, 0, &frame);
}

// Returns when the only worker is held with a frame for `ring` in its hands.
static void stall(void)
{
	const struct sluice_addr group = fixture_address("239.1.1.1");

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 1);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, ring);
	cr_assert_eq(interface_set_hook(interface, &group, &hook), 0);
	fixture_start(&fixture);
	send_one();
	while (!atomic_load(&hold.held))
		sched_yield();
}

static void release(void)
{
	atomic_store(&hold.released, true);
	while (dataplane_synchronize(fixture.dp) < 0)
		sched_yield();
	fixture_settle(&fixture);
}

struct stall_told {
	unsigned stalled, recovered;
};

static void tell(void *arg, unsigned lcore, bool stalled)
{
	struct stall_told *told = arg;
	struct worker_info info;

	worker_info(fixture.dp, 0, &info);
	cr_expect_eq(lcore, info.lcore);
	if (stalled)
		told->stalled++;
	else
		told->recovered++;
}

static void poll_for(struct stall_told *told, uint64_t ms)
{
	for (uint64_t i = 0; i < ms / TICK_MS; i++, now_ms += TICK_MS)
		worker_poll_events(fixture.dp, now_ms, tell, told);
}

Test(stall, reported,
	.description = "a stalled worker is reported once after a second, and once when it goes on")
{
	struct stall_told told = {0};
	struct worker_info info;

	stall();
	poll_for(&told, WORKER_STALL_MS - 100);
	cr_expect_eq(told.stalled, 0);
	worker_info(fixture.dp, 0, &info);
	cr_expect_eq(info.stalled_ms, SLUICE_STATS_UNKNOWN);
	poll_for(&told, 3000);
	cr_expect_eq(told.stalled, 1);
	cr_expect_eq(worker_count_stalled(fixture.dp), 1);
	worker_info(fixture.dp, 0, &info);
	cr_expect_geq(info.stalled_ms, WORKER_STALL_MS);
	cr_expect_lt(info.stalled_ms, 5000);
	release();
	poll_for(&told, TICK_MS);
	cr_expect_eq(told.recovered, 1);
	cr_expect_eq(worker_count_stalled(fixture.dp), 0);
	fixture_close(&fixture);
}

Test(stall, pause, .description = "a process that was stopped for an hour has no stalled worker")
{
	struct stall_told told = {0};

	stall();
	poll_for(&told, 500);
	now_ms += 3600000;
	poll_for(&told, 200);
	cr_expect_eq(told.stalled, 0);
	release();
	fixture_close(&fixture);
}

Test(stall, grace_period,
	.description = "no wait for a grace period is without end, and nothing in use is freed")
{
	struct output *other;

	stall();
	other = fixture_ring(&fixture, 64);
	fixture_leave(interface, "239.1.1.1", 1);
	cr_expect_eq(dataplane_synchronize(fixture.dp), -ETIMEDOUT);
	// Under AddressSanitizer the worker would find it freed.
	cr_expect_eq(output_close(ring), 0);
	cr_expect_eq(interface_close(interface), -ETIMEDOUT);
	cr_expect_eq(dataplane_stop(fixture.dp), -ETIMEDOUT);
	dataplane_reclaim(fixture.dp);
	cr_expect_eq(output_close(other), 0);
	atomic_store(&hold.released, true);
	cr_expect_eq(dataplane_stop(fixture.dp), 0);
	cr_expect_eq(interface_close(interface), 0);
	fixture_close(&fixture);
}

static void count(void *arg, struct port *port)
{
	unsigned *n = arg;

	cr_expect_eq(port, in.port);
	++*n;
}

Test(stall, removal, .description = "the removal of a device is reported once no worker uses it")
{
	unsigned n = 0;

	stall();
	fixture_remove(in.port->id);
	port_poll_events(fixture.dp, count, &n);
	port_poll_events(fixture.dp, count, &n);
	cr_expect_eq(n, 0);
	release();
	port_poll_events(fixture.dp, count, &n);
	cr_expect_eq(n, 1);
	fixture_close(&fixture);
}
