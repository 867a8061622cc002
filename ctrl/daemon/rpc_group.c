// SPDX-License-Identifier: BSD-3-Clause
// group.join, leave, block, unblock, filter, get and stats.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>

#include "address.h"

typedef int (*engine_fn)(
	struct engine *engine, const struct engine_request *request, struct error *error);

static int read_mode(struct rpc_call *call, enum sluice_filter_mode *mode)
{
	const char *text;
	int rc = rpc_param_text(call, "mode", &text);

	if (rc < 0)
		return rc;
	if (text && strcmp(text, "include") == 0)
		*mode = SLUICE_INCLUDE;
	else if (text && strcmp(text, "exclude") == 0)
		*mode = SLUICE_EXCLUDE;
	else
		return rpc_param_bad(call, "mode", "has to be \"include\" or \"exclude\"");
	return 0;
}

static int read_request(
	struct rpc_call *call, struct engine_request *request, struct sluice_addr **sources)
{
	int rc = rpc_param_text(call, "interface", &request->interface);

	if (rc == 0)
		rc = rpc_param_address(call, "group", &request->group);
	if (rc == 0)
		rc = rpc_param_addresses(call, "sources", sources, &request->filter.n_sources);
	if (rc == 0)
		rc = rpc_param_outputs(call, "to", &request->outputs, &request->n_outputs);
	request->filter.sources = *sources;
	return rc;
}

// Calls that create a membership open the session if necessary; the other calls require it. A
// failed call leaves no session behind (API-41).
static int apply(struct rpc_call *call, engine_fn fn, bool opens, struct engine_request *request)
{
	char own[CONFIG_NAME_MAX + 1];
	const char *name = own;
	bool created;
	int rc;

	rpc_role_default_session(&call->connection->peer, own);
	rc = rpc_param_session(call, &name, &request->session);
	if (rc == 0 && request->n_outputs > 0)
		rc = rpc_role_check_outputs(call);
	if (rc < 0)
		return rc;
	created = !request->session;
	if (created && !opens)
		return error_set(&call->error, EADDRNOTAVAIL, "no session %s has joined", name);
	if (created)
		rc = rpc_session_new(call, name, 0, &request->session);
	if (rc == 0 && fn != engine_leave && fn != engine_unblock)
		rc = rpc_quota_check_membership(call, request, fn == engine_filter);
	if (rc == 0)
		rc = fn(call->engine, request, &call->error);
	if (rc < 0 && created && request->session)
		engine_session_close(request->session);
	return rc;
}

// How many joins the membership still counts, 0 once it has ended.
static json_t *joins_left(const struct rpc_call *call, const struct engine_request *request)
{
	struct engine_interface *interface =
		request->interface ? engine_interface_named(call->engine, request->interface)
				   : engine_interface_first(call->engine);
	const struct member *member = member_find(engine_session_memberships(request->session),
		engine_interface_host(interface, request->group.family), &request->group);

	return json_pack("{s:i}", "joins", member ? member_joins(member) : 0);
}

static int change(struct rpc_call *call, engine_fn fn, bool opens, bool has_mode)
{
	struct engine_request request = {0};
	struct sluice_addr *sources = NULL;
	int rc = has_mode ? read_mode(call, &request.filter.mode) : 0;

	if (rc == 0)
		rc = read_request(call, &request, &sources);
	// A filter replaces the outputs if the call has a list of outputs, even an empty one.
	request.only_outputs = has_mode && json_object_get(call->params, "to");
	if (rc == 0)
		rc = apply(call, fn, opens, &request);
	if (rc == 0)
		rpc_result_set(
			call, fn == engine_leave ? joins_left(call, &request) : json_object());
	free(sources);
	free(request.outputs);
	return rc;
}

// An empty list is not a missing one, which means any source (RFC 9776 section 3.1).
static bool has_empty_list(const struct rpc_call *call)
{
	const json_t *sources = json_object_get(call->params, "sources");

	return json_is_array(sources) && json_array_size(sources) == 0;
}

// A call without sources would do nothing, so that it is refused as a mistake.
static int change_blocked(struct rpc_call *call, engine_fn fn)
{
	if (!json_object_get(call->params, "sources") || has_empty_list(call))
		return rpc_param_bad(call, "sources", "is missing");
	return change(call, fn, false, false);
}

// Joins INCLUDE {}, which is no membership.
static int join_nothing(struct rpc_call *call)
{
	struct engine_interface *interface;
	struct sluice_addr group;
	int rc = rpc_param_interface_required(call, &interface);

	if (rc == 0)
		rc = rpc_param_address(call, "group", &group);
	if (rc == 0 && !address_is_group(&group))
		rc = rpc_param_bad(call, "group", "is not a multicast group that can be joined");
	if (rc == 0)
		rpc_result_set(call, json_object());
	return rc;
}

int rpc_group_join(struct rpc_call *call)
{
	return has_empty_list(call) ? join_nothing(call) : change(call, engine_join, true, false);
}

int rpc_group_leave(struct rpc_call *call)
{
	if (has_empty_list(call))
		return rpc_param_bad(call, "sources", "is empty, so that nothing would be left");
	return change(call, engine_leave, false, false);
}

int rpc_group_block(struct rpc_call *call)
{
	return change_blocked(call, engine_block);
}

int rpc_group_unblock(struct rpc_call *call)
{
	return change_blocked(call, engine_unblock);
}

int rpc_group_filter(struct rpc_call *call)
{
	return change(call, engine_filter, true, true);
}

int rpc_group_get(struct rpc_call *call)
{
	struct engine_interface *interface;
	struct engine_session *session;
	struct sluice_source_filter filter;
	const struct member *member;
	struct sluice_addr group;
	int rc = rpc_param_session_required(call, &session);

	if (rc == 0)
		rc = rpc_param_interface_required(call, &interface);
	if (rc == 0)
		rc = rpc_param_address(call, "group", &group);
	if (rc < 0)
		return rc;
	member = member_find(engine_session_memberships(session),
		engine_interface_host(interface, group.family), &group);
	if (!member)
		return error_set(&call->error, EADDRNOTAVAIL, "the session has not joined it");
	filter = member_filter(member);
	rpc_result_set(
		call, json_pack("{s:s, s:o, s:i, s:s}", "mode", rpc_result_mode(filter.mode),
			      "sources", rpc_result_addresses(filter.sources, filter.n_sources),
			      "joins", member_joins(member), "state", rpc_result_state(member)));
	return 0;
}

int rpc_group_stats(struct rpc_call *call)
{
	struct engine_interface *interface;
	struct sluice_group_stats stats;
	struct sluice_addr group;
	json_t *result;
	int rc = rpc_param_interface_required(call, &interface);

	if (rc == 0)
		rc = rpc_param_address(call, "group", &group);
	if (rc < 0)
		return rc;
	rc = engine_stats_group(interface, &group, &stats);
	if (rc < 0)
		return error_set(&call->error, -rc, "the group is not joined");
	result = json_object();
	rpc_result_statistics(call, result, stat_group, &stats);
	rpc_result_set(call, result);
	return 0;
}
