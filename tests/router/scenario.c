// SPDX-License-Identifier: BSD-3-Clause
#include "scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define ORIGIN_MS 5000 // when the clock starts; scripts count from 0
#define LAST_MEMBER_INTERVAL_MS 1000
#define UNSOLICITED_MS 1000
#define SLACK_MS 50
#define OLDER_QUERIER_MS 260000
#define QUERIES 1024 // on the wire at one time
#define STEPS_MAX 200000 // far more than any script needs

enum {
	QUERIER,
	LISTENER,
	ROUTERS,
};

struct query {
	unsigned group;
	uint32_t sources;
	bool suppress;
};

struct scenario {
	const struct script *script;
	enum frame_type deaf_to;
	uint64_t now, random;
	struct host *host;
	struct session *sessions[SCRIPT_SESSIONS];
	struct model model;
	struct router routers[ROUTERS];
	struct query queries[QUERIES];
	unsigned n_queries;
	bool link_up, calm, bulk;
	uint64_t wanted_from, exact_from;
	bool failed;
	struct scenario_failure *failure;
};

__attribute__((format(printf, 2, 3))) static void fail(struct scenario *sc, const char *format, ...)
{
	va_list args;

	if (sc->failed)
		return;
	sc->failed = true;
	sc->failure->at_ms = sc->now - ORIGIN_MS;
	va_start(args, format);
	vsnprintf(sc->failure->text, sizeof(sc->failure->text), format, args);
	va_end(args);
}

static bool lost(struct scenario *sc)
{
	unsigned percent = sc->calm ? 0 : sc->script->loss_percent;

	return !sc->link_up || script_random(&sc->random) % 100 < percent;
}

// ---- From the host to the routers ---------------------------------------------------------

struct hearing {
	struct scenario *sc;
	struct router *router; // NULL: the frame was lost, its records are only checked
};

static void hear_record(void *arg, const struct frame_record *record)
{
	struct hearing *hearing = arg;
	struct scenario *sc = hearing->sc;
	int group = script_find_group(&record->group);
	uint32_t sources = 0;

	if (group < 0) {
		fail(sc, "a record of a group nobody joined");
		return;
	}
	for (unsigned i = 0; i < record->n_sources; i++) {
		struct sluice_addr addr;

		frame_record_source(record, i, &addr);
		int source = script_find_source(&addr);
		if (source < 0 || sources >> source & 1)
			fail(sc, "an unknown source or one named twice in a record");
		else
			sources |= 1u << source;
	}
	if (sc->script->clean && record->version != 3)
		fail(sc, "an old message although no old querier was heard");
	if (hearing->router && (record->version < 3 || record->type != sc->deaf_to))
		router_report(
			hearing->router, group, record->version, record->type, sources, sc->now);
}

static int host_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct scenario *sc = ctx;

	if (!sc->script->clean && !sc->calm && script_random(&sc->random) % 50 == 0)
		return -EAGAIN;
	for (unsigned i = 0; i < ROUTERS; i++) {
		struct hearing hearing = {sc, lost(sc) ? NULL : &sc->routers[i]};
		const char *error = frame_parse(
			sc->script->family, sc->script->mtu, packet, len, hear_record, &hearing);

		if (error)
			fail(sc, "a bad frame: %s", error);
	}
	return 0;
}

static int host_publish(void *ctx, struct host *host, const struct member_change *change)
{
	return 0;
}

static void host_joined(void *ctx, struct host *host, struct member *member)
{
}

static const struct host_ops host_ops = {
	.send = host_send,
	.publish = host_publish,
	.joined = host_joined,
};

// ---- From the routers to the host ---------------------------------------------------------

static void queue_query(void *ctx, unsigned group, uint32_t sources, bool suppress)
{
	struct scenario *sc = ctx;

	if (sc->n_queries == QUERIES)
		fail(sc, "the routers query without end");
	else
		sc->queries[sc->n_queries++] = (struct query){group, sources, suppress};
}

