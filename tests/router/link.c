// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include "scenario_private.h"

bool link_loses(struct scenario *sc)
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
		scenario_fail(sc, "a record of a group nobody joined");
		return;
	}
	for (unsigned i = 0; i < record->n_sources; i++) {
		struct sluice_addr addr;

		router_frame_record_source(record, i, &addr);
		int source = script_find_source(&addr);
		if (source < 0 || sources >> source & 1)
			scenario_fail(sc, "an unknown source or one named twice in a record");
		else
			sources |= 1u << source;
	}
	if (sc->script->clean && record->version != 3)
		scenario_fail(sc, "an old message although no old querier was heard");
	if (hearing->router && (record->version < 3 || record->type != sc->deaf_to))
		router_report(
			hearing->router, group, record->version, record->type, sources, sc->now);
}

// The effects of losing a state-change report.
struct copy {
	struct scenario *sc;
	bool change;
	bool last; // for some group all earlier copies were lost
	bool lose;
};

static void weigh_copy(void *arg, const struct frame_record *record)
{
	struct copy *copy = arg;
	int group = script_find_group(&record->group);

	copy->change = record->type >= FRAME_TO_IN;
	if (group >= 0 && copy->sc->lost_copies[group] + 1 >= copy->sc->script->robustness)
		copy->last = true;
}

static void count_copy(void *arg, const struct frame_record *record)
{
	struct copy *copy = arg;
	int group = script_find_group(&record->group);

	if (group >= 0)
		copy->sc->lost_copies[group] = copy->lose ? copy->sc->lost_copies[group] + 1 : 0;
}

// The same for all routers: a querier that did not learn of a source does not query it when it is
// left, and the other routers would wait for that query in vain.
static bool copy_lost(struct scenario *sc, const uint8_t *packet, size_t len)
{
	const struct script *script = sc->script;
	struct copy copy = {.sc = sc};

	if (!script->lose_copies)
		return false;
	router_frame_parse(script->family, script->mtu, packet, len, weigh_copy, &copy);
	if (!copy.change)
		return false;
	copy.lose = !copy.last && script_random(&sc->random) % 2;
	router_frame_parse(script->family, script->mtu, packet, len, count_copy, &copy);
	return copy.lose;
}

static void hash_packet(struct scenario_result *result, const uint8_t *packet, size_t len)
{
	for (size_t i = 0; i < len; i++)
		result->packets_hash = (result->packets_hash ^ packet[i]) * UINT64_C(0x100000001b3);
}

static int host_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct scenario *sc = ctx;

	(void)dst;
	if (!sc->script->clean && !sc->calm && script_random(&sc->random) % 50 == 0)
		return -EAGAIN;

	hash_packet(sc->result, packet, len);
	bool copy_is_lost = copy_lost(sc, packet, len);
	for (unsigned i = 0; i < ROUTERS; i++) {
		struct hearing hearing = {
			sc, copy_is_lost || link_loses(sc) ? NULL : &sc->routers[i]};
		const char *error = router_frame_parse(
			sc->script->family, sc->script->mtu, packet, len, hear_record, &hearing);

		if (error)
			scenario_fail(sc, "a bad frame: %s", error);
	}
	return 0;
}

static int host_publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	return 0;
}

static void host_joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	(void)member;
}

const struct host_ops link_host_ops = {
	.send = host_send,
	.publish = host_publish,
	.joined = host_joined,
};

// ---- From the routers to the host ---------------------------------------------------------

void link_queue_query(void *ctx, unsigned group, uint32_t sources, bool suppress)
{
	struct scenario *sc = ctx;

	if (sc->n_queries == SCENARIO_QUERIES)
		scenario_fail(sc, "the routers query without end");
	else
		sc->queries[sc->n_queries++] = (struct scenario_query){group, sources, suppress};
}

void link_router_address(const struct script *script, struct sluice_addr *addr)
{
	if (script->family == AF_INET)
		*addr = (struct sluice_addr){AF_INET, {192, 0, 2, 254}};
	else
		*addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 0x99}};
}

void link_deliver_query(struct scenario *sc, const struct scenario_query *query, unsigned version)
{
	const struct script *script = sc->script;
	bool general = query->group == ROUTER_GENERAL;
	struct sluice_addr sources[SCRIPT_SOURCES];
	struct frame_query frame = {
		.version = version,
		.sources = sources,
		.max_response_ms = version == 1 ? 0
				   : general    ? script->response_interval_ms
						: SCENARIO_LAST_MEMBER_MS,
		.interval_s = script->query_interval_ms / 1000,
		.robustness = script->robustness,
		.suppress = query->suppress,
	};
	uint8_t packet[FRAME_PACKET_MAX];

	link_router_address(script, &frame.src);
	if (!general)
		script_group(script->family, query->group, &frame.group);
	for (unsigned s = 0; s < SCRIPT_SOURCES; s++)
		if (query->sources >> s & 1)
			script_source(script->family, s, &sources[frame.n_sources++]);
	size_t len = router_frame_write_query(packet, &frame);
	if (!link_loses(sc))
		host_input(sc->host, packet, len, sc->now);
}

void link_drain_queries(struct scenario *sc)
{
	for (unsigned i = 0; i < sc->n_queries; i++) {
		const struct scenario_query *query = &sc->queries[i];

		link_deliver_query(sc, query, sc->routers[QUERIER].config.version);
		if (!link_loses(sc))
			router_hear_query(&sc->routers[LISTENER], query->group, query->sources,
				query->suppress, sc->now);
	}
	sc->n_queries = 0;
}
