// SPDX-License-Identifier: BSD-3-Clause
// Publishes memberships to the data plane, always before the report of the membership is sent.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

// ---- Publishing ----------------------------------------------------------------------------

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
	engine_event_emit_member(interface, ENGINE_EVENT_LEFT, change->session, change->group);
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
		engine_event_emit_member(
			interface, ENGINE_EVENT_PENDING, change->session, change->group);
	else
		engine->withdrawn = true; // the filter may have become narrower
	return 0;
}

static struct host *host_of(const struct engine_interface *interface, int family)
{
	return (family == AF_INET ? interface->igmp : interface->mld)->host;
}

int engine_member_publish_change(
	struct engine_interface *interface, const struct member_change *change)
{
	struct host *host = host_of(interface, change->group->family);
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
	struct engine_host *host = host_context(member_host(member));
	struct engine_interface *interface = host->interface;
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

unsigned engine_member_outputs(const struct member *member, struct engine_output *const **outputs)
{
	const struct output_set *set = member_user(member);

	*outputs = set != NULL ? set->outputs : NULL;
	return set != NULL ? set->n : 0;
}
