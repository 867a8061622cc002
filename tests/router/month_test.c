// SPDX-License-Identifier: BSD-3-Clause
// Two months in virtual time: queriers of all versions, joins, leaves and filters at random, and
// the group table that follows. Milliseconds exceed 32 bits after 49.7 days. Each midnight the same
// groups are joined: then the process holds the same memory, and the host answers a query.
#include <criterion/criterion.h>
#include <errno.h>
#include <host.h>
#include <member.h>
#include <string.h>
#include <subscription.h>

#include "scenario.h"
#include "live_memory.h"
#include "model.h"
#include "router_frame.h"
#include "script.h"

#define DAYS 63 // the first one, in which pools get their reserve, does not count
#define DAY_MS 86400000ULL
#define CALLS 400 // per day
#define CALM_MS 7200000ULL // at the end of a day
#define QUERIERS 3
#define RESPONSE_MS 10000
#define GROUPS 60 // of the churn
#define SAME 150 // groups that are joined each midnight, for each session
#define TABLE_BYTES 64 // that the group table may need more, by the order of the joins

struct querier {
	unsigned version;
	uint32_t interval_s;
	uint64_t next_ms;
};

struct month {
	int family;
	uint64_t now, random;
	struct host *host;
	struct session *sessions[SCRIPT_SESSIONS];
	struct model model;
	struct querier queriers[QUERIERS];
	struct reclaim reclaim;
	struct subscription subscription;
	struct group_table *table;
	unsigned versions; // that the host was in: a set
	// What it sent since the last midnight's query.
	bool seen[SCRIPT_GROUPS];
};

// ---- The link and the data plane -----------------------------------------------------------

static void note_record(void *arg, const struct frame_record *record)
{
	struct month *month = arg;
	int group = script_find_group(&record->group);

	cr_assert_geq(group, 0);
	month->seen[group] = true;
}

static int on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct month *month = ctx;
	const char *error =
		router_frame_parse(month->family, 1500, packet, len, note_record, month);

	(void)dst;
	cr_assert_null(error, "%s", error);
	return 0;
}

static int on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	struct month *month = ctx;
	const struct subscriber subscriber = {
		.owner = (uintptr_t)change->session,
		.output = (struct output *)(uintptr_t)64,
		.filter = change->filter,
	};
	const bool ends = sluice_source_filter_is_empty(&change->filter);

	(void)host;
	return subscription_replace(&month->subscription, month->table, change->group,
		subscriber.owner, ends ? NULL : &subscriber, !ends);
}

static void on_joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	(void)member;
}

static const struct host_ops ops = {.send = on_send, .publish = on_publish, .joined = on_joined};

static void use_output(struct output *output, int delta)
{
	(void)output;
	(void)delta;
}

// ---- Time ----------------------------------------------------------------------------------

static void router_address(int family, unsigned i, struct sluice_addr *addr)
{
	if (family == AF_INET)
		*addr = (struct sluice_addr){AF_INET, {192, 0, 2, 250 + i}};
	else
		*addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 0x90 + i}};
}

static void hear(struct month *month, unsigned i, const struct frame_query *query)
{
	struct frame_query copy = *query;
	uint8_t packet[FRAME_PACKET_MAX];
	size_t len;

	router_address(month->family, i, &copy.src);
	len = router_frame_write_query(packet, &copy);
	host_input(month->host, packet, len, month->now);
}

static void hear_general(struct month *month, struct querier *querier)
{
	hear(month, querier - month->queriers,
		&(struct frame_query){
			.version = querier->version,
			.max_response_ms = RESPONSE_MS,
			.interval_s = querier->interval_s,
			.robustness = 2,
		});
	querier->next_ms += querier->interval_s * 1000ULL;
}

static struct querier *next_querier(struct month *month)
{
	struct querier *next = NULL;

	for (unsigned i = 0; i < QUERIERS; i++) {
		struct querier *querier = &month->queriers[i];

		if (querier->version && (!next || querier->next_ms < next->next_ms))
			next = querier;
	}
	return next;
}

