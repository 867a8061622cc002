// SPDX-License-Identifier: BSD-3-Clause
// Statistics of an engine in this process.
#include <stdio.h>
#include "local.h"

struct group_call {
	struct local_call base;
	struct interface *interface;
	const struct sluice_addr *group;
	struct sluice_group_stats *stats;
};

static void read_group_stats(struct mailbox_call *mailbox_call)
{
	struct group_call *call = (struct group_call *)mailbox_call;
	struct group_stats stats;
	uint64_t now_ms = engine_now_ms();

	call->base.rc = interface_group_stats(call->interface, call->group, &stats);
	if (call->base.rc < 0)
		return;
	*call->stats = (struct sluice_group_stats){
		.packets = stats.packets,
		.bytes = stats.bytes,
		.filtered = stats.filtered,
		.age_ms = UINT64_MAX,
	};
	if (stats.last_ms > 0)
		call->stats->age_ms = now_ms > stats.last_ms ? now_ms - stats.last_ms : 0;
}

int local_group_stats(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, struct sluice_group_stats *stats)
{
	struct group_call call = {
		.interface = engine_interface_dataplane(
			local_interface(local(session)->sluice, ifindex)),
		.group = group,
		.stats = stats,
	};

	return local_run(local(session)->sluice, &call.base, read_group_stats);
}

int local_session_stats(struct sluice_session *session, struct sluice_session_stats *stats)
{
	struct output_stats output;

	output_stats(local(session)->output, &output);
	*stats = (struct sluice_session_stats){
		.packets = output.packets,
		.bytes = output.bytes,
		.dropped = output.dropped,
	};
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
	const struct engine_interface *interface = call->interface;
	struct host_status igmp_status, mld_status;
	struct port_info port;

	host_status(engine_interface_host(interface, AF_INET), &igmp_status);
	host_status(engine_interface_host(interface, AF_INET6), &mld_status);
	port_info(interface_port(engine_interface_dataplane(interface)), &port);
	*call->stats = (struct sluice_interface_stats){
		.groups = igmp_status.n_groups + mld_status.n_groups,
		.igmp_version = igmp_status.version,
		.mld_version = mld_status.version,
		.rx_queries = engine_interface_counter(interface, HOST_RX_QUERY),
		.tx_reports = engine_interface_counter(interface, HOST_TX_REPORT),
		.tx_leaves = engine_interface_counter(interface, HOST_TX_LEAVE),
		.tx_records = engine_interface_counter(interface, HOST_TX_RECORD),
		.rx_packets = port.rx_packets,
		.rx_bytes = port.rx_bytes,
		.rx_missed = port.rx_missed,
		.tx_packets = port.tx_packets,
		.tx_bytes = port.tx_bytes,
	};
	call->base.rc = 0;
}

int local_interface_stats(
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
		call->workers[i] = (struct sluice_worker_stats){
			.lcore = info.lcore,
			.queues = info.n_queues,
			.rx_packets = info.rx_packets,
			.rx_bytes = info.rx_bytes,
			.delivered = info.delivered,
			.deliveries = info.deliveries,
			.punted = info.punted,
			.polls = info.polls,
			.idle_polls = info.idle_polls,
		};
	}
}

int local_worker_stats(
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

	call->base.rc = 0;
	engine_drops(call->engine, add_drop, call);
}

int local_drop_stats(struct sluice_session *session, struct sluice_drop_stats *drops, unsigned n)
{
	struct sluice *sluice = local(session)->sluice;
	struct list_call call = {.engine = sluice->engine, .drops = drops, .n = n};

	return local_run(sluice, &call.base, read_drop_stats);
}
