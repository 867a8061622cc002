// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include "scenario_private.h"

#define OLDER_QUERIER_MS 260000

void event_open_host(struct scenario *sc)
{
	const struct script *script = sc->script;
	struct host_address address = {.prefix_length = script->family == AF_INET ? 24 : 64};
	struct host_config config;

	host_config_default(&config);
	config.robustness = script->robustness;
	config.query_interval_ms = script->query_interval_ms;
	config.query_response_interval_ms = script->response_interval_ms;
	config.older_querier_timeout_ms = script->learn_timeout ? 0 : OLDER_QUERIER_MS;
	config.mtu = script->mtu;
	config.seed = script_random(&sc->random);

	if (script->family == AF_INET)
		address.addr = (struct sluice_addr){AF_INET, {192, 0, 2, 1}};
	else
		address.addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 1}};
	sc->host = host_open(script->family, &config, &link_host_ops, sc, sc->now);
	if (!sc->host || host_set_addresses(sc->host, &address, 1, sc->now))
		abort();
	host_set_link(sc->host, sc->link_up, sc->now);
}

void event_open_session(struct scenario *sc, unsigned i)
{
	static const struct session_limits limits = {.groups = SCRIPT_GROUPS, .sources = 64};

	sc->sessions[i] = session_open(&limits, NULL);
	if (!sc->sessions[i])
		abort();
}

static void start_querier(struct scenario *sc, unsigned version)
{
	struct router_config config = sc->routers[QUERIER].config;

	config.version = version;
	router_start(&sc->routers[QUERIER], &config, sc->now);
}

// The time until the last copy of a report.
static uint64_t repeats_ms(const struct script *script)
{
	return (script->robustness - 1) * SCENARIO_UNSOLICITED_MS;
}

static void set_link(struct scenario *sc, bool up)
{
	const struct script *script = sc->script;

	sc->link_up = up;
	host_set_link(sc->host, up, sc->now);
	if (!script->clean)
		return;
	// CHG-17. Groups left meanwhile disappear when their timers run out.
	sc->wanted_from = up ? sc->now + repeats_ms(script) + SCENARIO_SLACK_MS : HOST_NEVER;
	sc->exact_from = up ? sc->now + script->query_interval_ms + script->response_interval_ms +
					 router_membership_ms(&sc->routers[QUERIER].config) +
					 SCENARIO_SLACK_MS
			    : HOST_NEVER;
}

// The host or a router has lost its state. State that no later report refreshes runs out; this time
// begins when the querier has learnt from the first response which groups to query.
static void forget(struct scenario *sc)
{
	const struct router_config *config = &sc->routers[QUERIER].config;

	scenario_later(&sc->exact_from, sc->now + config->response_interval_ms +
						repeats_ms(sc->script) +
						router_membership_ms(config) + SCENARIO_SLACK_MS);
}

// The old host ends at once: the leaves of its closing sessions are not received.
static void restart_host(struct scenario *sc)
{
	bool up = sc->link_up;

	sc->link_up = false;
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++) {
		session_close(sc->sessions[i]);
		event_open_session(sc, i);
	}
	host_close(sc->host);
	sc->model = (struct model){0};
	sc->link_up = up;
	event_open_host(sc);
	forget(sc);
}

int event_call(struct session *session, struct host *host, const struct event *event)
{
	struct sluice_addr group, sources[SCRIPT_SOURCES];
	unsigned n = 0;

	script_group(host_family(host), event->group, &group);
	for (unsigned s = 0; s < SCRIPT_SOURCES; s++)
		if (event->sources >> s & 1)
			script_source(host_family(host), s, &sources[n++]);
	switch (event->type) {
	case EVENT_JOIN:
		return member_join(session, host, &group, NULL);
	case EVENT_LEAVE:
		return member_leave(session, host, &group);
	case EVENT_JOIN_SOURCE:
		return member_join_source(session, host, &group, sources, NULL);
	case EVENT_LEAVE_SOURCE:
		return member_leave_source(session, host, &group, sources);
	case EVENT_BLOCK:
		return member_block_source(session, host, &group, sources);
	case EVENT_UNBLOCK:
		return member_unblock_source(session, host, &group, sources);
	case EVENT_INCLUDE:
		return member_set_filter(session, host, &group,
			&(struct sluice_source_filter){SLUICE_INCLUDE, n, sources}, NULL);
	case EVENT_EXCLUDE:
		return member_set_filter(session, host, &group,
			&(struct sluice_source_filter){SLUICE_EXCLUDE, n, sources}, NULL);
	default:
		return -EOPNOTSUPP;
	}
}