static void run_until(struct month *month, uint64_t end)
{
	struct host_status status;

	for (;;) {
		struct querier *querier = next_querier(month);
		uint64_t query_ms = querier ? querier->next_ms : HOST_NEVER;
		uint64_t host_ms = host_next_ms(month->host);

		if (query_ms > end && host_ms > end)
			break;
		if (query_ms <= host_ms) {
			month->now = query_ms;
			hear_general(month, querier);
		} else {
			month->now = host_ms > month->now ? host_ms : month->now;
			host_advance(month->host, month->now);
		}
		reclaim_poll(&month->reclaim);
		host_status(month->host, &status);
		month->versions |= 1u << status.version;
	}
	month->now = end;
}

// ---- A day ---------------------------------------------------------------------------------

static unsigned draw(struct month *month, unsigned n)
{
	return script_random(&month->random) % n;
}

static void open_session(struct month *month, unsigned i)
{
	static const struct session_limits limits = {.groups = SCRIPT_GROUPS, .sources = 64};

	month->sessions[i] = session_open(&limits, NULL);
	cr_assert_not_null(month->sessions[i]);
}

static void call(struct month *month, const struct event *event)
{
	int expected = model_call(&month->model, event);

	if (event->type == EVENT_CLOSE) {
		session_close(month->sessions[event->session]);
		open_session(month, event->session);
	} else {
		cr_assert_eq(
			event_call(month->sessions[event->session], month->host, event), expected);
	}
	host_flush(month->host, month->now);
}

static void random_call(struct month *month)
{
	struct event event = {
		.type = draw(month, 40) == 0 ? EVENT_CLOSE : draw(month, EVENT_CLOSE),
		.session = draw(month, SCRIPT_SESSIONS),
		.group = draw(month, GROUPS),
		.sources = draw(month, 1 << SCRIPT_SOURCES),
	};

	if (event.type >= EVENT_JOIN_SOURCE && event.type <= EVENT_UNBLOCK)
		event.sources = 1u << event.sources % SCRIPT_SOURCES;
	call(month, &event);
}

static void group_query(struct month *month)
{
	struct sluice_addr sources[SCRIPT_SOURCES];
	struct frame_query query = {
		.version = 2 + draw(month, 2),
		.max_response_ms = 1000,
		.interval_s = 125,
		.robustness = 2,
		.sources = sources,
		.n_sources = draw(month, SCRIPT_SOURCES),
	};

	if (query.version == 2)
		query.n_sources = 0;
	script_group(month->family, draw(month, GROUPS), &query.group);
	for (unsigned i = 0; i < query.n_sources; i++)
		script_source(month->family, i, &sources[i]);
	hear(month, 0, &query);
}

// Queriers begin, end and change their versions; only IGMP has a first version.
static void change_queriers(struct month *month)
{
	struct querier *querier = &month->queriers[draw(month, QUERIERS)];

	querier->version = draw(month, 4);
	if (querier->version == 1 && month->family == AF_INET6)
		querier->version = 2;
	querier->interval_s = 60 + draw(month, 120);
	querier->next_ms = month->now + draw(month, 60000);
}

static void churn(struct month *month, uint64_t end)
{
	const uint64_t step = (end - month->now) / CALLS;

	for (unsigned i = 0; i < CALLS; i++) {
		run_until(month, month->now + draw(month, 2 * step));
		if (month->now > end)
			break;
		if (i % 40 == 0)
			change_queriers(month);
		if (i % 10 == 0)
			group_query(month);
		if (i % 100 == 50) {
			host_set_link(month->host, false, month->now);
			run_until(month, month->now + 5000);
			host_set_link(month->host, true, month->now);
		}
		random_call(month);
	}
}

static void settle(struct month *month, uint64_t end)
{
	for (unsigned i = 0; i < QUERIERS; i++)
		month->queriers[i].version = 0;
	month->queriers[0] =
		(struct querier){.version = 3, .interval_s = 125, .next_ms = month->now + 1000};
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		call(month, &(struct event){.type = EVENT_CLOSE, .session = i});
	// The data plane keeps memory for the largest fan-out that it has had.
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		call(month, &(struct event){
				    .type = EVENT_INCLUDE,
				    .session = i,
				    .sources = (1 << SCRIPT_SOURCES) - 1,
			    });
	run_until(month, month->now + CALM_MS / 2);
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		for (unsigned group = 0; group < SAME; group++)
			call(month, &(struct event){
					    .type = EVENT_INCLUDE,
					    .session = i,
					    .group = group,
					    .sources = 1 + (i + group) % 7,
				    });
	run_until(month, end);
}