static void router_address(const struct script *script, struct sluice_addr *addr)
{
	if (script->family == AF_INET)
		*addr = (struct sluice_addr){AF_INET, {192, 0, 2, 254}};
	else
		*addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 0x99}};
}

static void deliver_query(struct scenario *sc, const struct query *query, unsigned version)
{
	const struct script *script = sc->script;
	bool general = query->group == ROUTER_GENERAL;
	struct sluice_addr sources[SCRIPT_SOURCES];
	struct frame_query frame = {
		.version = version,
		.sources = sources,
		.max_response_ms = version == 1 ? 0
				   : general    ? script->response_interval_ms
						: LAST_MEMBER_INTERVAL_MS,
		.interval_s = script->query_interval_ms / 1000,
		.robustness = script->robustness,
		.suppress = query->suppress,
	};
	uint8_t packet[FRAME_PACKET_MAX];

	router_address(script, &frame.src);
	if (!general)
		script_group(script->family, query->group, &frame.group);
	for (unsigned s = 0; s < SCRIPT_SOURCES; s++)
		if (query->sources >> s & 1)
			script_source(script->family, s, &sources[frame.n_sources++]);
	size_t len = frame_write_query(packet, &frame);
	if (!lost(sc))
		host_input(sc->host, packet, len, sc->now);
}

static void drain_queries(struct scenario *sc)
{
	for (unsigned i = 0; i < sc->n_queries; i++) {
		const struct query *query = &sc->queries[i];

		deliver_query(sc, query, sc->routers[QUERIER].config.version);
		if (!lost(sc))
			router_hear_query(&sc->routers[LISTENER], query->group, query->sources,
				query->suppress, sc->now);
	}
	sc->n_queries = 0;
}

// ---- Events -------------------------------------------------------------------------------

static void later(uint64_t *time, uint64_t than)
{
	if (*time < than)
		*time = than;
}

static void open_host(struct scenario *sc)
{
	const struct script *script = sc->script;
	struct host_address address = {.prefix_length = script->family == AF_INET ? 24 : 64};
	struct host_config config;

	host_config_default(&config, script->family);
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
	sc->host = host_open(script->family, &config, &host_ops, sc, sc->now);
	if (!sc->host || host_set_addresses(sc->host, &address, 1, sc->now))
		abort();
	host_set_link(sc->host, sc->link_up, sc->now);
}

static void open_session(struct scenario *sc, unsigned i)
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

static void set_link(struct scenario *sc, bool up)
{
	const struct script *script = sc->script;

	sc->link_up = up;
	host_set_link(sc->host, up, sc->now);
	if (!script->clean)
		return;
	// CHG-17. What was left meanwhile goes when its timers run out.
	sc->wanted_from = up ? sc->now + UNSOLICITED_MS + SLACK_MS : HOST_NEVER;
	sc->exact_from = up ? sc->now + script->query_interval_ms + script->response_interval_ms +
					 router_membership_ms(&sc->routers[QUERIER].config) +
					 SLACK_MS
			    : HOST_NEVER;
}

// Somebody's memory is lost: what nobody will speak of any more runs out in time.
static void forget(struct scenario *sc)
{
	const struct router_config *config = &sc->routers[QUERIER].config;

	later(&sc->exact_from, sc->now + router_membership_ms(config) + SLACK_MS);
}

// The old host falls silent at once: what its sessions say as they close is not heard.
static void restart_host(struct scenario *sc)
{
	bool up = sc->link_up;

	sc->link_up = false;
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++) {
		session_close(sc->sessions[i], sc->now);
		open_session(sc, i);
	}
	host_close(sc->host);
	sc->model = (struct model){0};
	sc->link_up = up;
	open_host(sc);
	forget(sc);
}

int scenario_call(
	struct session *session, struct host *host, const struct event *event, uint64_t now_ms)
{
	struct sluice_addr group, sources[SCRIPT_SOURCES];
	unsigned n = 0;

