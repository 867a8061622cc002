// SPDX-License-Identifier: BSD-3-Clause
#include "router.h"

#include <assert.h>

// Each source of the set.
#define EACH_SOURCE(s, set)                                                                        \
	for (uint32_t s, left = (set); left && (s = __builtin_ctz(left), true); left &= left - 1)

uint64_t router_membership_ms(const struct router_config *config)
{
	return (uint64_t)config->robustness * config->query_interval_ms +
	       2 * config->response_interval_ms;
}

static uint64_t older_host_ms(const struct router_config *config)
{
	return (uint64_t)config->robustness * config->query_interval_ms +
	       config->response_interval_ms;
}

// Last Member Query Time, TMR-10.
static uint64_t last_member_ms(const struct router_config *config)
{
	return (uint64_t)config->robustness * config->last_member_interval_ms + config->slack_ms;
}

void router_start(struct router *router, const struct router_config *config, uint64_t now)
{
	*router = (struct router){
		.config = *config,
		.startup_queries = config->robustness,
		.next_general = config->querier ? now : ROUTER_NEVER,
	};
}

static void lower(uint64_t *timer, uint64_t to)
{
	if (*timer > to)
		*timer = to;
}

static void start_sources(struct router_group *g, uint32_t set, uint64_t until)
{
	EACH_SOURCE(s, set)
	g->source_timer[s] = until;
}

// RTR-7. Only IGMPv1 has no such query.
static void query_group(struct router *r, struct router_group *g, uint64_t now)
{
	if (!r->config.querier || r->config.version < 2)
		return;
	lower(&g->timer, now + last_member_ms(&r->config));
	g->queries = r->config.robustness;
	g->next_query = now;
}

// RTR-8.
static void query_sources(struct router *r, struct router_group *g, uint32_t set, uint64_t now)
{
	uint64_t soon = now + last_member_ms(&r->config);

	if (!r->config.querier || r->config.version < 3)
		return;
	EACH_SOURCE(s, set & g->x)
	if (g->source_timer[s] > soon) {
		g->source_timer[s] = soon;
		g->source_queries[s] = r->config.robustness;
		g->next_query = now;
	}
}

// The upper half of the tables: IN(A).
static void in_include(
	struct router *r, struct router_group *g, enum frame_type type, uint32_t b, uint64_t now)
{
	uint64_t gmi = now + router_membership_ms(&r->config);
	uint32_t a = g->x;

	switch (type) {
	case FRAME_IS_IN:
	case FRAME_ALLOW:
		g->x = a | b;
		start_sources(g, b, gmi);
		break;
	case FRAME_TO_IN:
		g->x = a | b;
		start_sources(g, b, gmi);
		query_sources(r, g, a & ~b, now);
		break;
	case FRAME_BLOCK:
		query_sources(r, g, a & b, now);
		break;
	case FRAME_IS_EX:
	case FRAME_TO_EX:
		g->exclude = true;
		g->x = a & b;
		g->y = b & ~a;
		g->timer = gmi;
		if (type == FRAME_TO_EX)
			query_sources(r, g, a & b, now);
		break;
	case FRAME_TYPES:
		assert(false);
	}
}

// The lower half: EX(X,Y).
static void in_exclude(
	struct router *r, struct router_group *g, enum frame_type type, uint32_t a, uint64_t now)
{
	uint64_t gmi = now + router_membership_ms(&r->config);
	uint32_t x = g->x, y = g->y;

	switch (type) {
	case FRAME_IS_IN:
	case FRAME_ALLOW:
	case FRAME_TO_IN:
		g->x = x | a;
		g->y = y & ~a;
		start_sources(g, a, gmi);
		if (type == FRAME_TO_IN) {
			query_sources(r, g, x & ~a, now);
			query_group(r, g, now);
		}
		break;
	case FRAME_BLOCK:
		g->x = x | (a & ~y);
		start_sources(g, a & ~x & ~y, g->timer);
		query_sources(r, g, a & ~y, now);
		break;
	case FRAME_IS_EX:
	case FRAME_TO_EX:
		g->x = a & ~y;
		g->y = y & a;
		start_sources(g, a & ~x & ~y, type == FRAME_IS_EX ? gmi : g->timer);
		g->timer = gmi;
		if (type == FRAME_TO_EX)
			query_sources(r, g, a & ~y, now);
		break;
	case FRAME_TYPES:
		assert(false);
	}
}

