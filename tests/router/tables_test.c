// SPDX-License-Identifier: BSD-3-Clause
// The naive router compared with the tables of the RFCs, one case per row. Sets are letters: "ab"
// is {a,b}.
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include "router.h"

#define NOW 1000000
#define GMI 270000 // RV 2, QI 125 s, QRI 10 s
#define LMQT 2000
#define OLDER_HOST 260000

struct table_row {
	char before[12]; // "IN a", "EX ab,c"
	char event[12]; // "TO_IN bc"
	char after[12];
	char full[4]; // sources that now have a full membership interval
	char queried[4]; // queried sources: their timers are lowered
	bool group_queried;
};

// clang-format off
static struct table_row rows[] = {
	// RTR-3
	{"IN ab", "IS_IN bc", "IN abc", "bc", "", false},
	{"IN ab", "IS_EX bc", "EX b,c", "", "", false},
	{"EX ab,cd", "IS_IN bc", "EX abc,d", "bc", "", false},
	{"EX ab,cd", "IS_EX bce", "EX be,c", "e", "", false},
	// RTR-4
	{"IN ab", "ALLOW bc", "IN abc", "bc", "", false},
	{"IN ab", "BLOCK bc", "IN ab", "", "b", false},
	{"IN ab", "TO_EX bc", "EX b,c", "", "b", false},
	{"IN ab", "TO_IN bc", "IN abc", "bc", "a", false},
	{"EX ab,cd", "ALLOW bc", "EX abc,d", "bc", "", false},
	{"EX ab,cd", "BLOCK bce", "EX abe,cd", "", "be", false},
	{"EX ab,cd", "TO_EX bce", "EX be,c", "", "be", false},
	{"EX ab,cd", "TO_IN bc", "EX abc,d", "bc", "a", true},
};
// clang-format on

static uint32_t asked_sources;
static bool asked_group;

static void record_query(void *ctx, unsigned group, uint32_t sources, bool suppress)
{
	(void)ctx;
	(void)group;
	(void)suppress;
	asked_sources |= sources;
	asked_group |= !sources;
}

static uint32_t set(const char **text)
{
	uint32_t sources = 0;

	for (; **text >= 'a' && **text <= 'h'; ++*text)
		sources |= 1u << (**text - 'a');
	return sources;
}

static struct router_group parse(const char *text)
{
	struct router_group g = {.exclude = strncmp(text, "EX", 2) == 0};

	text += 3;
	g.x = set(&text);
	if (*text == ',') {
		text++;
		g.y = set(&text);
	}
	return g;
}

static void start(struct router *router)
{
	struct router_config config = {
		.querier = true,
		.version = 3,
		.robustness = 2,
		.query_interval_ms = 125000,
		.response_interval_ms = 10000,
		.last_member_interval_ms = 1000,
		.query = record_query,
	};

	router_start(router, &config, NOW);
	router->next_general = ROUTER_NEVER;
	router->n_groups = 1;
}

static enum frame_type parse_type(const char *event)
{
	for (unsigned type = FRAME_IS_IN; type < FRAME_TYPES; type++)
		if (strncmp(event, router_frame_type_name(type), 5) == 0)
			return type;
	cr_assert_fail("no such record: %s", event);
	return FRAME_TYPES;
}

