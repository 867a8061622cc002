// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include "aligned_memory.h"
#include "worker.h"

#define STEP_MS UINT64_C(100) // the most that counts of the time between two checks

int worker_open(struct dataplane *dp, unsigned index, unsigned lcore, struct worker **worker)
{
	struct worker *new = aligned_memory_alloc(sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	new->dp = dp;
	new->index = index;
	new->lcore = lcore;
	*worker = new;
	return 0;
}

void worker_close(struct worker *worker)
{
	free(atomic_load(&worker->sources));
	free(worker);
}

// Whether it has begun or ended to be stalled.
static bool check(struct worker *worker, uint64_t now_ms)
{
	const uint64_t polls = counter_read(&worker->counters.polls);
	const uint64_t passed_ms = now_ms - worker->seen_ms;
	const bool was_stalled = worker->stalled;

	worker->seen_ms = now_ms;
	if (polls != worker->seen_polls)
		worker->still_ms = 0;
	else
		worker->still_ms += RTE_MIN(passed_ms, STEP_MS);
	worker->seen_polls = polls;
	worker->stalled = worker->still_ms >= WORKER_STALL_MS;
	return worker->stalled != was_stalled;
}

void worker_poll_events(struct dataplane *dp, uint64_t now_ms,
	void (*fn)(void *arg, unsigned lcore, bool stalled), void *arg)
{
	for (unsigned i = 0; dp->started && i < dp->n_workers; i++)
		if (check(dp->workers[i], now_ms))
			fn(arg, dp->workers[i]->lcore, dp->workers[i]->stalled);
}

unsigned worker_count_stalled(const struct dataplane *dp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < dp->n_workers; i++)
		n += dp->workers[i]->stalled;
	return n;
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
	*info = (struct worker_info){.lcore = worker->lcore,
		.queues = worker->n_queues,
		.stalled_ms = worker->stalled ? worker->still_ms : SLUICE_STATS_UNKNOWN,
		SLUICE_WORKER_COUNTERS(READ)};
	for (unsigned i = 0; i < DROP_REASONS; i++)
		info->drops[i] = counter_read(&counters->drops[i]);
}
