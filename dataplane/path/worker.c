// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include "pipeline.h"
#include "aligned_memory.h"
#include "worker.h"

int worker_open(struct dataplane *dp, unsigned index, unsigned lcore, unsigned punt_rate,
	struct worker **worker)
{
	struct worker *new = aligned_memory_alloc(sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	new->dp = dp;
	new->index = index;
	new->lcore = lcore;
	punt_limit_init(&new->punt_limit, rte_get_tsc_hz(), punt_rate);
	*worker = new;
	return 0;
}

void worker_close(struct worker *worker)
{
	free(worker->tx);
	free(worker->rx);
	free(worker);
}

static int reserve(struct worker_queue **queues, unsigned n, unsigned more)
{
	struct worker_queue *new = realloc(*queues, (n + more) * sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	*queues = new;
	return 0;
}

int worker_add_port(struct dataplane *dp, struct port *port)
{
	for (unsigned i = 0; i < dp->n_workers; i++) {
		struct worker *worker = dp->workers[i];

		if (reserve(&worker->rx, worker->n_rx, port->n_rx) < 0 ||
			reserve(&worker->tx, worker->n_tx, 1) < 0)
			return -ENOMEM;
	}
	for (uint16_t queue = 0; queue < port->n_rx; queue++) {
		struct worker *worker = dp->workers[dp->next_worker++ % dp->n_workers];

		worker->rx[worker->n_rx++] = (struct worker_queue){port, queue};
	}
	for (uint16_t queue = 0; port->tx_rings != NULL && queue < port->n_tx; queue++) {
		struct worker *worker = dp->workers[queue];

		worker->tx[worker->n_tx++] = (struct worker_queue){port, queue};
	}
	return 0;
}

static unsigned poll_queue(struct worker *worker, const struct worker_queue *rx)
{
	struct rte_mbuf *frames[BURST];
	unsigned n;

	if (unlikely(atomic_load_explicit(&rx->port->removed, memory_order_relaxed)))
		return 0;
	n = rte_eth_rx_burst(rx->port->id, rx->queue, frames, BURST);
	if (n > 0)
		pipeline_burst(worker, rx->port, frames, n);
	return n;
}

int worker_run(void *arg)
{
	struct worker *worker = arg;
	struct dataplane *dp = worker->dp;

	reclaim_online(&dp->reclaim, worker->index);
	while (atomic_load_explicit(&dp->running, memory_order_relaxed)) {
		unsigned n = 0;

		for (unsigned i = 0; i < worker->n_rx; i++)
			n += poll_queue(worker, &worker->rx[i]);
		for (unsigned i = 0; i < worker->n_tx; i++)
			port_drain(worker->tx[i].port, worker->tx[i].queue);
		reclaim_quiescent(&dp->reclaim, worker->index);
		counter_add(&worker->counters.polls, 1);
		if (n == 0) {
			counter_add(&worker->counters.idle_polls, 1);
			rte_pause();
		}
	}
	// What the control thread sent before it stopped the workers still leaves: its last words
	// are those of all groups.
	for (unsigned i = 0; i < worker->n_tx; i++)
		while (port_drain(worker->tx[i].port, worker->tx[i].queue) > 0)
			;
	reclaim_offline(&dp->reclaim, worker->index);
	return 0;
}

unsigned worker_count(const struct dataplane *dp)
{
	return dp->n_workers;
}

void worker_info(const struct dataplane *dp, unsigned index, struct worker_info *info)
{
	const struct worker *worker = dp->workers[index];
	const struct worker_counters *counters = &worker->counters;

#define READ(type, member, ...) .member = counter_read(&counters->member),
	*info = (struct worker_info){
		.lcore = worker->lcore, .queues = worker->n_rx, SLUICE_WORKER_COUNTERS(READ)};
	for (unsigned i = 0; i < DROP_REASONS; i++)
		info->drops[i] = counter_read(&counters->drops[i]);
}
