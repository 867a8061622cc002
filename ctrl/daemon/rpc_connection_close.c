// SPDX-License-Identifier: BSD-3-Clause
// Closes a connection: ends its work and its sessions.
#include "rpc_private.h"

#include <stdlib.h>

void rpc_connection_close(struct rpc_connection *connection)
{
	LIST_REMOVE(connection, next);
	connection->rpc->n_connections--;
	rpc_connection_rest(connection);
	rpc_line_drop(connection);
	rpc_buffer_release(connection);
	rpc_connection_close_sessions(connection);
	rpc_group_list_end(connection);
	if (connection->events)
		evbuffer_free(connection->events);
	bufferevent_free(connection->stream);
	free(connection);
}