// A query gets the current state of all groups, and all agree on what they are.
static void check(struct month *month)
{
	struct host_status status;
	struct sluice_addr group;

	memset(month->seen, 0, sizeof(month->seen));
	host_status(month->host, &status);
	cr_assert_eq(status.version, month->family == AF_INET ? 3 : 2);
	cr_assert_eq(status.n_groups, SAME);
	cr_assert_eq(status.n_leaving, 0);
	cr_assert_eq(group_table_count(month->table), SAME);
	hear_general(month, &month->queriers[0]);
	run_until(month, month->now + RESPONSE_MS);
	for (unsigned i = 0; i < SAME; i++) {
		script_group(month->family, i, &group);
		cr_assert(month->seen[i], "group %u is not in the response", i);
		cr_assert_not_null(group_table_get(month->table, &group));
	}
}

// ---- Two months ----------------------------------------------------------------------------

static void open_month(struct month *month, int family)
{
	struct host_address address = {.prefix_length = family == AF_INET ? 24 : 64};
	struct host_config config;

	*month = (struct month){.family = family, .random = 11};
	host_config_default(&config);
	config.learn_off_subnet = true;
	if (family == AF_INET)
		address.addr = (struct sluice_addr){AF_INET, {192, 0, 2, 1}};
	else
		address.addr = (struct sluice_addr){AF_INET6, {0xfe, 0x80, [15] = 1}};
	cr_assert_eq(reclaim_init(&month->reclaim, 1), 0);
	subscription_init(&month->subscription, &month->reclaim, use_output);
	cr_assert_eq(group_table_create(family, 1, &month->reclaim, &month->table), 0);
	month->host = host_open(family, &config, &ops, month, 0);
	cr_assert_not_null(month->host);
	cr_assert_eq(host_set_addresses(month->host, &address, 1, 0), 0);
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		open_session(month, i);
}

static void close_month(struct month *month)
{
	for (unsigned i = 0; i < SCRIPT_SESSIONS; i++)
		session_close(month->sessions[i]);
	host_close(month->host);
	cr_assert_eq(reclaim_synchronize(&month->reclaim), 0);
	cr_assert_eq(group_table_count(month->table), 0);
	group_table_destroy(month->table);
	subscription_fini(&month->subscription);
	reclaim_fini(&month->reclaim);
}

static void run_month(int family)
{
	static struct month month;
	size_t before = live_memory_bytes(), bytes[DAYS], host_bytes[DAYS];
	struct host_status status;

	open_month(&month, family);
	for (unsigned day = 0; day < DAYS; day++) {
		churn(&month, (day + 1) * DAY_MS - CALM_MS);
		settle(&month, (day + 1) * DAY_MS);
		cr_assert_eq(reclaim_synchronize(&month.reclaim), 0);
		bytes[day] = live_memory_bytes();
		host_status(month.host, &status);
		host_bytes[day] = status.memory;
		check(&month);
	}
	cr_assert_gt(month.now, UINT32_MAX);
	cr_assert_eq(month.versions, family == AF_INET ? 0xe : 6, "versions %x", month.versions);
	for (unsigned day = 2; day < DAYS; day++) {
		cr_assert_eq(host_bytes[day], host_bytes[1]);
		cr_assert(bytes[day] >= bytes[1] && bytes[day] - bytes[1] <= TABLE_BYTES,
			"%zu bytes after day %u, %zu after day 1", bytes[day], day, bytes[1]);
	}
	cr_assert_eq(bytes[31], bytes[1]);
	cr_assert_eq(bytes[62], bytes[1]);
	close_month(&month);
	cr_assert_eq(live_memory_bytes(), before);
}

Test(month, igmp, .description = "reliability: two months of IGMP in the same memory")
{
	run_month(AF_INET);
}

Test(month, mld, .description = "reliability: two months of MLD in the same memory")
{
	run_month(AF_INET6);
}
