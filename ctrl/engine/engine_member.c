// SPDX-License-Identifier: BSD-3-Clause
// Memberships: the calls of member.h on named interfaces and outputs, and their way into the data
// plane. The order of DESIGN's promise: the data plane knows before the wire does.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

// ---- Into the data plane -------------------------------------------------------------------

static int subscribe(struct engine_interface *interface, const struct sluice_addr *group,
	const struct engine_session *session, unsigned n_lines)
{
	return interface_subscribe(
		interface->dataplane, group, session->id, interface->engine->lines, n_lines);
}

static void withdraw(struct engine_interface *interface, const struct member_change *change,
	struct member *member, bool last)
{
	struct rte_ether_addr mac;

	subscribe(interface, change->group, session_user(change->session), 0);
	interface->engine->withdrawn = true;
	if (last) {
		address_ethernet(change->group, mac.addr_bytes);
		port_mac_remove(interface->port, &mac);
	}
	free(member_user(member));
	member_set_user(member, NULL);
	engine_emit_member(interface, ENGINE_EVENT_LEFT, change->session, change->group);
}

static int admit(struct engine_interface *interface, const struct member_change *change,
	struct member *member, bool first)
{
	const struct engine_session *session = session_user(change->session);
	struct engine *engine = interface->engine;
	const struct output_set *set = engine->publishing;
	struct rte_ether_addr mac;
	unsigned n_lines;
	int rc;

	if (set == NULL && member != NULL)
		set = member_user(member);
	n_lines = engine_output_lines(
		engine, set, session, change->mode, change->sources, change->n_sources);
	address_ethernet(change->group, mac.addr_bytes);
	if (first) {
		rc = port_mac_add(interface->port, &mac);
		if (rc < 0)
			return rc;
	}
	rc = subscribe(interface, change->group, session, n_lines);
	if (rc < 0 && first)
		port_mac_remove(interface->port, &mac);
	if (rc < 0)
		return rc;
	if (member == NULL)
		engine_emit_member(interface, ENGINE_EVENT_PENDING, change->session, change->group);
	else
		engine->withdrawn = true; // the filter may have become narrower
	return 0;
}

int engine_member_publish_change(
	struct engine_interface *interface, const struct member_change *change)
{
	struct host *host = engine_interface_host(interface, change->group->family);
	struct member *member = member_find(change->session, host, change->group);
	struct host_group_info info;

	if (host_group_get(host, change->group, &info, NULL, 0) < 0)
		info.n_members = 0;
	if (change->mode == SLUICE_INCLUDE && change->n_sources == 0) {
		withdraw(interface, change, member, info.n_members == 1);
		return 0;
	}
	return admit(interface, change, member, info.n_members == 0);
}

int engine_member_set_outputs(struct member *member, struct output_set *set)
{
	struct engine_interface *interface = engine_host_interface(member_host(member));
	const struct engine_session *session = session_user(member_session(member));
	const struct sluice_addr *sources;
	enum sluice_filter_mode mode;
	struct sluice_addr group;
	unsigned n_sources, n_lines;
	int rc;

	mode = member_filter(member, &sources, &n_sources);
	n_lines = engine_output_lines(interface->engine, set, session, mode, sources, n_sources);
	member_group(member, &group);
	rc = subscribe(interface, &group, session, n_lines);
	if (rc < 0)
		return rc;
	interface->engine->withdrawn = true;
	member_set_user(member, set);
	return 0;
}

// ---- What went wrong -----------------------------------------------------------------------

enum operation { OP_JOIN, OP_LEAVE, OP_BLOCK, OP_UNBLOCK, OP_FILTER };

static bool bad_source(const struct engine_request *request)
{
	for (unsigned i = 0; i < request->n_sources; i++)
		if (request->sources[i].family != request->group.family ||
			!address_is_source(&request->sources[i]))
			return true;
	return false;
}

static const char *explain_invalid(
	enum operation op, const struct host *host, const struct engine_request *request)
{
	bool any_source = op == OP_FILTER ? request->mode == SLUICE_EXCLUDE
					  : op == OP_JOIN && request->n_sources == 0;

	if (!address_is_group(&request->group))
		return "not a multicast group one can join";
	if (bad_source(request))
		return "a source must be a unicast address of the group's family";
	if (any_source && host_is_ssm(host, &request->group))
		return "the group is in ssm_ranges, where a join must name its sources";
	if (op == OP_JOIN)
		return request->n_sources > 0 ? "it is joined from any source, leave it first"
					      : "it is joined by source, leave it first";
	if (op == OP_LEAVE)
		return "it is joined from any source, there is no single source to leave";
	return "only a group joined from any source has blocked sources";
}

