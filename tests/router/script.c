// SPDX-License-Identifier: BSD-3-Clause
#include "script.h"

#include <assert.h>
#include <inttypes.h>

uint64_t script_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned below(uint64_t *state, unsigned n)
{
	return script_random(state) % n;
}

void script_group(int family, unsigned group, struct sluice_addr *addr)
{
	static const struct sluice_addr ip4[SCRIPT_BULK] = {
		{AF_INET, {239, 1, 1, 1}},
		{AF_INET, {224, 0, 0, 251}},
		{AF_INET, {225, 129, 1, 1}},
		[SCRIPT_SSM] = {AF_INET, {232, 1, 1, 1}},
	};
	static const struct sluice_addr ip6[SCRIPT_BULK] = {
		{AF_INET6, {0xff, 0x0e, [14] = 0x12, 0x34}},
		{AF_INET6, {0xff, 0x02, [15] = 0xfb}},
		{AF_INET6, {0xff, 0x15, [15] = 1}},
		[SCRIPT_SSM] = {AF_INET6, {0xff, 0x3e, [12] = 0x80, [15] = 1}},
	};

	if (group < SCRIPT_BULK)
		*addr = family == AF_INET ? ip4[group] : ip6[group];
	else if (family == AF_INET)
		*addr = (struct sluice_addr){AF_INET, {239, 7, 0, group}};
	else
		*addr = (struct sluice_addr){AF_INET6, {0xff, 0x0e, [13] = 7, [15] = group}};
}

void script_source(int family, unsigned source, struct sluice_addr *addr)
{
	if (family == AF_INET)
		*addr = (struct sluice_addr){AF_INET, {10, 0, 0, source + 1}};
	else
		*addr = (struct sluice_addr){AF_INET6, {0x20, 0x01, 0x0d, 0xb8, [15] = source + 1}};
}

int script_find_group(const struct sluice_addr *addr)
{
	struct sluice_addr group;

	for (unsigned i = 0; i < SCRIPT_BULK; i++) {
		script_group(addr->family, i, &group);
		if (sluice_addr_equal(addr, &group))
			return i;
	}
	unsigned i = addr->bytes[sluice_addr_len(addr) - 1];
	script_group(addr->family, i, &group);
	return i >= SCRIPT_BULK && i < SCRIPT_GROUPS && sluice_addr_equal(addr, &group) ? (int)i
											: -1;
}

int script_find_source(const struct sluice_addr *addr)
{
	struct sluice_addr source;

	for (unsigned i = 0; i < SCRIPT_SOURCES; i++) {
		script_source(addr->family, i, &source);
		if (sluice_addr_equal(addr, &source))
			return i;
	}
	return -1;
}

static bool takes_one_source(enum event_type type)
{
	return type >= EVENT_JOIN_SOURCE && type <= EVENT_UNBLOCK;
}

// MLD has no counterpart of IGMPv1.
static unsigned draw_version(uint64_t *random, int family)
{
	return family == AF_INET ? 1 + below(random, 3) : 2 + below(random, 2);
}

static void draw_event(struct event *event, const struct script *script, uint64_t *random)
{
	unsigned sort = below(random, 100);

	event->version = 3;
	if (sort < 80)
		event->type = below(random, EVENT_CLOSE);
	else if (sort < 83)
		event->type = EVENT_CLOSE;
	else if (sort < 85)
		event->type = EVENT_JOIN_BULK + below(random, 2);
	else if (script->clean)
		event->type = EVENT_RESTART_QUERIER + below(random, 3);
	else
		event->type = EVENT_RESTART_QUERIER + below(random, 5);
	if (!script->clean)
		event->version = draw_version(random, script->family);
	if (event->type == EVENT_FOREIGN_REPORT && event->version == 3)
		event->version = 2;
	event->session = below(random, SCRIPT_SESSIONS);
	event->group = below(random, SCRIPT_BULK);
	event->sources = below(random, 1 << SCRIPT_SOURCES);
	if (takes_one_source(event->type))
		event->sources = 1u << below(random, SCRIPT_SOURCES);
}

