// SPDX-License-Identifier: BSD-3-Clause
// Finds or opens a session for a client that may have it. What an operator opens belongs to
// operators.
#include "rpc_private.h"

#include <errno.h>

static int open_new(
	struct rpc_call *call, const char *name, unsigned udp_port, struct engine_session **session)
{
	const struct rpc_peer *peer = &call->connection->peer;
	int rc = name ? rpc_role_check_name(call, name) : 0;

	if (rc == 0)
		rc = rpc_quota_check_session(call);
	if (rc == 0)
		rc = engine_session_open(call->engine, name, udp_port, session, &call->error);
	if (rc < 0 || peer->operates)
		return rc;
	rc = engine_owner_set(*session, peer->uid);
	if (rc == 0)
		return 0;
	engine_session_close(*session);
	*session = NULL;
	return error_set(&call->error, -rc, "out of memory");
}

int rpc_session_new(
	struct rpc_call *call, const char *name, unsigned udp_port, struct engine_session **session)
{
	struct engine_session *found = name ? engine_session_find(call->engine, name) : NULL;
	int rc;

	if (!found)
		return open_new(call, name, udp_port, session);
	rc = rpc_role_check_session(call, found);
	if (rc < 0)
		return rc;
	return engine_session_open(call->engine, name, udp_port, session, &call->error);
}
