// SPDX-License-Identifier: BSD-3-Clause
#include <stdarg.h>
#include <stdlib.h>
#include "scenario_private.h"

#define STEPS_MAX 200000 // far more than any script needs

void scenario_fail(struct scenario *sc, const char *format, ...)
{
	va_list args;

	if (sc->failed)
		return;
	sc->failed = true;
	sc->result->at_ms = sc->now - SCENARIO_ORIGIN_MS;
	va_start(args, format);
	vsnprintf(sc->result->text, sizeof(sc->result->text), format, args);
	va_end(args);
}

static void check(struct scenario *sc)
{
	unsigned n_groups = sc->bulk ? SCRIPT_GROUPS : SCRIPT_BULK;
	bool old = sc->routers[QUERIER].config.version < 3;

	if (sc->now < sc->wanted_from)
		return;
	for (unsigned g = 0; g < n_groups; g++) {
		uint32_t wanted = model_wanted(&sc->model, g);
		// An older querier learns only whether the group has members.
		uint32_t expected = old && model_joined(&sc->model, g) ? ROUTER_ALL : wanted;

		for (unsigned i = 0; i < ROUTERS; i++) {
			uint32_t forwarded = router_forwarded(&sc->routers[i], g);

			if (wanted & ~forwarded)
				scenario_fail(sc, "router %u blocks sources %#x of group %u", i,
					wanted & ~forwarded, g);
			else if (sc->now >= sc->exact_from && forwarded != expected)
				scenario_fail(sc,
					"router %u forwards sources %#x, not %#x, of group %u", i,
					forwarded, expected, g);
		}
	}
}

static uint64_t next_time(const struct scenario *sc, unsigned played)
{
	uint64_t next = SCENARIO_ORIGIN_MS + sc->script->calm_ms;
	uint64_t others[] = {
		host_next_ms(sc->host),
		router_next_ms(&sc->routers[QUERIER]),
		router_next_ms(&sc->routers[LISTENER]),
		sc->exact_from,
	};

	if (sc->calm)
		next = HOST_NEVER;
	if (played < sc->script->n_events)
		next = SCENARIO_ORIGIN_MS + sc->script->events[played].at_ms;
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] < next && (others[i] > sc->now || i == 0))
			next = others[i];
	return next > sc->now ? next : sc->now;
}

static void run(struct scenario *sc)
{
	const struct script *script = sc->script;
	unsigned played = 0, steps = 0;
	uint64_t end = HOST_NEVER;

	while (sc->now < end && !sc->failed) {
		uint64_t script_ms = sc->now - SCENARIO_ORIGIN_MS;

		if (played < script->n_events && script->events[played].at_ms <= script_ms) {
			while (played < script->n_events &&
				script->events[played].at_ms <= script_ms)
				event_play(sc, &script->events[played++]);
			host_flush(sc->host, sc->now);
		}
		if (!sc->calm && script_ms >= script->calm_ms) {
			event_calm(sc);
			// After this bound the state must also persist.
			end = sc->exact_from + 2 * script->query_interval_ms;
			scenario_later(
				&end, sc->now + 2 * router_membership_ms(&sc->routers[0].config));
		}
		host_advance(sc->host, sc->now);
		for (unsigned i = 0; i < ROUTERS; i++)
			router_advance(&sc->routers[i], sc->now);
		link_drain_queries(sc);
		check(sc);
		if (++steps == STEPS_MAX)
			scenario_fail(sc, "no end of deadlines");
		sc->now = next_time(sc, played);
	}
	// With an older querier a response may wait; the host treats it like a retransmission.
	if (host_busy(sc->host) && sc->routers[QUERIER].config.version == 3)
		scenario_fail(sc, "the host still repeats reports");
}

bool scenario_run(
	const struct script *script, enum frame_type deaf_to, struct scenario_result *result)
{
	struct scenario *sc = calloc(1, sizeof(*sc));
	struct router_config config = {
		.version = 3,
		.robustness = script->robustness,
		.query_interval_ms = script->query_interval_ms,
		.response_interval_ms = script->response_interval_ms,
		.last_member_interval_ms = SCENARIO_LAST_MEMBER_MS,
		.slack_ms = SCENARIO_SLACK_MS,
		.query = link_queue_query,
		.ctx = sc,
	};

	if (!sc)
		abort();
	sc->script = script;
	sc->deaf_to = deaf_to;
	sc->result = result;
	sc->now = SCENARIO_ORIGIN_MS;
	sc->random = script->seed;
	sc->link_up = true;
	if (!script->clean)
		sc->wanted_from = sc->exact_from = HOST_NEVER;
	for (unsigned i = 0; i < ROUTERS; i++) {
		config.querier = i == QUERIER;
		router_start(&sc->routers[i], &config, sc->now);
	}
	event_open_host(sc);
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		event_open_session(sc, i);

	run(sc);

	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		session_close(sc->sessions[i]);
	host_close(sc->host);
	bool good = !sc->failed;
	free(sc);
	return good;
}
