// SPDX-License-Identifier: BSD-3-Clause
// A worker: one lcore, its counters, and what the stages of the pipeline keep for it.
#ifndef DATAPLANE_WORKER_H
#define DATAPLANE_WORKER_H

#include "counter.h"
#include "dataplane_private.h"
#include "output_burst.h"

struct output;
struct worker_source_list;

#define WORKER_COUNTER(type, member, ...) counter_t member;
struct worker_counters { // worker: rw, control: ro
	SLUICE_WORKER_COUNTERS(WORKER_COUNTER)
	counter_t drops[DROP_REASONS];
} __rte_cache_aligned;

struct worker {
	// Const once open.
	struct dataplane *dp;
	unsigned index;
	unsigned lcore;
	// Control thread only.
	unsigned n_queues; // receive queues it polls
	uint64_t seen_polls; // the counter when it was last seen to have moved
	uint64_t seen_ms, still_ms; // when it was last looked at, and for how long it has not moved
	bool stalled;
	// control: wo, worker: ro; replaced lists are retired. NULL: nothing to poll.
	_Atomic(struct worker_source_list *) sources;

	struct worker_counters counters;

	// Worker only.
	unsigned n_unwanted;
	struct rte_mbuf *unwanted[BURST]; // to be freed at the end of the burst
	unsigned n_staged;
	struct output *staged[FANOUT_SUBSCRIBERS_MAX + BURST]; // outputs that have staged frames
	struct output_burst output_burst;
} __rte_cache_aligned;

int worker_open(struct dataplane *dp, unsigned index, unsigned lcore, struct worker **worker);
void worker_close(struct worker *worker);

static inline void worker_drop(struct worker *worker, enum drop_reason reason, unsigned n)
{
	counter_add(&worker->counters.drops[reason], n);
}

// The frame goes nowhere, or no further.
static inline void worker_discard(struct worker *worker, struct rte_mbuf *frame)
{
	worker->unwanted[worker->n_unwanted++] = frame;
}

#endif
