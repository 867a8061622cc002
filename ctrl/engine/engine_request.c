// SPDX-License-Identifier: BSD-3-Clause
// Carries out the calls of member.h on named interfaces and outputs, and explains their errors.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

// ---- Error texts ---------------------------------------------------------------------------

static bool bad_source(const struct engine_request *request)
{
	for (unsigned i = 0; i < request->n_sources; i++)
		if (request->sources[i].family != request->group.family ||
			!address_is_source(&request->sources[i]))
			return true;
	return false;
}

static const char *explain_invalid(
	enum engine_operation op, const struct host *host, const struct engine_request *request)
{
	bool any_source = op == ENGINE_FILTER ? request->mode == SLUICE_EXCLUDE
					      : op == ENGINE_JOIN && request->n_sources == 0;

	if (!address_is_group(&request->group))
		return "not a multicast group that can be joined";
	if (bad_source(request))
		return "a source must be a unicast address of the group's family";
	if (any_source && host_is_ssm(host, &request->group))
		return "the group is in ssm_ranges, where a join must name its sources";
	if (op == ENGINE_JOIN)
		return request->n_sources > 0 ? "it is joined from any source, leave it first"
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
			return request->n_sources > 0 ? "never joined from that source"
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
	const struct engine_request *request, const struct sluice_addr *source)
{
	struct session *session = request->session->memberships;

	switch (op) {
	case ENGINE_JOIN:
		return member_join_source(session, host, &request->group, source, request);
	case ENGINE_LEAVE:
		return member_leave_source(session, host, &request->group, source);
	case ENGINE_BLOCK:
		return member_block_source(session, host, &request->group, source);
	case ENGINE_UNBLOCK:
		return member_unblock_source(session, host, &request->group, source);
	case ENGINE_FILTER:
		break;
	}
	return -EINVAL;
}

// Applies all sources or none: if one fails, the earlier ones are undone. No report has been sent
// yet, because reports wait for engine_flush().
static int change_sources(
	enum engine_operation op, struct host *host, const struct engine_request *request)
{
	static const enum engine_operation undo[] = {
		[ENGINE_JOIN] = ENGINE_LEAVE,
		[ENGINE_LEAVE] = ENGINE_JOIN,
		[ENGINE_BLOCK] = ENGINE_UNBLOCK,
		[ENGINE_UNBLOCK] = ENGINE_BLOCK,
	};
	unsigned i;
	int rc = 0;

	for (i = 0; i < request->n_sources; i++) {
		rc = change_source(op, host, request, &request->sources[i]);
		if (rc < 0)
			break;
	}
	if (rc < 0)
		while (i-- > 0)
			change_source(undo[op], host, request, &request->sources[i]);
	return rc;
}

static int apply(enum engine_operation op, struct host *host, const struct engine_request *request)
{
	struct session *session = request->session->memberships;

	if (op == ENGINE_FILTER)
		return member_set_filter(session, host, &request->group, request->mode,
			request->sources, request->n_sources, request);
	if (op == ENGINE_JOIN && request->n_sources == 0)
		return member_join(session, host, &request->group, request);
	if (op == ENGINE_LEAVE && request->n_sources == 0)
		return member_leave(session, host, &request->group);
	return change_sources(op, host, request);
}

// An existing membership gets its outputs first. They are taken back if the call fails.
static int apply_to_existing(enum engine_operation op, struct host *host,
	const struct engine_request *request, struct member *member, struct output_set *set)
{
	struct output_set *old = member_user(member);
	int rc;

	rc = engine_member_set_outputs(member, set);
	if (rc < 0) {
		free(set);
		return rc;
	}
	rc = apply(op, host, request);
	if (rc < 0) {
		engine_member_set_outputs(member, old);
		old = set;
	}
	free(old);
	return rc;
}

// A new membership gets its outputs from engine_member_publish_change().
static int apply_with_outputs(
	enum engine_operation op, struct host *host, const struct engine_request *request)
{
	struct session *session = request->session->memberships;
	struct member *member = member_find(session, host, &request->group);
	struct output_set *set;
	int rc;

	if (member == NULL)
		return apply(op, host, request);
	rc = engine_output_set_add(request->only_outputs ? NULL : member_user(member),
		request->outputs, request->n_outputs, &set);
	if (rc < 0)
		return rc;
	return apply_to_existing(op, host, request, member, set);
}

// These calls fail if the device is gone. Leaving stays possible.
static bool asks_for_frames(enum engine_operation op, const struct engine_request *request)
{
	return op == ENGINE_JOIN ||
	       (op == ENGINE_FILTER && (request->mode == SLUICE_EXCLUDE || request->n_sources > 0));
}

int engine_request_call(enum engine_operation op, struct engine *engine,
	const struct engine_request *request, struct error *error)
{
	struct engine_interface *interface;
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
	if (request->n_outputs > 0 || request->only_outputs)
		rc = apply_with_outputs(op, host, request);
	else
		rc = apply(op, host, request);
	if (rc < 0)
		return error_set(error, -rc, "%s on %s: %s", address_format(&request->group, group),
			interface->config.name, explain(op, rc, host, request));
	return 0;
}
