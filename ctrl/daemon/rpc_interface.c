// SPDX-License-Identifier: BSD-3-Clause
// interface.list
#include "rpc_private.h"

#include "address.h"

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

static void add_interface(struct rpc_call *call, struct engine_interface *interface)
{
	const struct config_interface *config = engine_interface_config(interface);
	struct sluice_interface_stats stats;
	struct port_info port;
	json_t *entry;

	engine_stats_interface(interface, &stats);
	port_info(interface_port(engine_interface_dataplane(interface)), &port);
	entry = json_pack("{s:s, s:i, s:s, s:i, s:i, s:o, s:i, s:o}", "name",
		engine_interface_name(interface), "index", engine_interface_index(interface),
		"port", config->port, "vlan", config->vlan, "inner_vlan", config->inner_vlan,
		"addresses", interface_addresses(interface), "configured", config->n_addresses,
		"mac", rpc_result_mac(&port.mac));
	rpc_result_statistics(call, entry, stat_interface, &stats);
	rpc_result_list_add(call, entry);
}

int rpc_interface_list(struct rpc_call *call)
{
	rpc_result_list_begin(call, "interfaces");
	rpc_list_interfaces(call, add_interface);
	return 0;
}
