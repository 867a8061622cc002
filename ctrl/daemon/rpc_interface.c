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

	rpc_result_list_begin(call, "interfaces");
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
			rpc_result_mac(&port.mac), "groups",
			igmp_status.n_groups + mld_status.n_groups, "igmp_version",
			igmp_status.version, "mld_version", mld_status.version);
		json_object_update_new(entry, host_counters(interface));
		rpc_result_list_add(call, entry);
	}
	rpc_result_list_end(call);
	return 0;
}
