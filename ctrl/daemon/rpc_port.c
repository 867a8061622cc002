// SPDX-License-Identifier: BSD-3-Clause
// port.list
#include "rpc_private.h"

static const char *const mode_names[] = {
	[PORT_FILTERS] = "filters",
	[PORT_ALLMULTICAST] = "allmulticast",
	[PORT_PROMISCUOUS] = "promiscuous",
};

static json_t *port_counters(const struct port_info *info)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rx_packets",
		(json_int_t)info->rx_packets, "rx_bytes", (json_int_t)info->rx_bytes, "rx_missed",
		(json_int_t)info->rx_missed, "rx_errors", (json_int_t)info->rx_errors, "tx_packets",
		(json_int_t)info->tx_packets, "tx_bytes", (json_int_t)info->tx_bytes, "tx_errors",
		(json_int_t)info->tx_errors);
}

int rpc_port_list(struct rpc_call *call)
{
	struct port *port = engine_port_first(call->engine);

	rpc_result_list_begin(call, "ports");
	for (; port; port = engine_port_next(call->engine, port)) {
		struct port_info info;
		json_t *entry;

		port_info(port, &info);
		entry = json_pack("{s:s, s:s, s:s, s:o, s:i, s:b, s:b, s:s, s:s?, s:i, s:i, s:i}",
			"name", info.name, "device", info.device, "driver", info.driver, "mac",
			rpc_result_mac(&info.mac), "mtu", info.mtu, "up", info.up, "removed",
			info.removed, "receive_mode", mode_names[info.mode], "receive_mode_reason",
			info.mode_reason, "multicast_macs", info.n_macs, "rx_queues",
			info.rx_queues, "tx_queues", info.tx_queues);
		json_object_update_new(entry, port_counters(&info));
		rpc_result_list_add(call, entry);
	}
	rpc_result_list_end(call);
	return 0;
}
