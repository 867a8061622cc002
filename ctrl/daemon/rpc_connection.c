// SPDX-License-Identifier: BSD-3-Clause
// What a connection holds: its sessions, its place among those with work, and unread output.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

int rpc_connection_own(struct rpc_connection *connection, const struct engine_session *session)
{
	uint64_t *sessions =
		reallocarray(connection->sessions, connection->n_sessions + 1, sizeof(*sessions));

	if (!sessions)
		return -ENOMEM;
	connection->sessions = sessions;
	sessions[connection->n_sessions++] = engine_session_id(session);
	return 0;
}

void rpc_connection_close_sessions(struct rpc_connection *connection)
{
	struct engine *engine = connection->rpc->engine;

	if (connection->n_sessions == 0)
		return;
	for (size_t i = 0; i < connection->n_sessions; i++) {
		struct engine_session *session =
			engine_session_by_id(engine, connection->sessions[i]);

		if (session)
			engine_session_close_later(session);
	}
	free(connection->sessions);
}

size_t rpc_connection_unread(const struct rpc_connection *connection)
{
	return evbuffer_get_length(bufferevent_get_output(connection->stream));
}

void rpc_connection_rest(struct rpc_connection *connection)
{
	if (connection->working)
		TAILQ_REMOVE(&connection->rpc->working, connection, next_working);
	connection->working = false;
}
