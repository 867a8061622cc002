// SPDX-License-Identifier: BSD-3-Clause
// The methods and their parameters. Those that read answer on the read-only socket as well. A
// method that takes a session wants one that the caller may use, see rpc_role.c.
#include "rpc_private.h"

static const struct rpc_method methods[] = {
	{"group.join", rpc_group_join, {"group", "interface", "sources", "session", "to"}},
	{"group.leave", rpc_group_leave, {"group", "interface", "sources", "session"}},
	{"group.block", rpc_group_block, {"group", "interface", "sources", "session"}},
	{"group.unblock", rpc_group_unblock, {"group", "interface", "sources", "session"}},
	{"group.filter", rpc_group_filter,
		{"group", "interface", "mode", "sources", "session", "to"}},
	{"group.list", rpc_group_list, {"interface", "limit", "after"}, .reads = true},
	{"group.get", rpc_group_get, {"group", "interface", "session"}, .reads = true},
	{"group.stats", rpc_group_stats, {"group", "interface"}, .reads = true},
	{"session.open", rpc_session_open, {"name", "udp_port"}},
	{"session.bind", rpc_session_bind, {"session", "udp_port"}},
	{"session.attach", rpc_session_attach, {"session", "ring_size", "socket"}},
	{"session.stats", rpc_session_stats, {"session"}, .reads = true},
	{"session.settle", rpc_session_settle, {"session"}},
	{"session.send", rpc_session_send,
		{"interface", "group", "source_port", "port", "ttl", "loop", "payload"}},
	{"session.close", rpc_session_close, {"session"}},
	{"session.list", rpc_session_list, {NULL}, .reads = true},
	{"interface.list", rpc_interface_list, {NULL}, .reads = true},
	{"port.list", rpc_port_list, {NULL}, .reads = true},
	{"output.list", rpc_output_list, {NULL}, .reads = true},
	{"worker.list", rpc_worker_list, {NULL}, .reads = true},
	{"querier.list", rpc_querier_list, {NULL}, .reads = true},
	{"drop.list", rpc_drop_list, {NULL}, .reads = true},
	{"control.stats", rpc_control_stats, {NULL}, .reads = true},
	{"connection.list", rpc_control_connections, {NULL}, .reads = true},
	{"event.subscribe", rpc_event_subscribe, {NULL}, .reads = true},
	{"version", rpc_version, {NULL}, .reads = true},
};

const struct rpc_method *rpc_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
