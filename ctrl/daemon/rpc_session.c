// SPDX-License-Identifier: BSD-3-Clause
// session.open, close, bind, attach, settle, and stats.
#include "rpc_private.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/un.h>

static json_t *name_of(const struct engine_session *session)
{
	const char *name = engine_session_name(session);

	return name ? json_string(name) : json_null();
}

static json_t *id_of(const struct engine_session *session)
{
	return json_integer((json_int_t)engine_session_id(session));
}

int rpc_session_open(struct rpc_call *call)
{
	struct engine_session *session;
	unsigned udp_port = 0;
	const char *name;
	int rc = rpc_param_text(call, "name", &name);

	if (rc == 0 && name && !config_name_is_valid(name))
		rc = rpc_param_bad(call, "name", "\"%.64s\" is not a name", name);
	if (rc == 0)
		rc = rpc_param_unsigned(call, "udp_port", UINT16_MAX, &udp_port);
	if (rc == 0)
		rc = rpc_session_new(call, name, udp_port, &session);
	if (rc < 0)
		return rc;
	if (!name && rpc_connection_own(call->connection, session) < 0) {
		engine_session_close(session);
		return error_set(&call->error, ENOMEM, "out of memory");
	}
	rpc_result_set(
		call, json_pack("{s:o, s:o}", "session", id_of(session), "name", name_of(session)));
	return 0;
}

// The answer is sent after all groups are left.
static bool close_more(struct rpc_call *call)
{
	if (!call->state)
		return false;
	if (!engine_session_close_some(call->state))
		return true;
	call->state = NULL;
	rpc_result_set(call, json_object());
	return false;
}

static void close_end(struct rpc_call *call)
{
	if (call->state)
		engine_session_close_later(call->state);
}

int rpc_session_close(struct rpc_call *call)
{
	struct engine_session *session;
	int rc = rpc_param_session_required(call, &session);

	if (rc < 0)
		return rc;
	call->state = session;
	call->more = close_more;
	call->end = close_end;
	return 0;
}

// The answer is sent after all memberships deliver by the new port or to the new output. The
// session may be closed meanwhile.
static bool publish_more(struct rpc_call *call)
{
	const uint64_t *id = call->state;
	struct engine_session *session = engine_session_by_id(call->engine, *id);

	return session && !engine_session_publish_some(session);
}

static void publish_end(struct rpc_call *call)
{
	rpc_memory_put(call->state);
}

static void publish(struct rpc_call *call, const struct engine_session *session)
{
	uint64_t *id = rpc_memory_get(sizeof(*id));

	if (!id) {
		call->out_of_memory = true;
		return;
	}
	*id = engine_session_id(session);
	call->state = id;
	call->more = publish_more;
	call->end = publish_end;
}

int rpc_session_bind(struct rpc_call *call)
{
	struct engine_session *session;
	unsigned udp_port = 0;
	int rc = rpc_param_session_required(call, &session);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "udp_port", UINT16_MAX, &udp_port);
	if (rc < 0)
		return rc;
	engine_session_bind(session, udp_port);
	rpc_result_set(call, json_object());
	publish(call, session);
	return 0;
}

int rpc_session_attach(struct rpc_call *call)
{
	struct engine_session *session;
	const struct engine_share_client client = {
		.uid = call->connection->peer.uid,
		.access = &call->connection->rpc->access,
	};
	unsigned ring_size = 1024;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *existing = NULL;
	int rc = rpc_param_session_required(call, &session);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "ring_size", 1u << 14, &ring_size);
	if (rc == 0)
		rc = rpc_param_text(call, "socket", &existing);
	if (rc == 0)
		rc = rpc_quota_check_frames(call, ring_size);
	if (rc < 0)
		return rc;
	if (existing)
		snprintf(path, sizeof(path), "%s", existing);
	else
		snprintf(path, sizeof(path), "%s.%" PRIu64, call->connection->rpc->listener.path,
			engine_session_id(session));
	rc = engine_session_share(session, path, existing, ring_size, &client, &call->error);
	if (rc < 0)
		return rc;
	rpc_result_set(call, json_pack("{s:s, s:I}", "socket", path, "line",
				     (json_int_t)engine_session_line(session)));
	publish(call, session);
	return 0;
}

int rpc_session_settle(struct rpc_call *call)
{
	struct engine_session *session;
	int rc = rpc_param_session_required(call, &session);

	if (rc < 0)
		return rc;
	rc = engine_session_settle(session);
	if (rc < 0)
		return error_set(&call->error, -rc, "the session is not attached");
	rpc_result_set(call, json_object());
	return 0;
}

int rpc_session_stats(struct rpc_call *call)
{
	struct engine_session *session;
	struct sluice_session_stats stats;
	json_t *result;
	int rc = rpc_param_session_required(call, &session);

	if (rc < 0)
		return rc;
	rc = engine_session_stats(session, &stats);
	if (rc < 0)
		return error_set(&call->error, -rc, "the session is not attached");
	result = json_object();
	rpc_result_statistics(call, result, stat_session, &stats);
	rpc_result_set(call, result);
	return 0;
}