void script_generate(struct script *script, uint64_t seed, int family)
{
	static const uint32_t query_intervals_ms[] = {20000, 60000, 125000};
	static const unsigned losses[] = {0, 5, 15, 30};
	uint64_t random = seed * 2 + (family == AF_INET6);
	uint64_t now = 0;

	*script = (struct script){
		.seed = seed,
		.family = family,
		.clean = below(&random, 2),
		.robustness = 2 + below(&random, 3),
		.query_interval_ms = query_intervals_ms[below(&random, 3)],
		.response_interval_ms = 1000 + below(&random, 10) * 1000,
		.mtu = below(&random, 2)   ? 1500
		       : family == AF_INET ? 576
					   : 1280,
		.learn_timeout = below(&random, 2),
		.calm_version = 3,
		.n_events = 4 + below(&random, SCRIPT_EVENTS - 4),
	};
	if (script->clean) {
		script->lose_copies = below(&random, 2);
	} else {
		script->loss_percent = losses[below(&random, 4)];
		script->calm_version = draw_version(&random, family);
	}

	// Bursts within the retransmissions of a report, and pauses after which all is sent.
	static const unsigned gaps_ms[] = {0, 50, 1500, 30000, 200000};
	for (unsigned i = 0; i < script->n_events; i++) {
		unsigned gap = gaps_ms[below(&random, i % 8 ? 3 : 5)];

		now += gap ? 1 + below(&random, gap) : 0;
		script->events[i].at_ms = now;
		draw_event(&script->events[i], script, &random);
	}
	script->calm_ms = now + 1 + below(&random, 2000);
}

static void print_event(const struct script *script, const struct event *event, FILE *out)
{
	static const char *const names[] = {
		[EVENT_JOIN] = "join",
		[EVENT_LEAVE] = "leave",
		[EVENT_JOIN_SOURCE] = "join source",
		[EVENT_LEAVE_SOURCE] = "leave source",
		[EVENT_BLOCK] = "block",
		[EVENT_UNBLOCK] = "unblock",
		[EVENT_INCLUDE] = "filter include",
		[EVENT_EXCLUDE] = "filter exclude",
		[EVENT_CLOSE] = "close",
		[EVENT_JOIN_BULK] = "join the bulk",
		[EVENT_LEAVE_BULK] = "leave the bulk",
		[EVENT_RESTART_QUERIER] = "querier restarts",
		[EVENT_LINK] = "link goes down or up",
		[EVENT_RESTART_HOST] = "host restarts",
		[EVENT_STRAY_QUERY] = "stray query",
		[EVENT_FOREIGN_REPORT] = "foreign report",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == EVENT_TYPES, "a name for each event");

	(void)script;
	fprintf(out, "%9.3f s  ", event->at_ms / 1000.0);
	if (event->type < EVENT_CALLS)
		fprintf(out, "session %u: ", event->session);
	fputs(names[event->type], out);
	if (event->type < EVENT_CLOSE || event->type == EVENT_FOREIGN_REPORT)
		fprintf(out, " group %u", event->group);
	if (takes_one_source(event->type) || event->type == EVENT_INCLUDE ||
		event->type == EVENT_EXCLUDE) {
		const char *separator = " {";

		for (unsigned s = 0; s < SCRIPT_SOURCES; s++)
			if (event->sources >> s & 1) {
				fprintf(out, "%s%u", separator, s);
				separator = ",";
			}
		fputs(event->sources ? "}" : " {}", out);
	}
	if (event->type == EVENT_RESTART_QUERIER || event->type >= EVENT_STRAY_QUERY)
		fprintf(out, " version %u", event->version);
	fprintf(out, "\n");
}

void script_print(const struct script *script, FILE *out)
{
	fprintf(out, "seed %" PRIu64 " %s, %s%s, loss %u %%, RV %u, QI %u s, QRI %u s, MTU %u%s\n",
		script->seed, script->family == AF_INET ? "IPv4" : "IPv6",
		script->clean ? "clean" : "rough", script->lose_copies ? ", copies lost" : "",
		script->loss_percent, script->robustness, script->query_interval_ms / 1000,
		script->response_interval_ms / 1000, script->mtu,
		script->learn_timeout ? ", older querier timeout learned" : "");
	for (unsigned i = 0; i < script->n_events; i++)
		print_event(script, &script->events[i], out);
	fprintf(out, "%9.3f s  calm, querier of version %u\n", script->calm_ms / 1000.0,
		script->calm_version);
}
