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

int rpc_interface_list(struct rpc_call *call)
{
	struct engine_interface *interface = engine_interface_first(call->engine);

	rpc_result_list_begin(call, "interfaces");
	for (; interface; interface = engine_interface_next(interface)) {
		const struct config_interface *config = engine_interface_config(interface);
		struct sluice_interface_stats stats;
		struct port_info port;
		json_t *entry;

		engine_interface_stats(interface, &stats);
		port_info(interface_port(engine_interface_dataplane(interface)), &port);
		entry = json_pack("{s:s, s:i, s:s, s:i, s:i, s:o, s:i, s:o}", "name",
			engine_interface_name(interface), "index",
			engine_interface_index(interface), "port", config->port, "vlan",
			config->vlan, "inner_vlan", config->inner_vlan, "addresses",
			interface_addresses(interface), "configured", config->n_addresses, "mac",
			rpc_result_mac(&port.mac));
		rpc_result_statistics(call, entry, stat_interface, &stats);
		rpc_result_list_add(call, entry);
	}
	rpc_result_list_end(call);
	return 0;
}
