// SPDX-License-Identifier: BSD-3-Clause
// Delivers frames to 32 rings by references, as Sluice does, and by clones, as DPDK's examples do.
// Both times include the consumer, which drains the rings and frees the frames. The third case is
// the floor: references, passed on without any other work.
#include <stdio.h>
#include <stdlib.h>
#include "deliver.h"
#include "output.h"
#include "result.h"
#include "worker.h"
#include "workload.h"

#define OUTPUTS 32
#define POOL_SIZE 8191
#define SLOT_BURSTS 32

struct fanout_setup {
	struct dataplane *dp;
	struct rte_mempool *pool;
	struct output *outputs[OUTPUTS];
	struct rte_ring *rings[OUTPUTS]; // DPDK rings for the other cases
};

static void drain_outputs(struct fanout_setup *setup)
{
	for (unsigned i = 0; i < OUTPUTS; i++) {
		struct rte_mbuf *frames[BURST];
		unsigned n = output_receive_burst(setup->outputs[i], frames, BURST);

		workload_must(n != BURST, "frames were lost");
		rte_pktmbuf_free_bulk(frames, n);
	}
}

static void drain_rings(struct fanout_setup *setup)
{
	for (unsigned i = 0; i < OUTPUTS; i++) {
		struct rte_mbuf *frames[BURST];
		unsigned n = rte_ring_dequeue_burst(setup->rings[i], (void **)frames, BURST, NULL);

		workload_must(n != BURST, "frames were lost");
		rte_pktmbuf_free_bulk(frames, n);
	}
}

static void reference_burst(struct fanout_setup *setup, struct rte_mbuf **frames)
{
	for (unsigned i = 0; i < BURST; i++)
		deliver_many(setup->dp->workers[0], frames[i], 0, setup->outputs, OUTPUTS);
	deliver_flush(setup->dp->workers[0]);
	drain_outputs(setup);
}

static void clone_burst(struct fanout_setup *setup, struct rte_mbuf **frames)
{
	struct rte_mbuf *clones[OUTPUTS][BURST];

	for (unsigned i = 0; i < BURST; i++)
		for (unsigned k = 0; k < OUTPUTS; k++)
			clones[k][i] = k + 1 < OUTPUTS ? rte_pktmbuf_clone(frames[i], setup->pool)
						       : frames[i];
	for (unsigned k = 0; k < OUTPUTS; k++)
		rte_ring_enqueue_burst(setup->rings[k], (void **)clones[k], BURST, NULL);
	drain_rings(setup);
}

// The floor: references, one transfer per ring, one atomic release per reference.
static void atomic_burst(struct fanout_setup *setup, struct rte_mbuf **frames)
{
	for (unsigned i = 0; i < BURST; i++)
		rte_mbuf_refcnt_update(frames[i], OUTPUTS - 1);
	for (unsigned k = 0; k < OUTPUTS; k++)
		rte_ring_enqueue_burst(setup->rings[k], (void **)frames, BURST, NULL);
	drain_rings(setup);
}

static double slot(struct fanout_setup *setup,
	void (*deliver)(struct fanout_setup *setup, struct rte_mbuf **frames))
{
	uint64_t start = rte_rdtsc_precise();

	for (unsigned i = 0; i < SLOT_BURSTS; i++) {
		struct rte_mbuf *frames[BURST];

		workload_must(rte_pktmbuf_alloc_bulk(setup->pool, frames, BURST), "frames");
		deliver(setup, frames);
	}
	return workload_ns(rte_rdtsc_precise() - start) / (SLOT_BURSTS * BURST);
}

static double reference_slot(void *arg)
{
	return slot(arg, reference_burst);
}

static double atomic_slot(void *arg)
{
	return slot(arg, atomic_burst);
}

static double clone_slot(void *arg)
{
	return slot(arg, clone_burst);
}

void fanout_bench(const struct workload_size *size)
{
	static const unsigned lcores[] = {1};
	static struct slots_case cases[] = {
		{.name = "fanout32.reference", .run = reference_slot},
		{.name = "fanout32.clone", .run = clone_slot},
		{.name = "fanout32.atomic", .run = atomic_slot},
	};
	struct dataplane_config config = {.worker_lcores = lcores, .n_workers = 1};
	struct output_config ring = {.kind = OUTPUT_RING, .ring_size = 2 * BURST};
	struct fanout_setup setup = {.dp = dataplane_open(&config, NULL)};

	workload_must(setup.dp ? 0 : -1, "data plane");
	setup.pool = rte_pktmbuf_pool_create(
		"fanout", POOL_SIZE, 512, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	workload_must(setup.pool ? 0 : -1, "pool");
	for (unsigned i = 0; i < OUTPUTS; i++) {
		workload_must(output_open(setup.dp, &ring, &setup.outputs[i], NULL), "output");
		setup.rings[i] = workload_ring(i, 2 * BURST);
	}
	for (unsigned i = 0; i < RTE_DIM(cases); i++)
		cases[i].arg = &setup;
	slots_run(cases, RTE_DIM(cases), workload_rounds);
	for (unsigned i = 0; i < RTE_DIM(cases); i++)
		result_time(cases[i].name, size->name, slots_ns(&cases[i], workload_rounds));
	result_ratio(
		"fanout32.clone", size->name, slots_ratio(&cases[1], &cases[0], workload_rounds));
	result_ratio(
		"fanout32.atomic", size->name, slots_ratio(&cases[0], &cases[2], workload_rounds));
	for (unsigned i = 0; i < OUTPUTS; i++)
		rte_ring_free(setup.rings[i]);
	dataplane_close(setup.dp);
	rte_mempool_free(setup.pool);
}
