// SPDX-License-Identifier: BSD-3-Clause
// Publishes memberships to the data plane, always before the report of the membership is sent.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

// ---- Publishing ----------------------------------------------------------------------------

static int subscribe(struct engine_interface *interface, const struct sluice_addr *group,
	const struct engine_session *session, unsigned n_subscribers)
{
	return interface_subscribe(interface->dataplane, group, session->id,
		interface->engine->subscribers, n_subscribers);
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
	unsigned n_subscribers;
	int rc;

	n_subscribers = engine_output_subscribers(interface->engine, set, session, &change->filter);
	address_ethernet(change->group, mac.addr_bytes);
	if (change->first) {
		rc = port_mac_add(interface->port, &mac);
		if (rc < 0)
			return rc;
	}
	rc = subscribe(interface, change->group, session, n_subscribers);
	if (rc < 0 && change->first)
		port_mac_remove(interface->port, &mac);
	return rc;
}

// With the outputs that the call names, if it names any. The filter and the outputs are published
// as one change, so that it fails as one.
static int publish_called(struct engine_interface *interface, const struct member_change *change)
{
	// member.h passes it on without knowing what it is.
	struct engine_outputs_change *outputs = (struct engine_outputs_change *)change->arg;
	struct output_set *old = member_user(change->member), *set;
	int rc;

	if (outputs == NULL)
		return publish(interface, change, old);
	rc = engine_output_set_add(interface->engine, outputs->replace ? NULL : old,
		outputs->outputs, outputs->n, &set);
	if (rc < 0)
		return rc;
	rc = publish(interface, change, set);
	if (rc < 0) {
		free(set);
		return rc;
	}
	member_set_user(change->member, set);
	outputs->published = true;
	free(old);
	return 0;
}

int engine_member_publish_change(
	struct engine_interface *interface, const struct member_change *change)
{
	int rc;

	if (sluice_source_filter_is_empty(&change->filter)) {
		withdraw(interface, change);
		return 0;
	}
	rc = publish_called(interface, change);
	if (rc < 0)
		return rc;
	if (change->is_new)
		engine_event_emit_member(
			interface, ENGINE_EVENT_PENDING, change->session, change->group);
	else
		interface->engine->withdrawn = true; // the filter may have become narrower
	return 0;
}

int engine_member_set_outputs(struct member *member, struct output_set *set)
{
	struct engine_host *host = host_context(member_host(member));
	struct engine_interface *interface = host->interface;
	const struct engine_session *session = session_user(member_session(member));
	const struct sluice_source_filter filter = member_filter(member);
	struct sluice_addr group;
	unsigned n_subscribers;
	int rc;

	n_subscribers = engine_output_subscribers(interface->engine, set, session, &filter);
	member_group(member, &group);
	rc = subscribe(interface, &group, session, n_subscribers);
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