	script_group(host_family(host), event->group, &group);
	for (unsigned s = 0; s < SCRIPT_SOURCES; s++)
		if (event->sources >> s & 1)
			script_source(host_family(host), s, &sources[n++]);
	switch (event->type) {
	case EVENT_JOIN:
		return member_join(session, host, &group, now_ms);
	case EVENT_LEAVE:
		return member_leave(session, host, &group, now_ms);
	case EVENT_JOIN_SOURCE:
		return member_join_source(session, host, &group, sources, now_ms);
	case EVENT_LEAVE_SOURCE:
		return member_leave_source(session, host, &group, sources, now_ms);
	case EVENT_BLOCK:
		return member_block_source(session, host, &group, sources, now_ms);
	case EVENT_UNBLOCK:
		return member_unblock_source(session, host, &group, sources, now_ms);
	case EVENT_INCLUDE:
		return member_set_filter(session, host, &group, SLUICE_INCLUDE, sources, n, now_ms);
	case EVENT_EXCLUDE:
		return member_set_filter(session, host, &group, SLUICE_EXCLUDE, sources, n, now_ms);
	default:
		return -EOPNOTSUPP;
	}
}

static void call(struct scenario *sc, const struct event *event)
{
	int expected = model_call(&sc->model, event);
	int error = scenario_call(sc->sessions[event->session], sc->host, event, sc->now);

	if (error != expected)
		fail(sc, "a call returned %d, not %d", error, expected);
}

static void call_event(struct scenario *sc, const struct event *event)
{
	struct event each = *event;

	if (event->type == EVENT_CLOSE) {
		model_call(&sc->model, event);
		session_close(sc->sessions[event->session], sc->now);
		open_session(sc, event->session);
	} else if (event->type == EVENT_JOIN_BULK || event->type == EVENT_LEAVE_BULK) {
		sc->bulk = true;
		each.type = event->type == EVENT_JOIN_BULK ? EVENT_JOIN : EVENT_LEAVE;
		for (each.group = SCRIPT_BULK; each.group < SCRIPT_GROUPS; each.group++)
			call(sc, &each);
	} else {
		call(sc, event);
	}
	// The last repeat of the report, and then its last-member queries.
	later(&sc->exact_from,
		sc->now + sc->script->robustness * (UNSOLICITED_MS + LAST_MEMBER_INTERVAL_MS) +
			2 * SLACK_MS);
}

static void play(struct scenario *sc, const struct event *event)
{
	const struct script *script = sc->script;
	struct query query = {.group = event->sources & 1 ? ROUTER_GENERAL : event->group};
	struct sluice_addr src, group;
	uint8_t packet[FRAME_PACKET_MAX];

	switch (event->type) {
	case EVENT_RESTART_QUERIER:
		start_querier(sc, event->version);
		later(&sc->wanted_from, sc->now + script->response_interval_ms + SLACK_MS);
		// It does not query about what it forgot, so the other keeps that for its time.
		forget(sc);
		break;
	case EVENT_LINK:
		set_link(sc, !sc->link_up);
		break;
	case EVENT_RESTART_HOST:
		restart_host(sc);
		break;
	case EVENT_STRAY_QUERY:
		deliver_query(sc, &query, event->version);
		for (unsigned i = 0; i < ROUTERS; i++)
			if (!lost(sc))
				router_hear_query(&sc->routers[i], query.group, 0, false, sc->now);
		break;
	case EVENT_FOREIGN_REPORT:
		router_address(script, &src);
		script_group(script->family, event->group, &group);
		if (!lost(sc))
			host_input(sc->host, packet,
				frame_write_report(packet, event->version, &src, &group), sc->now);
		for (unsigned i = 0; i < ROUTERS; i++)
			if (!lost(sc))
				router_report(&sc->routers[i], event->group, event->version,
					FRAME_IS_EX, 0, sc->now);
		break;
	default:
		call_event(sc, event);
	}
}

static void become_calm(struct scenario *sc)
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
		later(&older, OLDER_QUERIER_MS);
	sc->wanted_from = sc->now + older + script->query_interval_ms +
			  script->response_interval_ms + SLACK_MS;
	// The host's older mode ends, then the routers' for its groups, then their timers run out.
	sc->exact_from = sc->wanted_from + older + router_membership_ms(config) + SLACK_MS;
}