void router_report(struct router *r, unsigned group, unsigned version, enum frame_type type,
	uint32_t sources, uint64_t now)
{
	struct router_group *g = &r->groups[group];
	bool report = type == FRAME_IS_EX;

	if (group >= r->n_groups)
		r->n_groups = group + 1;
	if (version == 1)
		g->v1_host_until = now + older_host_ms(&r->config);
	else if (version == 2 && report)
		g->v2_host_until = now + older_host_ms(&r->config);

	// RTR-13.
	bool v1 = g->v1_host_until > now, v2 = g->v2_host_until > now;
	if ((v1 || v2) && type == FRAME_BLOCK)
		return;
	if (v1 && type == FRAME_TO_IN)
		return;
	if ((v1 || v2) && type == FRAME_TO_EX)
		sources = 0;

	if (g->exclude)
		in_exclude(r, g, type, sources, now);
	else
		in_include(r, g, type, sources, now);
}

void router_hear_query(
	struct router *r, unsigned group, uint32_t sources, bool suppress, uint64_t now)
{
	uint64_t soon = now + last_member_ms(&r->config);

	if (suppress || group == ROUTER_GENERAL)
		return;
	if (!sources)
		lower(&r->groups[group].timer, soon);
	EACH_SOURCE(s, sources)
	lower(&r->groups[group].source_timer[s], soon);
}

// RTR-5, RTR-6: the timers that have expired.
static void expire(struct router_group *g, uint64_t now)
{
	uint32_t gone = 0;

	EACH_SOURCE(s, g->x)
	if (g->source_timer[s] <= now)
		gone |= 1u << s;
	g->x &= ~gone;
	if (!g->exclude)
		return;
	g->y |= gone;
	if (g->timer <= now) {
		g->exclude = false;
		g->y = 0;
	}
}

static void send_group_queries(struct router *r, unsigned group, uint64_t now)
{
	struct router_group *g = &r->groups[group];
	uint64_t soon = now + last_member_ms(&r->config);
	uint32_t late = 0, early = 0;
	bool more = false;

	if (g->queries) {
		r->config.query(r->config.ctx, group, 0, g->exclude && g->timer > soon);
		more |= --g->queries > 0;
	}
	EACH_SOURCE(s, g->x)
	if (g->source_queries[s]) {
		if (g->source_timer[s] > soon)
			late |= 1u << s;
		else
			early |= 1u << s;
		more |= --g->source_queries[s] > 0;
	}
	if (late)
		r->config.query(r->config.ctx, group, late, true);
	if (early)
		r->config.query(r->config.ctx, group, early, false);
	g->next_query = more ? now + r->config.last_member_interval_ms : 0;
}

void router_advance(struct router *r, uint64_t now)
{
	for (unsigned i = 0; i < r->n_groups; i++) {
		expire(&r->groups[i], now);
		if (r->groups[i].next_query && r->groups[i].next_query <= now)
			send_group_queries(r, i, now);
	}
	if (r->next_general > now)
		return;
	r->config.query(r->config.ctx, ROUTER_GENERAL, 0, false);
	// RTR-11.
	if (r->startup_queries && --r->startup_queries)
		r->next_general = now + r->config.query_interval_ms / 4;
	else
		r->next_general = now + r->config.query_interval_ms;
}

uint64_t router_next_ms(const struct router *r)
{
	uint64_t next = r->next_general;

	for (unsigned i = 0; i < r->n_groups; i++) {
		const struct router_group *g = &r->groups[i];

		if (g->exclude && g->timer < next)
			next = g->timer;
		if (g->next_query && g->next_query < next)
			next = g->next_query;
		EACH_SOURCE(s, g->x)
		if (g->source_timer[s] < next)
			next = g->source_timer[s];
	}
	return next;
}

uint32_t router_forwarded(const struct router *r, unsigned group)
{
	const struct router_group *g = &r->groups[group];

	return g->exclude ? ROUTER_ALL & ~g->y : g->x;
}
