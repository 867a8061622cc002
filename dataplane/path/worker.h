// SPDX-License-Identifier: BSD-3-Clause
// The loop of one worker: receive, parse, look up, deliver. It never locks, allocates (but for the
// buffers of rewritten headers), logs or makes a system call.
#ifndef DATAPLANE_WORKER_H
#define DATAPLANE_WORKER_H

#include "counter.h"
#include "dataplane_private.h"
#include "port.h"
#include "punt.h"
#include "output_burst.h"

#define WORKER_COUNTER(type, member, ...) counter_t member;
struct worker_counters { // worker: rw, control: ro
	SLUICE_WORKER_COUNTERS(WORKER_COUNTER)
	counter_t drops[DROP_REASONS];
} __rte_cache_aligned;

struct worker_queue {
	struct port *port;
	uint16_t queue;
};

struct worker {
	// Const while the workers run.
	struct dataplane *dp;
	unsigned index;
	unsigned lcore;
	struct worker_queue *rx; // to poll
	unsigned n_rx;
	struct worker_queue *tx; // shared transmit queues to drain
	unsigned n_tx;

	struct worker_counters counters;

	// Worker only.
	struct punt_limit punt_limit;
	unsigned n_unwanted;
	struct rte_mbuf *unwanted[BURST]; // to be freed at the end of the burst
	unsigned n_staged;
	struct output *staged[FANOUT_SUBSCRIBERS_MAX + BURST]; // outputs that have staged frames
	struct output_burst output_burst;
} __rte_cache_aligned;

int worker_open(struct dataplane *dp, unsigned index, unsigned lcore, unsigned punt_rate,
	struct worker **worker);
void worker_close(struct worker *worker);

// Deals the port's queues round the workers, which must be stopped. -ENOMEM changes nothing.
int worker_add_port(struct dataplane *dp, struct port *port);

// The loop, to be launched on worker->lcore; ends when dp->running is false.
int worker_run(void *worker);

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