ParameterizedTestParameters(tables, row)
{
	return cr_make_param_array(struct table_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct table_row *row, tables, row,
	.description = "RTR-3 RTR-4 TMR-6: each row of the tables holds")
{
	struct router router;
	struct router_group *g = router.groups, expected = parse(row->after);
	const char *sources = row->event + 6;
	const char *full = row->full, *queried = row->queried;

	start(&router);
	*g = parse(row->before);
	g->timer = NOW + 100000;
	for (unsigned s = 0; s < ROUTER_SOURCES; s++)
		g->source_timer[s] = g->x >> s & 1 ? NOW + 50000 : 0;

	router_report(&router, 0, 3, parse_type(row->event), set(&sources), NOW);
	router_advance(&router, NOW);

	cr_expect_eq(g->exclude, expected.exclude);
	cr_expect_eq(g->x, expected.x);
	cr_expect_eq(g->y, expected.y);
	cr_expect_eq(asked_sources, set(&queried));
	cr_expect_eq(asked_group, row->group_queried);
	uint32_t whole = set(&full);
	for (unsigned s = 0; s < ROUTER_SOURCES; s++) {
		if (whole >> s & 1)
			cr_expect_eq(g->source_timer[s], NOW + GMI, "source %u", s);
		if (asked_sources >> s & 1)
			cr_expect_eq(g->source_timer[s], NOW + LMQT, "source %u", s);
	}
}

Test(tables, new_source_gets_group_timer, .description = "RTR-4: EX + BLOCK, TO_EX: (A-X-Y) := GT")
{
	struct router router;
	struct router_group *g = router.groups;

	start(&router);
	// No query is sent, so that the timer has the value that the table sets.
	router.config.querier = false;
	*g = (struct router_group){.exclude = true, .timer = NOW + 100000};
	router_report(&router, 0, 3, FRAME_BLOCK, 1, NOW);
	cr_expect_eq(g->source_timer[0], NOW + 100000);
	router_report(&router, 0, 3, FRAME_TO_EX, 3, NOW);
	cr_expect_eq(g->source_timer[1], NOW + 100000);
	cr_expect_eq(g->timer, NOW + GMI);
}

Test(tables, timers_run_out,
	.description = "RTR-5 RTR-6: sources move to Y, then EX becomes IN, then nothing is left")
{
	struct router router;
	struct router_group *g = router.groups;

	start(&router);
	*g = (struct router_group){.exclude = true, .x = 3, .timer = NOW + 200};
	g->source_timer[0] = NOW + 100;
	g->source_timer[1] = NOW + 300;
	cr_expect_eq(router_forwarded(&router, 0), ROUTER_ALL);
	router_advance(&router, NOW + 100);
	cr_expect_eq(router_forwarded(&router, 0), ROUTER_ALL & ~1);
	router_advance(&router, NOW + 200);
	cr_expect_eq(router_forwarded(&router, 0), 2);
	router_advance(&router, NOW + 300);
	cr_expect_eq(router_forwarded(&router, 0), 0);
	cr_expect_eq(router_next_ms(&router), ROUTER_NEVER);
}

Test(tables, queries_repeat, .description = "RTR-7 RTR-8 TMR-10: LMQC queries are sent, LMQI apart")
{
	struct router router;
	unsigned group_queries = 0, source_queries = 0;

	start(&router);
	router.groups[0] = (struct router_group){.exclude = true, .x = 1, .timer = NOW + 99000};
	router.groups[0].source_timer[0] = NOW + 99000;
	router_report(&router, 0, 3, FRAME_TO_IN, 0, NOW);
	for (unsigned at = 0; at <= 5000; at += 1000) {
		asked_group = false;
		asked_sources = 0;
		router_advance(&router, NOW + at);
		group_queries += asked_group;
		source_queries += asked_sources == 1;
	}
	cr_expect_eq(group_queries, 2);
	cr_expect_eq(source_queries, 2);
}

Test(tables, heard_query, .description = "RTR-9: S=0 lowers the timers, S=1 does not")
{
	struct router router;
	struct router_group *g = router.groups;

	start(&router);
	*g = (struct router_group){.exclude = true, .x = 1, .timer = NOW + 99000};
	g->source_timer[0] = NOW + 99000;
	router_hear_query(&router, 0, 1, true, NOW);
	router_hear_query(&router, 0, 0, true, NOW);
	cr_expect_eq(g->timer, NOW + 99000);
	cr_expect_eq(g->source_timer[0], NOW + 99000);
	router_hear_query(&router, 0, 1, false, NOW);
	cr_expect_eq(g->source_timer[0], NOW + LMQT);
	cr_expect_eq(g->timer, NOW + 99000);
	router_hear_query(&router, 0, 0, false, NOW);
	cr_expect_eq(g->timer, NOW + LMQT);
}

Test(tables, older_hosts,
	.description = "RTR-13 TMR-11: with an older host present, groups are never narrowed")
{
	struct router router;

	start(&router);
	router_report(&router, 0, 2, FRAME_IS_EX, 0, NOW);
	router_report(&router, 0, 3, FRAME_TO_EX, 1, NOW);
	cr_expect_eq(router_forwarded(&router, 0), ROUTER_ALL);
	router_report(&router, 0, 3, FRAME_BLOCK, 1, NOW);
	cr_expect_eq(router.groups[0].x, 0);
	router_report(&router, 0, 1, FRAME_IS_EX, 0, NOW);
	router_report(&router, 0, 2, FRAME_TO_IN, 0, NOW);
	cr_expect_eq(router.groups[0].queries, 0, "an IGMPv1 host cannot answer");
	router_report(&router, 0, 3, FRAME_TO_IN, 0, NOW + OLDER_HOST - 1);
	cr_expect_eq(router.groups[0].queries, 0, "not before their time");
	router_report(&router, 0, 3, FRAME_TO_IN, 0, NOW + OLDER_HOST);
	cr_expect_eq(router.groups[0].queries, 2, "they are forgotten in time");
}
