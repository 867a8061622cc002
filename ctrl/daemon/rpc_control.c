// SPDX-License-Identifier: BSD-3-Clause
// control.stats and connection.list. The list is written in parts; the newest connections come
// first, as in the list of connections.
#include "rpc_private.h"

int rpc_control_stats(struct rpc_call *call)
{
	const struct rpc *rpc = call->connection->rpc;
	const struct rpc_connection *connection;
	struct sluice_control_stats stats;
	json_t *result = json_object();

	engine_stats_control(call->engine, &stats);
	stats.connections = rpc->n_connections;
	LIST_FOREACH (connection, &rpc->connections, next)
		stats.buffered_bytes += rpc_buffer_held(connection);
	rpc_result_statistics(call, result, stat_control, &stats);
	rpc_result_set(call, result);
	return 0;
}

// Clients who are no operators see the connections of their user.
static bool may_see(const struct rpc_connection *viewer, const struct rpc_connection *connection)
{
	return viewer->peer.operates || viewer->peer.uid == connection->peer.uid;
}

static void add_connection(struct rpc_call *call, const struct rpc_connection *connection)
{
	const struct sluice_connection_stats stats = {
		.buffered_bytes = rpc_buffer_held(connection),
		.unread_bytes = rpc_connection_unread(connection),
	};
	json_t *entry = json_pack("{s:I, s:i, s:b, s:b, s:b}", "id", (json_int_t)connection->number,
		"user", (int)connection->peer.uid, "operator", connection->peer.operates,
		"read_only", connection->read_only, "subscribed", connection->subscribed);

	rpc_result_statistics(call, entry, stat_connection, &stats);
	rpc_result_list_add(call, entry);
}

// The numbers of the connections fall along their list.
static bool write_more(struct rpc_call *call)
{
	const struct rpc_connection *connection;
	uint64_t *last = call->state; // the number of the one that was listed last

	LIST_FOREACH (connection, &call->connection->rpc->connections, next)
		if (connection->number < *last)
			break;
	if (!connection) {
		rpc_result_list_end(call);
		return false;
	}
	*last = connection->number;
	if (may_see(call->connection, connection))
		add_connection(call, connection);
	return true;
}

static void end_list(struct rpc_call *call)
{
	rpc_memory_put(call->state);
}

int rpc_control_connections(struct rpc_call *call)
{
	uint64_t *last = rpc_memory_get(sizeof(*last));

	if (!last) {
		call->out_of_memory = true;
		return 0;
	}
	*last = UINT64_MAX;
	call->state = last;
	call->more = write_more;
	call->end = end_list;
	rpc_result_list_begin(call, "connections");
	return 0;
}
