// SPDX-License-Identifier: BSD-3-Clause
// port.list
#include "rpc_private.h"

static const char *const mode_names[] = {
	[PORT_FILTERS] = "filters",
	[PORT_ALLMULTICAST] = "allmulticast",
	[PORT_PROMISCUOUS] = "promiscuous",
};

int rpc_port_list(struct rpc_call *call)
{
	struct port *port = engine_port_first(call->engine);

	rpc_result_list_begin(call, "ports");
	for (; port; port = engine_port_next(call->engine, port)) {
		struct sluice_port_stats stats;
		struct port_info info;
		json_t *entry;

		port_info(port, &info);
		engine_stats_port(&info, &stats);
		entry = json_pack("{s:s, s:s, s:s, s:o, s:i, s:b, s:b, s:s, s:s?}", "name",
			info.name, "device", info.device, "driver", info.driver, "mac",
			rpc_result_mac(&info.mac), "mtu", info.mtu, "up", info.up, "removed",
			info.removed, "receive_mode", mode_names[info.mode], "receive_mode_reason",
			info.mode_reason);
		rpc_result_statistics(call, entry, stat_port, &stats);
		rpc_result_list_add(call, entry);
	}
	rpc_result_list_end(call);
	return 0;
}
