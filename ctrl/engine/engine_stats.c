// SPDX-License-Identifier: BSD-3-Clause
// The statistics of stats.h, from the counters of the data plane and of the hosts.
#include "engine_private.h"

static void add_host(const struct host *host, struct sluice_interface_stats *to)
{
	const struct host_counters *from = host_counters(host);

	SLUICE_HOST_COUNTERS(SLUICE_STATS_ADD)
}

static void copy_port(const struct port_info *from, struct sluice_interface_stats *to)
{
	SLUICE_PORT_COUNTERS(SLUICE_STATS_COPY)
}

void engine_stats_interface(
	const struct engine_interface *interface, struct sluice_interface_stats *stats)
{
	const struct host *igmp_host = engine_interface_host(interface, AF_INET);
	const struct host *mld_host = engine_interface_host(interface, AF_INET6);
	struct host_status igmp, mld;
	struct port_info port;

	host_status(igmp_host, &igmp);
	host_status(mld_host, &mld);
	port_info(interface_port(engine_interface_dataplane(interface)), &port);
	*stats = (struct sluice_interface_stats){
		.groups = igmp.n_groups + mld.n_groups,
		.igmp_version = igmp.version,
		.mld_version = mld.version,
	};
	add_host(igmp_host, stats);
	add_host(mld_host, stats);
	copy_port(&port, stats);
}

void engine_stats_port(const struct port_info *from, struct sluice_port_stats *to)
{
	SLUICE_PORT_STATS(SLUICE_STATS_COPY)
}

void engine_stats_output(const struct output *output, struct sluice_output_stats *to)
{
	struct output_stats stats, *from = &stats;

	output_stats(output, &stats);
	SLUICE_OUTPUT_STATS(SLUICE_STATS_COPY)
}

static void add_mbufs(struct rte_mempool *pool, void *arg)
{
	*(uint64_t *)arg += rte_mempool_in_use_count(pool);
}

void engine_stats_control(const struct engine *engine, struct sluice_control_stats *to)
{
	*to = (struct sluice_control_stats){
		.turns = engine->turns,
		.turn_cpu_max_us = engine->turn_cpu_max_us,
	};
	rte_mempool_walk(add_mbufs, &to->mbufs);
}

void engine_stats_worker(const struct worker_info *from, struct sluice_worker_stats *to)
{
	to->lcore = from->lcore;
	SLUICE_WORKER_STATS(SLUICE_STATS_COPY)
}

static uint64_t ms_since(uint64_t then_ms, uint64_t now_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

int engine_stats_group(const struct engine_interface *interface, const struct sluice_addr *group,
	struct sluice_group_stats *to)
{
	struct group_stats stats, *from = &stats;
	int rc = interface_group_stats(engine_interface_dataplane(interface), group, &stats);

	SLUICE_GROUP_COUNTERS(SLUICE_STATS_COPY)
	to->age_ms =
		from->last_ms > 0 ? ms_since(from->last_ms, engine_now_ms()) : SLUICE_STATS_UNKNOWN;
	return rc;
}

static void copy_host(const struct host *host, struct sluice_querier_stats *to)
{
	const struct host_counters *from = host_counters(host);

	SLUICE_QUERIER_COUNTERS(SLUICE_STATS_COPY)
}

void engine_stats_querier(const struct host *host, struct sluice_querier_stats *stats)
{
	uint64_t now_ms = engine_now_ms();
	struct host_status status;

	host_status(host, &status);
	*stats = (struct sluice_querier_stats){
		.version = status.querier_version,
		.age_ms = SLUICE_STATS_UNKNOWN,
		.interval_ms = SLUICE_STATS_UNKNOWN,
		.robustness = status.robustness,
		.host_version = status.version,
		.compat_left_ms = SLUICE_STATS_UNKNOWN,
	};
	copy_host(host, stats);
	if (status.querier.family != 0)
		stats->age_ms = ms_since(status.querier_heard_ms, now_ms);
	if (status.querier_interval_ms > 0)
		stats->interval_ms = status.querier_interval_ms;
	if (status.version_until_ms != HOST_NEVER)
		stats->compat_left_ms =
			now_ms < status.version_until_ms ? status.version_until_ms - now_ms : 0;
}
