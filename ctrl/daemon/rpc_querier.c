// SPDX-License-Identifier: BSD-3-Clause
// querier.list: the host of each interface and family, with the querier that it hears.
#include "rpc_private.h"

static void add_host(struct rpc_call *call, const struct host *host, const char *interface)
{
	struct sluice_querier_stats stats;
	struct host_status status;
	json_t *entry;

	host_status(host, &status);
	engine_stats_querier(host, &stats);
	entry = json_pack("{s:s, s:s, s:o}", "interface", interface, "family",
		rpc_result_family(host_family(host)), "address",
		rpc_result_address(&status.querier));
	rpc_result_statistics(call, entry, stat_querier, &stats);
	rpc_result_list_add(call, entry);
}

static void add_hosts(struct rpc_call *call, struct engine_interface *interface)
{
	const char *name = engine_interface_name(interface);

	add_host(call, engine_interface_host(interface, AF_INET), name);
	add_host(call, engine_interface_host(interface, AF_INET6), name);
}

int rpc_querier_list(struct rpc_call *call)
{
	rpc_result_list_begin(call, "queriers");
	rpc_list_interfaces(call, add_hosts);
	return 0;
}
