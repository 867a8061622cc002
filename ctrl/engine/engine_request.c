// SPDX-License-Identifier: BSD-3-Clause
// Carries out the calls of member.h on named interfaces and outputs, and explains their errors.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

// ---- Error texts ---------------------------------------------------------------------------

static bool bad_source(const struct engine_request *request)
{
	for (unsigned i = 0; i < request->filter.n_sources; i++)
		if (request->filter.sources[i].family != request->group.family ||
			!address_is_source(&request->filter.sources[i]))
			return true;
	return false;
}

static const char *explain_invalid(
	enum engine_operation op, const struct host *host, const struct engine_request *request)
{
	bool any_source = op == ENGINE_FILTER ? request->filter.mode == SLUICE_EXCLUDE
					      : op == ENGINE_JOIN && request->filter.n_sources == 0;

	if (!address_is_group(&request->group))
		return "not a multicast group that can be joined";
	if (bad_source(request))
		return "a source must be a unicast address of the group's family";
	if (any_source && host_config_is_ssm(host, &request->group))
		return "the group is in ssm_ranges, where a join must name its sources";
	if (op == ENGINE_JOIN)
		return request->filter.n_sources > 0
			       ? "it is joined from any source, leave it first"
			       : "it is joined by source, leave it first";
	if (op == ENGINE_LEAVE)
		return "it is joined from any source, there is no single source to leave";
	return "only a group joined from any source has blocked sources";
}

static const char *explain(enum engine_operation op, int rc, const struct host *host,
	const struct engine_request *request)
{
	switch (-rc) {
	case EINVAL:
		return explain_invalid(op, host, request);
	case EADDRNOTAVAIL:
		switch (op) {
		case ENGINE_JOIN:
			return "it is already joined from that source";
		case ENGINE_LEAVE:
			return request->filter.n_sources > 0 ? "never joined from that source"
							     : "never joined";
		case ENGINE_BLOCK:
			return "that source is already blocked";
		default:
			return "that source is not blocked";
		}
	case ENOBUFS:
		return "a limit of groups or sources is reached, see `limits`";
	default:
		return strerror(-rc);
	}
}

// ---- Calls ---------------------------------------------------------------------------------

static int list_interfaces(struct engine *engine, struct error *error)
{
	const struct engine_interface *interface;
	char names[384] = "";
	size_t used = 0;

	TAILQ_FOREACH (interface, &engine->interfaces, next)
		if (used < sizeof(names))
			used += snprintf(
				names + used, sizeof(names) - used, " %s", interface->config.name);
	return error_set(error, EINVAL, "which interface? there are%s", names);
}

static int find_interface(struct engine *engine, const char *name,
	struct engine_interface **interface, struct error *error)
{
	if (name == NULL && engine->n_interfaces != 1)
		return list_interfaces(engine, error);
	*interface = name != NULL ? engine_interface_named(engine, name)
				  : engine_interface_first(engine);
	if (*interface == NULL)
		return error_set(error, ENODEV, "no interface named %s", name);
	return 0;
}

static int change_source(enum engine_operation op, struct host *host,
	const struct engine_request *request, struct engine_outputs_change *outputs)
{
	struct session *session = request->session->memberships;
	const struct sluice_addr *group = &request->group, *source = request->filter.sources;

	switch (op) {
	case ENGINE_JOIN:
		return member_join_source(session, host, group, source, outputs);
	case ENGINE_LEAVE:
		return member_leave_source(session, host, group, source);
	case ENGINE_BLOCK:
		return member_block_source(session, host, group, source);
	case ENGINE_UNBLOCK:
		return member_unblock_source(session, host, group, source);
	case ENGINE_FILTER:
		break;
	}
	return -EINVAL;
}

// The errors are those of a single source.
static int judge_sources(enum engine_operation op, const struct engine_request *request,
	const struct member *member, enum sluice_filter_mode mode)
{
	if (!address_is_multicast(&request->group) || bad_source(request))
		return -EINVAL;
	if (member == NULL)
		return op == ENGINE_JOIN ? 0 : op == ENGINE_LEAVE ? -EADDRNOTAVAIL : -EINVAL;
	return member_filter(member).mode == mode ? 0 : -EINVAL;
}

