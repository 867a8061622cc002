// SPDX-License-Identifier: BSD-3-Clause
// session.list is written in parts: there may be a million sessions, and a session may have a
// million memberships.
#include <stdlib.h>

#include "rpc_private.h"

struct session_list {
	struct engine_session_walk sessions;
	struct member_walk members; // of the session that is being written
	bool in_session;
	const char *separator; // before the next membership
};

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
	const struct sluice_source_filter filter = member_filter(member);
	struct sluice_addr group;

	member_group(member, &group);
	return json_pack("{s:s, s:o, s:s, s:o, s:i, s:s, s:o}", "interface",
		engine_interface_name(engine_host_interface(member_host(member))), "group",
		rpc_result_address(&group), "mode", rpc_result_mode(filter.mode), "sources",
		rpc_result_addresses(filter.sources, filter.n_sources), "joins",
		member_joins(member), "state", rpc_result_state(member), "to", outputs_of(member));
}

static json_t *user_of(const struct engine_session *session)
{
	uid_t uid;

	return engine_owner_get(session, &uid) ? json_integer(uid) : json_null();
}

static json_t *describe(struct rpc_call *call, const struct engine_session *session)
{
	const char *name = engine_session_name(session);
	json_t *entry = json_pack("{s:I, s:s?, s:o, s:i}", "id",
		(json_int_t)engine_session_id(session), "name", name, "user", user_of(session),
		"udp_port", (int)engine_session_udp_port(session));
	struct sluice_session_stats stats;

	// Only an attached session receives frames.
	if (engine_session_stats(session, &stats) < 0)
		memset(&stats, 0xff, sizeof(stats)); // SLUICE_STATS_UNKNOWN
	rpc_result_statistics(call, entry, stat_session, &stats);
	return entry;
}

static void begin_session(struct rpc_call *call, struct engine_session *session)
{
	struct session_list *list = call->state;

	evbuffer_add_printf(call->result, "%s{", call->entries++ ? "," : "");
	rpc_result_members(call, describe(call, session));
	evbuffer_add_printf(call->result, ",\"memberships\":[");
	member_walk_begin(&list->members, engine_session_memberships(session));
	list->in_session = true;
	list->separator = "";
}

static bool add_membership(struct rpc_call *call)
{
	struct session_list *list = call->state;
	const struct member *member = member_walk_next(&list->members);

	if (!member)
		return false;
	evbuffer_add_printf(call->result, "%s", list->separator);
	rpc_result_set(call, membership(member));
	list->separator = ",";
	return true;
}

static bool write_more(struct rpc_call *call)
{
	struct session_list *list = call->state;
	struct engine_session *session;

	if (list->in_session && add_membership(call))
		return true;
	if (list->in_session) {
		member_walk_end(&list->members);
		list->in_session = false;
		evbuffer_add(call->result, "]}", 2);
		return true;
	}
	session = engine_session_walk_next(&list->sessions);
	if (!session)
		rpc_result_list_end(call);
	else if (rpc_role_may_use(call->connection, session))
		begin_session(call, session);
	return session != NULL;
}

static void end_list(struct rpc_call *call)
{
	struct session_list *list = call->state;

	if (list->in_session)
		member_walk_end(&list->members);
	engine_session_walk_end(&list->sessions);
	free(list);
}

int rpc_session_list(struct rpc_call *call)
{
	struct session_list *list = calloc(1, sizeof(*list));

	if (!list)
		return error_set(&call->error, ENOMEM, "out of memory");
	engine_session_walk_begin(&list->sessions, call->engine);
	call->state = list;
	call->more = write_more;
	call->end = end_list;
	rpc_result_list_begin(call, "sessions");
	return 0;
}
