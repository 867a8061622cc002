// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include "aligned_memory.h"
#include "output.h"
#include "dataplane_private.h"
#include "interface.h"
#include "port.h"
#include "punt.h"
#include "worker_source.h"
#include "worker.h"
#include "worker_loop.h"

#define PUNT_RATE 10000
#define RING_FRAMES 4096
#define STOP_STEP_MS 1

static int check(const struct dataplane_config *config, struct dataplane_error *error)
{
	if (config->n_workers < 1)
		return dataplane_error_set(error, EINVAL, "no worker");
	for (unsigned i = 0; i < config->n_workers; i++) {
		unsigned lcore = config->worker_lcores[i];

		if (!rte_lcore_is_enabled(lcore))
			return dataplane_error_set(
				error, EINVAL, "worker on lcore %u: EAL has no such lcore", lcore);
		if (lcore == rte_get_main_lcore())
			return dataplane_error_set(error, EINVAL,
				"worker on lcore %u: that is the control thread's", lcore);
		for (unsigned j = 0; j < i; j++)
			if (config->worker_lcores[j] == lcore)
				return dataplane_error_set(
					error, EINVAL, "two workers on lcore %u", lcore);
	}
	return 0;
}

static int workers_open(struct dataplane *dp, const struct dataplane_config *config)
{
	dp->workers = calloc(config->n_workers, sizeof(*dp->workers));
	if (dp->workers == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < config->n_workers; i++) {
		int rc = worker_open(dp, i, config->worker_lcores[i], &dp->workers[i]);

		if (rc < 0)
			return rc;
		dp->n_workers++;
	}
	return 0;
}

static void workers_close(struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->n_workers; i++)
		worker_close(dp->workers[i]);
	free(dp->workers);
}

struct dataplane *dataplane_open(
	const struct dataplane_config *config, struct dataplane_error *error)
{
	struct dataplane *dp;

	if (check(config, error) < 0)
		return NULL;
	dp = calloc(1, sizeof(*dp));
	if (dp == NULL)
		goto out_of_memory;
	dp->link_monitor = -1; // until there is a port
	LIST_INIT(&dp->ports);
	LIST_INIT(&dp->interfaces);
	LIST_INIT(&dp->outputs);
	// net_af_packet's own frames are nearly as large as this.
	dp->frame_size = config->frame_size != 0 ? config->frame_size : RTE_MBUF_DEFAULT_DATAROOM;
	dp->ring_frames = config->mbufs != 0 ? config->mbufs : RING_FRAMES;
	dp->punt_rate = config->punt_rate != 0 ? config->punt_rate : PUNT_RATE;
	dp->punt_rate = RTE_MAX(1U, dp->punt_rate / config->n_workers);
	if (workers_open(dp, config) < 0)
		goto close_workers;
	dp->punted = punt_rings_create(dp);
	if (dp->punted == NULL)
		goto close_workers;
	if (config->filters) {
		dp->readers = aligned_memory_alloc(DATAPLANE_READERS * sizeof(*dp->readers));
		if (dp->readers == NULL)
			goto free_punted;
	}
	if (reclaim_init(&dp->reclaim, dp->n_workers + (config->filters ? DATAPLANE_READERS : 0)) <
		0)
		goto free_readers;
	subscription_init(&dp->subscription, &dp->reclaim, output_use);
	return dp;

free_readers:
	free(dp->readers);
free_punted:
	punt_rings_free(dp->punted);
close_workers:
	workers_close(dp);
	free(dp);
out_of_memory:
	dataplane_error_set(error, ENOMEM, "out of memory");
	return NULL;
}

int dataplane_close(struct dataplane *dp)
{
	struct interface *interface;
	struct output *output;
	int rc;

	rc = dataplane_stop(dp);
	if (rc < 0)
		return rc;
	subscription_fini(&dp->subscription);
	while ((interface = LIST_FIRST(&dp->interfaces)) != NULL)
		interface_destroy(interface);
	reclaim_fini(&dp->reclaim);
	while ((output = LIST_FIRST(&dp->outputs)) != NULL)
		output_destroy(output);
	punt_rings_free(dp->punted);
	// Last, because the frames freed above belong to the pools of the ports.
	port_close_all(dp);
	workers_close(dp);
	free(dp->readers);
	free(dp);
	return 0;
}

int dataplane_start(struct dataplane *dp, struct dataplane_error *error)
{
	if (dp->started)
		return 0;
	for (unsigned i = 0; i < dp->n_workers; i++)
		if (rte_eal_get_lcore_state(dp->workers[i]->lcore) != WAIT)
			return dataplane_error_set(
				error, EBUSY, "lcore %u is in use", dp->workers[i]->lcore);
	atomic_store(&dp->running, true);
	for (unsigned i = 0; i < dp->n_workers; i++)
		rte_eal_remote_launch(worker_loop_run, dp->workers[i], dp->workers[i]->lcore);
	dp->started = true;
	return 0;
}

static bool any_runs(const struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->n_workers; i++)
		if (rte_eal_get_lcore_state(dp->workers[i]->lcore) == RUNNING)
			return true;
	return false;
}

int dataplane_stop(struct dataplane *dp)
{
	const struct timespec pause = {.tv_nsec = STOP_STEP_MS * 1000000};

	atomic_store(&dp->running, false);
	if (!dp->started)
		return 0;
	for (unsigned i = 0; any_runs(dp); i++) {
		if (i == WORKER_STALL_MS / STOP_STEP_MS)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	for (unsigned i = 0; i < dp->n_workers; i++)
		rte_eal_wait_lcore(dp->workers[i]->lcore);
	dp->started = false;
	// Orders what the workers did before what follows, in a way that ThreadSanitizer sees.
	return dataplane_synchronize(dp);
}

int dataplane_add_port(struct dataplane *dp, const struct port_config *config, struct port **port,
	struct dataplane_error *error)
{
	struct port *new;
	int rc;

	rc = port_open(dp, config, &new, error);
	if (rc < 0)
		return rc;
	if (worker_source_add_port(dp, new) < 0) {
		port_close(new);
		return dataplane_error_set(error, ENOMEM, "out of memory");
	}
	*port = new;
	return 0;
}

int dataplane_synchronize(struct dataplane *dp)
{
	return reclaim_synchronize(&dp->reclaim);
}

void dataplane_reclaim(struct dataplane *dp)
{
	reclaim_poll(&dp->reclaim);
}
