// SPDX-License-Identifier: BSD-3-Clause
// What a user may hold who is no operator. Each is checked before the call is made, so that a
// refused one changes nothing. A session counts for its owner, also if an operator uses it.
#include "rpc_private.h"

#include <errno.h>
#include <inttypes.h>

// Whether the caller has a quota, and what it has used of it.
static bool has_quota(const struct rpc_call *call, struct engine_usage *used)
{
	const struct rpc_peer *peer = &call->connection->peer;

	if (peer->operates)
		return false;
	engine_owner_usage(call->engine, peer->uid, used);
	return true;
}

static int check(
	struct rpc_call *call, const char *what, uint64_t used, uint64_t more, unsigned quota)
{
	if (more == 0 || used + more <= quota)
		return 0;
	return error_set(&call->error, EDQUOT,
		"user %u has %" PRIu64 " %s and may have %u, see control.quotas",
		call->connection->peer.uid, used, what, quota);
}

int rpc_quota_check_session(struct rpc_call *call)
{
	struct engine_usage used;

	if (!has_quota(call, &used))
		return 0;
	return check(
		call, "sessions", used.sessions, 1, call->connection->rpc->control.quotas.sessions);
}

int rpc_quota_check_frames(struct rpc_call *call, unsigned ring_size)
{
	const struct config_quotas *quotas = &call->connection->rpc->control.quotas;
	struct engine_usage used;

	if (!has_quota(call, &used))
		return 0;
	return check(call, "queued frames", used.queued_frames, ring_size, quotas->queued_frames);
}

// How much the membership grows at most. An interface that cannot be found is the engine's to
// refuse.
static void measure(const struct rpc_call *call, const struct engine_request *request,
	bool replaces, struct engine_usage *grows)
{
	struct engine_interface *interface =
		request->interface ? engine_interface_named(call->engine, request->interface)
				   : engine_interface_first(call->engine);
	struct engine_usage has = {0};

	if (interface && request->session)
		engine_owner_measure(request->session,
			engine_interface_host(interface, request->group.family), &request->group,
			&has);
	*grows = (struct engine_usage){
		.groups = 1 - has.groups,
		.sources = request->filter.n_sources,
	};
	if (replaces)
		grows->sources -= RTE_MIN(has.sources, grows->sources);
	// The filter of no source ends the membership.
	if (replaces && sluice_source_filter_is_empty(&request->filter))
		grows->groups = 0;
}

int rpc_quota_check_membership(
	struct rpc_call *call, const struct engine_request *request, bool replaces)
{
	const struct config_quotas *quotas = &call->connection->rpc->control.quotas;
	struct engine_usage used, grows;
	int rc;

	if (!has_quota(call, &used))
		return 0;
	measure(call, request, replaces, &grows);
	rc = check(call, "groups", used.groups, grows.groups, quotas->groups);
	if (rc == 0)
		rc = check(call, "sources", used.sources, grows.sources, quotas->sources);
	return rc;
}
