// SPDX-License-Identifier: BSD-3-Clause
// session.open, close, bind, attach, settle, stats and list.
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
		rc = engine_session_open(call->engine, name, udp_port, &session, &call->error);
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

int rpc_session_close(struct rpc_call *call)
{
	struct engine_session *session;
	int rc = rpc_param_session_required(call, &session);

	if (rc < 0)
		return rc;
	engine_session_close(session);
	rpc_result_set(call, json_object());
	return 0;
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
	return 0;
}

int rpc_session_attach(struct rpc_call *call)
{
	struct engine_session *session;
	unsigned ring_size = 1024;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *existing = NULL;
	int rc = rpc_param_session_required(call, &session);

	if (rc == 0)
		rc = rpc_param_unsigned(call, "ring_size", 1u << 14, &ring_size);
	if (rc == 0)
		rc = rpc_param_text(call, "socket", &existing);
	if (rc < 0)
		return rc;
	if (existing)
		snprintf(path, sizeof(path), "%s", existing);
	else
		snprintf(path, sizeof(path), "%s.%" PRIu64, call->connection->rpc->path,
			engine_session_id(session));
	rc = engine_session_share(session, path, existing, ring_size, &call->error);
	if (rc == 0)
		rpc_result_set(call, json_pack("{s:s, s:I}", "socket", path, "line",
					     (json_int_t)engine_session_line(session)));
	return rc;
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

static json_t *outputs_of(const struct member *member)
{
	struct engine_output *const *outputs;
	unsigned n = engine_member_outputs(member, &outputs);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_string(engine_output_name(outputs[i])));
	return list;
}

static json_t *membership(const struct member *member)
{
	const struct sluice_addr *sources;
	struct sluice_addr group;
	unsigned n;
	enum sluice_filter_mode mode = member_filter(member, &sources, &n);

	member_group(member, &group);
	return json_pack("{s:s, s:o, s:s, s:o, s:i, s:s, s:o}", "interface",
		engine_interface_name(engine_host_interface(member_host(member))), "group",
		rpc_result_address(&group), "mode", mode == SLUICE_INCLUDE ? "include" : "exclude",
		"sources", rpc_result_addresses(sources, n), "joins", member_joins(member), "state",
		member_state(member) == MEMBER_PENDING ? "pending" : "joined", "to",
		outputs_of(member));
}

static json_t *describe(struct rpc_call *call, const struct engine_session *session)
{
	json_t *entry = json_pack("{s:o, s:o, s:i}", "id", id_of(session), "name", name_of(session),
		"udp_port", (int)engine_session_udp_port(session));
	struct sluice_session_stats stats;

	// Only an attached session receives frames.
	if (engine_session_stats(session, &stats) < 0)
		memset(&stats, 0xff, sizeof(stats)); // SLUICE_STATS_UNKNOWN
	rpc_result_statistics(call, entry, stat_session, &stats);
	return entry;
}

// A session may have a million memberships, so that they are written one at a time.
static void add_session(struct rpc_call *call, struct engine_session *session)
{
	const struct member *member = member_first(engine_session_memberships(session));
	const char *separator = "";

	evbuffer_add_printf(call->result, "%s{", call->entries++ ? "," : "");
	rpc_result_members(call, describe(call, session));
	evbuffer_add_printf(call->result, ",\"memberships\":[");
	for (; member; member = member_next(member)) {
		evbuffer_add_printf(call->result, "%s", separator);
		rpc_result_set(call, membership(member));
		separator = ",";
	}
	evbuffer_add(call->result, "]}", 2);
}

int rpc_session_list(struct rpc_call *call)
{
	struct engine_session *session = engine_session_first(call->engine);

	rpc_result_list_begin(call, "sessions");
	for (; session; session = engine_session_next(session))
		add_session(call, session);
	rpc_result_list_end(call);
	return 0;
}
