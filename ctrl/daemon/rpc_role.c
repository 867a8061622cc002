// SPDX-License-Identifier: BSD-3-Clause
// Who may do what. Operators may do everything. Others use the sessions that their user opened. On
// the read-only socket nobody changes anything.
#include "rpc_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static const char operators[] =
	"operators, which are root, the owner of the socket and the group control.operators";

int rpc_role_check_method(struct rpc_call *call, const struct rpc_method *method)
{
	if (method->reads || !call->connection->read_only)
		return 0;
	return error_set(
		&call->error, EPERM, "%s is refused: this socket is read-only", method->name);
}

bool rpc_role_may_use(const struct rpc_connection *connection, const struct engine_session *session)
{
	uid_t owner;

	return connection->peer.operates ||
	       (engine_owner_get(session, &owner) && owner == connection->peer.uid);
}

int rpc_role_check_session(struct rpc_call *call, const struct engine_session *session)
{
	const char *name = engine_session_name(session);
	char text[CONFIG_NAME_MAX + 1];
	uid_t owner;

	if (rpc_role_may_use(call->connection, session))
		return 0;
	if (!name)
		snprintf(text, sizeof(text), "%" PRIu64, engine_session_id(session));
	if (!engine_owner_get(session, &owner))
		return error_set(&call->error, EPERM, "session %s belongs to %s",
			name ? name : text, operators);
	return error_set(&call->error, EPERM,
		"session %s belongs to user %u: only this user and operators may use it",
		name ? name : text, owner);
}

// "cli-UID" is the session of a user by default, so that nobody else may have it.
int rpc_role_check_name(struct rpc_call *call, const char *name)
{
	const struct rpc_peer *peer = &call->connection->peer;
	static const char prefix[] = RPC_SESSION_DEFAULT "-";
	char own[CONFIG_NAME_MAX + 1];

	if (peer->operates)
		return 0;
	if (strcmp(name, RPC_SESSION_DEFAULT) == 0 || strcmp(name, "config") == 0)
		return error_set(&call->error, EPERM, "session %s belongs to %s", name, operators);
	rpc_role_default_session(peer, own);
	if (strncmp(name, prefix, strlen(prefix)) != 0 || strcmp(name, own) == 0)
		return 0;
	return error_set(
		&call->error, EPERM, "session %s is kept for the user of this number", name);
}

void rpc_role_default_session(const struct rpc_peer *peer, char name[CONFIG_NAME_MAX + 1])
{
	if (peer->operates)
		strcpy(name, RPC_SESSION_DEFAULT);
	else
		snprintf(name, CONFIG_NAME_MAX + 1, RPC_SESSION_DEFAULT "-%u", peer->uid);
}

int rpc_role_check_outputs(struct rpc_call *call)
{
	if (call->connection->peer.operates)
		return 0;
	return error_set(&call->error, EPERM, "to: outputs belong to %s", operators);
}
