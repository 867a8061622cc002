// SPDX-License-Identifier: BSD-3-Clause
// What is kept for connections: what a peer has sent and what it has not read. Each may have some
// in any case, so that no number of others keeps it from being answered. What goes beyond is
// limited for each connection and for all together.
#include "rpc_private.h"

enum { FREE = RPC_OUTPUT_HIGH }; // bytes of each connection that are not counted

static size_t length(const struct evbuffer *buffer)
{
	return buffer ? evbuffer_get_length(buffer) : 0;
}

static size_t unread(const struct rpc_connection *connection)
{
	const struct rpc_line *line = &connection->line;

	return rpc_connection_unread(connection) + length(line->answers) +
	       length(line->call ? line->call->result : NULL) + length(connection->events);
}

static size_t beyond(size_t bytes)
{
	return bytes > FREE ? bytes - FREE : 0;
}

size_t rpc_buffer_held(const struct rpc_connection *connection)
{
	return unread(connection) + length(bufferevent_get_input(connection->stream)) +
	       connection->line.len;
}

static void charge(struct rpc_connection *connection, size_t bytes)
{
	connection->rpc->buffered += bytes;
	connection->rpc->buffered -= connection->buffered;
	connection->buffered = bytes;
}

void rpc_buffer_account(struct rpc_connection *connection)
{
	charge(connection, beyond(rpc_buffer_held(connection)));
}

void rpc_buffer_release(struct rpc_connection *connection)
{
	charge(connection, 0);
}

static bool has_room(struct rpc_connection *connection, size_t more, size_t max)
{
	const size_t bytes = beyond(rpc_buffer_held(connection) + more);

	rpc_buffer_account(connection);
	return unread(connection) + more <= RPC_OUTPUT_MAX &&
	       (bytes == 0 || connection->rpc->buffered - connection->buffered + bytes <= max);
}

bool rpc_buffer_has_room(struct rpc_connection *connection)
{
	return has_room(connection, 0, connection->rpc->control.buffered_bytes);
}

// Events take half at most, so that subscribers who do not read leave room for answers.
bool rpc_buffer_has_room_for_event(struct rpc_connection *connection, size_t len)
{
	return has_room(connection, len, connection->rpc->control.buffered_bytes / 2);
}
