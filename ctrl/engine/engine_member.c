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

static void withdraw(struct engine_interface *interface, const struct member_change *change)
{
	struct rte_ether_addr mac;

	subscribe(interface, change->group, session_user(change->session), 0);
	interface->engine->withdrawn = true;
	if (change->last) {
		address_ethernet(change->group, mac.addr_bytes);
		port_mac_remove(interface->port, &mac);
	}
	free(member_user(change->member));
	member_set_user(change->member, NULL);
	engine_event_emit_member(interface, ENGINE_EVENT_LEFT, change->session, change->group);
}

static int publish(struct engine_interface *interface, const struct member_change *change,
	const struct output_set *set)
{
	const struct engine_session *session = session_user(change->session);
	struct rte_ether_addr mac;
	unsigned n_lines;
	int rc;

	n_lines = engine_output_lines(
		interface->engine, set, session, change->mode, change->sources, change->n_sources);
	address_ethernet(change->group, mac.addr_bytes);
	if (change->first) {
		rc = port_mac_add(interface->port, &mac);
		if (rc < 0)
			return rc;
	}
	rc = subscribe(interface, change->group, session, n_lines);
	if (rc < 0 && change->first)
		port_mac_remove(interface->port, &mac);
	return rc;
}

// A new membership has the outputs that the request names.
static int begin(struct engine_interface *interface, const struct member_change *change)
{
	const struct engine_request *request = change->arg;
	struct output_set *set = NULL;
	int rc;

	if (request != NULL && request->n_outputs > 0) {
		rc = engine_output_set_add(NULL, request->outputs, request->n_outputs, &set);
		if (rc < 0)
			return rc;
	}
	rc = publish(interface, change, set);
	if (rc < 0) {
		free(set);
		return rc;
	}
	member_set_user(change->member, set);
	engine_event_emit_member(interface, ENGINE_EVENT_PENDING, change->session, change->group);
	return 0;
}

int engine_member_publish_change(
	struct engine_interface *interface, const struct member_change *change)
{
	int rc;

	if (change->mode == SLUICE_INCLUDE && change->n_sources == 0) {
		withdraw(interface, change);
		return 0;
	}
	if (change->is_new)
		return begin(interface, change);
	rc = publish(interface, change, member_user(change->member));
	if (rc == 0)
		interface->engine->withdrawn = true; // the filter may have become narrower
	return rc;
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
