// SPDX-License-Identifier: BSD-3-Clause
// querier.list: the host of each interface and family, with the querier that it hears.
#include "rpc_private.h"

static json_t *describe(struct rpc_call *call, const struct host *host, const char *interface)
{
	struct sluice_querier_stats stats;
	struct host_status status;
	json_t *entry;

	host_status(host, &status);
	engine_querier_stats(host, &stats);
	entry = json_pack("{s:s, s:s, s:o}", "interface", interface, "family",
		rpc_result_family(host_family(host)), "address",
		rpc_result_address(&status.querier));
	rpc_result_statistics(call, entry, stat_querier, &stats);
	return entry;
}

int rpc_querier_list(struct rpc_call *call)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct engine_interface *interface = engine_interface_first(call->engine);

	rpc_result_list_begin(call, "queriers");
	for (; interface; interface = engine_interface_next(interface))
		for (unsigned i = 0; i < 2; i++)
			rpc_result_list_add(
				call, describe(call, engine_interface_host(interface, families[i]),
					      engine_interface_name(interface)));
	rpc_result_list_end(call);
	return 0;
}