static const char *explain(
	enum operation op, int rc, const struct host *host, const struct engine_request *request)
{
	switch (-rc) {
	case EINVAL:
		return explain_invalid(op, host, request);
	case EADDRNOTAVAIL:
		switch (op) {
		case OP_JOIN:
			return "it is joined from that source already";
		case OP_LEAVE:
			return request->n_sources > 0 ? "never joined from that source"
						      : "never joined";
		case OP_BLOCK:
			return "that source is blocked already";
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
	char names[384] = "";
	size_t used = 0;

	for (unsigned i = 0; i < engine->n_interfaces && used < sizeof(names); i++)
		used += snprintf(names + used, sizeof(names) - used, " %s",
			engine->interfaces[i].config->name);
	return error_set(error, EINVAL, "which interface? there are%s", names);
}

static int find_interface(struct engine *engine, const char *name,
	struct engine_interface **interface, struct error *error)
{
	if (name == NULL && engine->n_interfaces != 1)
		return list_interfaces(engine, error);
	*interface = name != NULL ? engine_interface_named(engine, name) : engine->interfaces;
	if (*interface == NULL)
		return error_set(error, ENODEV, "no interface named %s", name);
	return 0;
}

typedef int (*source_fn)(struct session *session, struct host *host,
	const struct sluice_addr *group, const struct sluice_addr *source, uint64_t now_ms);

// All sources or none: what was done before one failed is undone. Nothing of it is on the wire,
// because reports wait for engine_flush().
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

static int apply(enum operation op, struct host *host, const struct engine_request *request)
{
	struct session *session = request->session->memberships;
	uint64_t now_ms = engine_now_ms();

	switch (op) {
	case OP_JOIN:
		if (request->n_sources > 0)
			return for_each_source(
				host, request, member_join_source, member_leave_source);
		return member_join(session, host, &request->group, now_ms);
	case OP_LEAVE:
		if (request->n_sources > 0)
			return for_each_source(
				host, request, member_leave_source, member_join_source);
		return member_leave(session, host, &request->group, now_ms);
	case OP_BLOCK:
		return for_each_source(host, request, member_block_source, member_unblock_source);
	case OP_UNBLOCK:
		return for_each_source(host, request, member_unblock_source, member_block_source);
	case OP_FILTER:
		return member_set_filter(session, host, &request->group, request->mode,
			request->sources, request->n_sources, now_ms);
	}
	return -EINVAL;
}

// A new membership gets its outputs by way of the publish hook, which runs before the membership
// can be found; it keeps them if the call succeeds.
static int apply_new(enum operation op, struct host *host, const struct engine_request *request,
	struct output_set *set)
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

// An old one gets them first; they are taken back if the call fails.
static int apply_old(enum operation op, struct host *host, const struct engine_request *request,
	struct member *member, struct output_set *set)
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
	enum operation op, struct host *host, const struct engine_request *request)
{
	struct session *session = request->session->memberships;
	struct member *member = member_find(session, host, &request->group);
	struct output_set *set;
	int rc;

	rc = engine_output_set_add(member != NULL ? member_user(member) : NULL, request->outputs,
		request->n_outputs, &set);
	if (rc < 0)
		return rc;
	return member != NULL ? apply_old(op, host, request, member, set)
			      : apply_new(op, host, request, set);
}

// What a device that is gone refuses: leaving stays possible.
static bool asks_for_frames(enum operation op, const struct engine_request *request)
{
	return op == OP_JOIN ||
	       (op == OP_FILTER && (request->mode == SLUICE_EXCLUDE || request->n_sources > 0));
}

static int call(enum operation op, struct engine *engine, const struct engine_request *request,
	struct error *error)
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
			interface->config->name, interface->config->port);
	host = engine_interface_host(interface, request->group.family);
	if (request->n_outputs > 0)
		rc = apply_with_outputs(op, host, request);
	else
		rc = apply(op, host, request);
	if (rc < 0)
		return error_set(error, -rc, "%s on %s: %s", address_format(&request->group, group),
			interface->config->name, explain(op, rc, host, request));
	return 0;
}

int engine_join(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return call(OP_JOIN, engine, request, error);
}

int engine_leave(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return call(OP_LEAVE, engine, request, error);
}

int engine_block(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return call(OP_BLOCK, engine, request, error);
}

int engine_unblock(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return call(OP_UNBLOCK, engine, request, error);
}

int engine_filter(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return call(OP_FILTER, engine, request, error);
}
