// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include "aligned_memory.h"
#include "worker.h"

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
		.lcore = worker->lcore, .queues = worker->n_queues, SLUICE_WORKER_COUNTERS(READ)};
	for (unsigned i = 0; i < DROP_REASONS; i++)
		info->drops[i] = counter_read(&counters->drops[i]);
}