// ---- What must hold -----------------------------------------------------------------------

static void check(struct scenario *sc)
{
	unsigned n_groups = sc->bulk ? SCRIPT_GROUPS : SCRIPT_BULK;
	bool old = sc->routers[QUERIER].config.version < 3;

	if (sc->now < sc->wanted_from)
		return;
	for (unsigned g = 0; g < n_groups; g++) {
		uint32_t wanted = model_wanted(&sc->model, g);
		// An old querier learns only whether somebody is there.
		uint32_t expected = old && model_joined(&sc->model, g) ? ROUTER_ALL : wanted;

		for (unsigned i = 0; i < ROUTERS; i++) {
			uint32_t forwarded = router_forwarded(&sc->routers[i], g);

			if (wanted & ~forwarded)
				fail(sc, "router %u blocks sources %#x of group %u", i,
					wanted & ~forwarded, g);
			else if (sc->now >= sc->exact_from && forwarded != expected)
				fail(sc, "router %u forwards sources %#x, not %#x, of group %u", i,
					forwarded, expected, g);
		}
	}
}

static uint64_t next_time(const struct scenario *sc, unsigned played)
{
	uint64_t next = ORIGIN_MS + sc->script->calm_ms;
	uint64_t others[] = {
		host_next_ms(sc->host),
		router_next_ms(&sc->routers[QUERIER]),
		router_next_ms(&sc->routers[LISTENER]),
		sc->exact_from,
	};

	if (sc->calm)
		next = HOST_NEVER;
	if (played < sc->script->n_events)
		next = ORIGIN_MS + sc->script->events[played].at_ms;
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
		uint64_t script_ms = sc->now - ORIGIN_MS;

		if (played < script->n_events && script->events[played].at_ms <= script_ms) {
			while (played < script->n_events &&
				script->events[played].at_ms <= script_ms)
				play(sc, &script->events[played++]);
			host_flush(sc->host, sc->now);
		}
		if (!sc->calm && script_ms >= script->calm_ms) {
			become_calm(sc);
			// Past that bound the state must also last.
			end = sc->exact_from + 2 * script->query_interval_ms;
			later(&end, sc->now + 2 * router_membership_ms(&sc->routers[0].config));
		}
		host_advance(sc->host, sc->now);
		for (unsigned i = 0; i < ROUTERS; i++)
			router_advance(&sc->routers[i], sc->now);
		drain_queries(sc);
		check(sc);
		if (++steps == STEPS_MAX)
			fail(sc, "no end of deadlines");
		sc->now = next_time(sc, played);
	}
	// With an old querier an answer may wait, and is the same to the host as a repeat.
	if (host_busy(sc->host) && sc->routers[QUERIER].config.version == 3)
		fail(sc, "the host still repeats reports");
}

bool scenario_run(
	const struct script *script, enum frame_type deaf_to, struct scenario_failure *failure)
{
	struct scenario *sc = calloc(1, sizeof(*sc));
	struct router_config config = {
		.version = 3,
		.robustness = script->robustness,
		.query_interval_ms = script->query_interval_ms,
		.response_interval_ms = script->response_interval_ms,
		.last_member_interval_ms = LAST_MEMBER_INTERVAL_MS,
		.slack_ms = SLACK_MS,
		.query = queue_query,
		.ctx = sc,
	};

	if (!sc)
		abort();
	sc->script = script;
	sc->deaf_to = deaf_to;
	sc->failure = failure;
	sc->now = ORIGIN_MS;
	sc->random = script->seed;
	sc->link_up = true;
	if (!script->clean)
		sc->wanted_from = sc->exact_from = HOST_NEVER;
	for (unsigned i = 0; i < ROUTERS; i++) {
		config.querier = i == QUERIER;
		router_start(&sc->routers[i], &config, sc->now);
	}
	open_host(sc);
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		open_session(sc, i);

	run(sc);

	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		session_close(sc->sessions[i], sc->now);
	host_close(sc->host);
	bool good = !sc->failed;
	free(sc);
	return good;
}
