// SPDX-License-Identifier: BSD-3-Clause
#include "worker_loop.h"
#include <rte_pause.h>
#include "port.h"
#include "worker_source.h"

// What the control thread sent before it stopped the workers still leaves: the last reports leave
// all groups.
static void drain_all(const struct worker_source_list *list)
{
	for (unsigned i = list != NULL ? list->n_received : 0; list != NULL && i < list->n; i++)
		while (port_drain(list->sources[i].port, list->sources[i].queue) > 0)
			;
}

int worker_loop_run(void *arg)
{
	struct worker *worker = arg;
	struct dataplane *dp = worker->dp;

	reclaim_online(&dp->reclaim, worker->index);
	while (atomic_load_explicit(&dp->running, memory_order_relaxed)) {
		const struct worker_source_list *list =
			atomic_load_explicit(&worker->sources, memory_order_acquire);
		unsigned n = 0;

		for (unsigned i = 0; list != NULL && i < list->n; i++)
			n += list->sources[i].poll(worker, &list->sources[i]);
		reclaim_quiescent(&dp->reclaim, worker->index);
		counter_add(&worker->counters.polls, 1);
		if (n == 0) {
			counter_add(&worker->counters.idle_polls, 1);
			rte_pause();
		}
	}
	drain_all(atomic_load_explicit(&worker->sources, memory_order_acquire));
	reclaim_offline(&dp->reclaim, worker->index);
	return 0;
}
