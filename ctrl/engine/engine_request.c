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

typedef int (*source_fn)(struct session *session, struct host *host,
	const struct sluice_addr *group, const struct sluice_addr *source, uint64_t now_ms);

// Applies all sources or none: if one fails, the earlier ones are undone. No report has been sent
// yet, because reports wait for engine_flush().
static int for_each_source(
	struct host *host, const struct engine_request *request, source_fn fn, source_fn undo)
{
	struct session *session = request->session->memberships;
	uint64_t now_ms = engine_now_ms();
	unsigned i;
	int rc = 0;

	for (i = 0; i < request->n_sources; i++) {
		rc = fn(session, host, &request->group, &request->sources[i], now_ms);
		if (rc < 0)
			break;
	}
	if (rc < 0)
		while (i-- > 0)
			undo(session, host, &request->group, &request->sources[i], now_ms);
	return rc;
}

static int apply(enum engine_operation op, struct host *host, const struct engine_request *request)
{
	struct session *session = request->session->memberships;
	uint64_t now_ms = engine_now_ms();

	switch (op) {
	case ENGINE_JOIN:
		if (request->n_sources > 0)
			return for_each_source(
				host, request, member_join_source, member_leave_source);
		return member_join(session, host, &request->group, now_ms);
	case ENGINE_LEAVE:
		if (request->n_sources > 0)
			return for_each_source(
				host, request, member_leave_source, member_join_source);
		return member_leave(session, host, &request->group, now_ms);
	case ENGINE_BLOCK:
		return for_each_source(host, request, member_block_source, member_unblock_source);
	case ENGINE_UNBLOCK:
		return for_each_source(host, request, member_unblock_source, member_block_source);
	case ENGINE_FILTER:
		return member_set_filter(session, host, &request->group, request->mode,
			request->sources, request->n_sources, now_ms);
	}
	return -EINVAL;
}

// A new membership gets its outputs in the publish callback, which runs before the membership can
// be found. It keeps them if the call succeeds.
static int apply_new(enum engine_operation op, struct host *host,
	const struct engine_request *request, struct output_set *set)
{
	struct engine *engine = request->session->engine;
	struct member *member = NULL;
	int rc;

	engine->publishing = set;
	rc = apply(op, host, request);
	engine->publishing = NULL;
	if (rc == 0)
		member = member_find(request->session->memberships, host, &request->group);
	if (member != NULL)
		member_set_user(member, set);
	else
		free(set);
	return rc;
}

// An existing membership gets its outputs first. They are taken back if the call fails.
static int apply_old(enum engine_operation op, struct host *host,
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

static int apply_with_outputs(
	enum engine_operation op, struct host *host, const struct engine_request *request)
{
	struct session *session = request->session->memberships;
	struct member *member = member_find(session, host, &request->group);
	struct output_set *set;
	int rc;

	rc = engine_output_set_add(
		member != NULL && !request->only_outputs ? member_user(member) : NULL,
		request->outputs, request->n_outputs, &set);
	if (rc < 0)
		return rc;
	return member != NULL ? apply_old(op, host, request, member, set)
			      : apply_new(op, host, request, set);
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
