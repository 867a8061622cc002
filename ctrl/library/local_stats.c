// SPDX-License-Identifier: BSD-3-Clause
// Statistics of an engine in this process.
#include <stdio.h>
#include "local.h"

struct group_call {
	struct local_call base;
	struct engine_interface *interface;
	const struct sluice_addr *group;
	struct sluice_group_stats *stats;
};

static void read_group_stats(struct mailbox_call *mailbox_call)
{
	struct group_call *call = (struct group_call *)mailbox_call;

	call->base.rc = engine_stats_group(call->interface, call->group, call->stats);
}

int local_stats_group(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats)
{
	struct group_call call = {
		.interface = local_interface(local(session)->sluice, ifindex),
		.group = group,
		.stats = stats,
	};

	return local_run(local(session)->sluice, &call.base, read_group_stats);
}

int local_stats_session(struct sluice_session *session, struct sluice_session_stats *to)
{
	struct output_stats stats, *from = &stats;

	output_stats(local(session)->output, &stats);
	*to = (struct sluice_session_stats){.events_lost = 0};
	SLUICE_OUTPUT_STATS(SLUICE_STATS_COPY)
	return 0;
}

struct interface_call {
	struct local_call base;
	struct engine_interface *interface;
	struct sluice_interface_stats *stats;
};

static void read_interface_stats(struct mailbox_call *mailbox_call)
{
	struct interface_call *call = (struct interface_call *)mailbox_call;

	engine_stats_interface(call->interface, call->stats);
	call->base.rc = 0;
}

int local_stats_interface(
	struct sluice_session *session, unsigned ifindex, struct sluice_interface_stats *stats)
{
	struct interface_call call = {
		.interface = local_interface(local(session)->sluice, ifindex),
		.stats = stats,
	};

	return local_run(local(session)->sluice, &call.base, read_interface_stats);
}

struct list_call {
	struct local_call base;
	struct engine *engine;
	union {
		struct sluice_worker_stats *workers;
		struct sluice_drop_stats *drops;
	};
	unsigned n; // room
};

static void read_worker_stats(struct mailbox_call *mailbox_call)
{
	struct list_call *call = (struct list_call *)mailbox_call;
	const struct dataplane *dataplane = engine_dataplane(call->engine);
	struct worker_info info;

	call->base.rc = worker_count(dataplane);
	for (unsigned i = 0; i < worker_count(dataplane) && i < call->n; i++) {
		worker_info(dataplane, i, &info);
		engine_stats_worker(&info, &call->workers[i]);
	}
}

int local_stats_worker(
	struct sluice_session *session, struct sluice_worker_stats *workers, unsigned n)
{
	struct sluice *sluice = local(session)->sluice;
	struct list_call call = {.engine = sluice->engine, .workers = workers, .n = n};

	return local_run(sluice, &call.base, read_worker_stats);
}

static void add_drop(void *arg, const struct engine_drop *drop)
{
	struct list_call *call = arg;
	struct sluice_drop_stats *stats;

	if ((unsigned)call->base.rc++ >= call->n)
		return;
	stats = &call->drops[call->base.rc - 1];
	*stats = (struct sluice_drop_stats){
		.ifindex = drop->interface != NULL ? engine_interface_index(drop->interface) : 0,
		.family = drop->family,
		.count = drop->count,
	};
	snprintf(stats->reason, sizeof(stats->reason), "%s", drop->reason);
}

static void read_drop_stats(struct mailbox_call *mailbox_call)
{
	struct list_call *call = (struct list_call *)mailbox_call;
	struct engine_interface *interface = engine_interface_first(call->engine);

	call->base.rc = 0;
	engine_drops_of_workers(call->engine, add_drop, call);
	for (; interface != NULL; interface = engine_interface_next(interface))
		engine_drops_of_interface(interface, add_drop, call);
}

int local_stats_drop(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n)
{
	struct sluice *sluice = local(session)->sluice;
	struct list_call call = {.engine = sluice->engine, .drops = drops, .n = n};

	return local_run(sluice, &call.base, read_drop_stats);
}