// Several sources succeed or fail together: they are one change of the filter.
static int change_sources(enum engine_operation op, struct host *host,
	const struct engine_request *request, struct engine_outputs_change *outputs)
{
	enum sluice_filter_mode mode =
		op == ENGINE_JOIN || op == ENGINE_LEAVE ? SLUICE_INCLUDE : SLUICE_EXCLUDE;
	struct session *session = request->session->memberships;
	const struct member *member = member_find(session, host, &request->group);
	struct sluice_source_filter before = {.mode = mode}, after;
	int rc;

	if (request->filter.n_sources == 1)
		return change_source(op, host, request, outputs);
	rc = judge_sources(op, request, member, mode);
	if (rc < 0)
		return rc;
	if (member != NULL)
		before = member_filter(member);
	rc = engine_source_change(&before, op == ENGINE_JOIN || op == ENGINE_BLOCK,
		request->filter.sources, request->filter.n_sources, &after);
	if (rc < 0)
		return rc;
	rc = member_set_filter(session, host, &request->group, &after, outputs);
	free((void *)after.sources);
	return rc;
}

static int apply(enum engine_operation op, struct host *host, const struct engine_request *request,
	struct engine_outputs_change *outputs)
{
	struct session *session = request->session->memberships;

	if (op == ENGINE_FILTER)
		return member_set_filter(session, host, &request->group, &request->filter, outputs);
	if (op == ENGINE_JOIN && request->filter.n_sources == 0)
		return member_join(session, host, &request->group, outputs);
	if (op == ENGINE_LEAVE && request->filter.n_sources == 0)
		return member_leave(session, host, &request->group);
	return change_sources(op, host, request, outputs);
}

// The call has changed no filter: it has counted a join, or the filter is the same.
static int set_outputs(enum engine_operation op, struct host *host,
	const struct engine_request *request, const struct engine_outputs_change *outputs)
{
	struct session *session = request->session->memberships;
	struct member *member = member_find(session, host, &request->group);
	struct output_set *old, *set;
	int rc;

	if (member == NULL)
		return 0;
	old = member_user(member);
	rc = engine_output_set_add(request->session->engine, outputs->replace ? NULL : old,
		outputs->outputs, outputs->n, &set);
	if (rc == 0)
		rc = engine_member_set_outputs(member, set);
	if (rc < 0 && op == ENGINE_JOIN)
		member_leave(session, host, &request->group); // takes the count back
	free(rc < 0 ? set : old);
	return rc;
}

static int apply_with_outputs(
	enum engine_operation op, struct host *host, const struct engine_request *request)
{
	struct engine_outputs_change outputs = {
		.outputs = request->outputs,
		.n = request->n_outputs,
		.replace = request->only_outputs,
	};
	int rc = apply(op, host, request, &outputs);

	return rc == 0 && !outputs.published ? set_outputs(op, host, request, &outputs) : rc;
}

static bool has_outputs(enum engine_operation op, const struct engine_request *request)
{
	return (op == ENGINE_JOIN && request->n_outputs > 0) ||
	       (op == ENGINE_FILTER && (request->n_outputs > 0 || request->only_outputs));
}

// These calls fail if the device is gone. Leaving stays possible.
static bool asks_for_frames(enum engine_operation op, const struct engine_request *request)
{
	return op == ENGINE_JOIN ||
	       (op == ENGINE_FILTER && !sluice_source_filter_is_empty(&request->filter));
}

int engine_request_call(enum engine_operation op, struct engine *engine,
	const struct engine_request *request, struct error *error)
{
	struct engine_interface *interface;
	struct engine_usage before, now;
	char group[ADDRESS_TEXT_MAX];
	struct host *host;
	int rc;

	rc = find_interface(engine, request->interface, &interface, error);
	if (rc < 0)
		return rc;
	if (interface->removed && asks_for_frames(op, request))
		return error_set(error, ENETDOWN, "interface %s: the device of port %s is gone",
			interface->config.name, interface->config.port);
	host = engine_interface_host(interface, request->group.family);
	engine_owner_measure(request->session, host, &request->group, &before);
	if (has_outputs(op, request))
		rc = apply_with_outputs(op, host, request);
	else
		rc = apply(op, host, request, NULL);
	engine_owner_measure(request->session, host, &request->group, &now);
	engine_owner_account(request->session, &before, &now);
	if (rc < 0)
		return error_set(error, -rc, "%s on %s: %s", address_format(&request->group, group),
			interface->config.name, explain(op, rc, host, request));
	return 0;
}
