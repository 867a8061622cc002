// SPDX-License-Identifier: BSD-3-Clause
// What a connection holds: its sessions, its place among those with work, and unread output.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

#define SESSIONS_MIN 4

static bool is_open(const struct rpc_connection *connection, uint64_t id)
{
	return engine_session_by_id(connection->rpc->engine, id);
}

bool rpc_connection_has_sessions(const struct rpc_connection *connection)
{
	for (size_t i = connection->n_sessions; i-- > 0;)
		if (is_open(connection, connection->sessions[i]))
			return true;
	return false;
}

static void forget_closed(struct rpc_connection *connection)
{
	size_t n = 0;

	for (size_t i = 0; i < connection->n_sessions; i++)
		if (is_open(connection, connection->sessions[i]))
			connection->sessions[n++] = connection->sessions[i];
	connection->n_sessions = n;
}

// A client that opens and closes sessions for months takes no more memory.
static int make_room(struct rpc_connection *connection)
{
	size_t room = RTE_MAX(2 * connection->sessions_room, (size_t)SESSIONS_MIN);
	uint64_t *sessions;

	forget_closed(connection);
	if (connection->n_sessions < connection->sessions_room / 2)
		return 0;
	sessions = reallocarray(connection->sessions, room, sizeof(*sessions));
	if (!sessions)
		return -ENOMEM;
	connection->sessions = sessions;
	connection->sessions_room = room;
	return 0;
}

int rpc_connection_own(struct rpc_connection *connection, const struct engine_session *session)
{
	if (connection->n_sessions == connection->sessions_room && make_room(connection) < 0)
		return -ENOMEM;
	connection->sessions[connection->n_sessions++] = engine_session_id(session);
	return 0;
}

void rpc_connection_close_sessions(struct rpc_connection *connection)
{
	struct engine *engine = connection->rpc->engine;

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