static void call(struct scenario *sc, const struct event *event)
{
	int expected = model_call(&sc->model, event);
	int error = event_call(sc->sessions[event->session], sc->host, event);

	if (error != expected)
		scenario_fail(sc, "a call returned %d, not %d", error, expected);
}

static void call_event(struct scenario *sc, const struct event *event)
{
	struct event each = *event;

	if (event->type == EVENT_CLOSE) {
		model_call(&sc->model, event);
		session_close(sc->sessions[event->session]);
		event_open_session(sc, event->session);
	} else if (event->type == EVENT_JOIN_BULK || event->type == EVENT_LEAVE_BULK) {
		sc->bulk = true;
		each.type = event->type == EVENT_JOIN_BULK ? EVENT_JOIN : EVENT_LEAVE;
		for (each.group = SCRIPT_BULK; each.group < SCRIPT_GROUPS; each.group++)
			call(sc, &each);
	} else {
		call(sc, event);
	}
	if (sc->script->lose_copies)
		scenario_later(
			&sc->wanted_from, sc->now + repeats_ms(sc->script) + SCENARIO_SLACK_MS);
	// The last copy of the report, and then its last-member queries.
	scenario_later(&sc->exact_from, sc->now + repeats_ms(sc->script) +
						sc->script->robustness * SCENARIO_LAST_MEMBER_MS +
						2 * SCENARIO_SLACK_MS);
}

void event_play(struct scenario *sc, const struct event *event)
{
	const struct script *script = sc->script;
	struct scenario_query query = {.group = event->sources & 1 ? ROUTER_GENERAL : event->group};
	struct sluice_addr src, group;
	uint8_t packet[FRAME_PACKET_MAX];

	switch (event->type) {
	case EVENT_RESTART_QUERIER:
		start_querier(sc, event->version);
		scenario_later(&sc->wanted_from,
			sc->now + script->response_interval_ms + SCENARIO_SLACK_MS);
		// It sends no queries about what it forgot, so that the other router keeps that
		// until its timers run out.
		forget(sc);
		break;
	case EVENT_LINK:
		set_link(sc, !sc->link_up);
		break;
	case EVENT_RESTART_HOST:
		restart_host(sc);
		break;
	case EVENT_STRAY_QUERY:
		link_deliver_query(sc, &query, event->version);
		for (unsigned i = 0; i < ROUTERS; i++)
			if (!link_loses(sc))
				router_hear_query(&sc->routers[i], query.group, 0, false, sc->now);
		break;
	case EVENT_FOREIGN_REPORT:
		link_router_address(script, &src);
		script_group(script->family, event->group, &group);
		if (!link_loses(sc))
			host_input(sc->host, packet,
				router_frame_write_report(packet, event->version, &src, &group),
				sc->now);
		for (unsigned i = 0; i < ROUTERS; i++)
			if (!link_loses(sc))
				router_report(&sc->routers[i], event->group, event->version,
					FRAME_IS_EX, 0, sc->now);
		break;
	default:
		call_event(sc, event);
	}
}

void event_calm(struct scenario *sc)
{
	const struct script *script = sc->script;
	const struct router_config *config = &sc->routers[QUERIER].config;
	uint64_t older = 0;

	sc->calm = true;
	if (!sc->link_up)
		set_link(sc, true);
	if (script->clean)
		return;
	if (config->version != script->calm_version)
		start_querier(sc, script->calm_version);
	for (unsigned i = 0; i < script->n_events; i++)
		if (script->events[i].version < 3)
			older = (uint64_t)script->robustness * script->query_interval_ms +
				script->response_interval_ms;
	if (older)
		scenario_later(&older, OLDER_QUERIER_MS);
	sc->wanted_from = sc->now + older + script->query_interval_ms +
			  script->response_interval_ms + SCENARIO_SLACK_MS;
	// The host's older mode ends, then the routers' for its groups, then their timers run out.
	sc->exact_from = sc->wanted_from + older + router_membership_ms(config) + SCENARIO_SLACK_MS;
}
