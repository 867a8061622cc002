// SPDX-License-Identifier: BSD-3-Clause
// interface.list, port.list, output.list, worker.list and version.
#include "rpc_private.h"

#include <rte_version.h>
#include <stdio.h>

#include "address.h"

static const char *const mode_names[] = {
	[PORT_FILTERS] = "filters",
	[PORT_ALLMULTICAST] = "allmulticast",
	[PORT_PROMISCUOUS] = "promiscuous",
};

static json_t *mac_address(const struct rte_ether_addr *mac)
{
	const uint8_t *b = mac->addr_bytes;

	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

static json_t *interface_addresses(const struct engine_interface *interface)
{
	unsigned n;
	const struct config_address *addresses = engine_interface_addresses(interface, &n);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		char text[ADDRESS_TEXT_MAX];

		json_array_append_new(
			list, json_sprintf("%s/%u", address_format(&addresses[i].addr, text),
				      addresses[i].prefix_length));
	}
	return list;
}

static json_t *host_counters(const struct engine_interface *interface)
{
	static const struct {
		const char *name;
		enum host_counter counter;
	} counters[] = {
		{"rx_queries", HOST_RX_QUERY},
		{"tx_reports", HOST_TX_REPORT},
		{"tx_leaves", HOST_TX_LEAVE},
		{"tx_records", HOST_TX_RECORD},
	};
	json_t *object = json_object();

	for (unsigned i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		json_object_set_new(object, counters[i].name,
			json_integer((json_int_t)engine_interface_counter(
				interface, counters[i].counter)));
	return object;
}

int rpc_interface_list(struct rpc_call *call)
{
	struct engine_interface *interface = engine_interface_first(call->engine);

	rpc_list_begin(call, "interfaces");
	for (; interface; interface = engine_interface_next(interface)) {
		const struct config_interface *config = engine_interface_config(interface);
		struct host_status igmp_status, mld_status;
		struct port_info port;
		json_t *entry;

		host_status(engine_interface_host(interface, AF_INET), &igmp_status);
		host_status(engine_interface_host(interface, AF_INET6), &mld_status);
		port_info(interface_port(engine_interface_dataplane(interface)), &port);
		entry = json_pack("{s:s, s:i, s:s, s:i, s:i, s:o, s:i, s:o, s:i, s:i, s:i}", "name",
			engine_interface_name(interface), "index",
			engine_interface_index(interface), "port", config->port, "vlan",
			config->vlan, "inner_vlan", config->inner_vlan, "addresses",
			interface_addresses(interface), "configured", config->n_addresses, "mac",
			mac_address(&port.mac), "groups",
			igmp_status.n_groups + mld_status.n_groups, "igmp_version",
			igmp_status.version, "mld_version", mld_status.version);
		json_object_update_new(entry, host_counters(interface));
		rpc_list_add(call, entry);
	}
	rpc_list_end(call);
	return 0;
}

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

	rpc_list_begin(call, "ports");
	for (; port; port = engine_port_next(call->engine, port)) {
		struct port_info info;
		json_t *entry;

		port_info(port, &info);
		entry = json_pack("{s:s, s:s, s:s, s:o, s:i, s:b, s:b, s:s, s:s?, s:i, s:i, s:i}",
			"name", info.name, "device", info.device, "driver", info.driver, "mac",
			mac_address(&info.mac), "mtu", info.mtu, "up", info.up, "removed",
			info.removed, "receive_mode", mode_names[info.mode], "receive_mode_reason",
			info.mode_reason, "multicast_macs", info.n_macs, "rx_queues",
			info.rx_queues, "tx_queues", info.tx_queues);
		json_object_update_new(entry, port_counters(&info));
		rpc_list_add(call, entry);
	}
	rpc_list_end(call);
	return 0;
}

int rpc_output_list(struct rpc_call *call)
{
	struct engine_output *output = engine_output_first(call->engine);

	rpc_list_begin(call, "outputs");
	for (; output; output = engine_output_next(output)) {
		struct output_stats stats;

		output_stats(engine_output_dataplane(output), &stats);
		rpc_list_add(call,
			json_pack("{s:s, s:I, s:I, s:I}", "name", engine_output_name(output),
				"packets", (json_int_t)stats.packets, "bytes",
				(json_int_t)stats.bytes, "dropped", (json_int_t)stats.dropped));
	}
	rpc_list_end(call);
	return 0;
}

int rpc_worker_list(struct rpc_call *call)
{
	struct dataplane *dataplane = engine_dataplane(call->engine);

	rpc_list_begin(call, "workers");
	for (unsigned i = 0; i < worker_count(dataplane); i++) {
		json_t *drops = json_object();
		struct worker_info info;

		worker_info(dataplane, i, &info);
		for (unsigned reason = DROP_NONE + 1; reason < DROP_REASONS; reason++)
			json_object_set_new(drops, drop_reason_name(reason),
				json_integer((json_int_t)info.drops[reason]));
		rpc_list_add(call,
			json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "lcore",
				info.lcore, "queues", info.n_queues, "rx_packets",
				(json_int_t)info.rx_packets, "rx_bytes", (json_int_t)info.rx_bytes,
				"delivered", (json_int_t)info.delivered, "deliveries",
				(json_int_t)info.deliveries, "punted", (json_int_t)info.punted,
				"polls", (json_int_t)info.polls, "idle_polls",
				(json_int_t)info.idle_polls, "drops", drops));
	}
	rpc_list_end(call);
	return 0;
}

int rpc_version(struct rpc_call *call)
{
	rpc_result(call, json_pack("{s:s, s:s}", "version", SLUICE_VERSION, "dpdk", rte_version()));
	return 0;
}
