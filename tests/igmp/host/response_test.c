// SPDX-License-Identifier: BSD-3-Clause
// Responses to queries of the newest version: section RSP.
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

// Sends a query and returns the response.
static const char *ask(
	struct host_fixture *fixture, const char *group, const char *sources, unsigned ms)
{
	fixture_query(fixture, NEWEST(fixture), group, sources, ms);
	fixture_run(fixture, ms);
	return fixture_take(fixture);
}

static uint64_t last_ms(const struct host_fixture *fixture)
{
	return fixture->frames[fixture->n_frames - 1].at_ms;
}

// Measures the delays of the responses to many queries of a group without sources.
static void expect_uniform_delay(
	struct host_fixture *fixture, const char *group, const char *sources, unsigned response_ms)
{
	const char *said = sources[0] == '\0' ? "IS_EX(1:)" : "IS_IN(1:a)";
	unsigned delays[1000];

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t asked_ms = fixture->now_ms;

		cr_assert_str_eq(ask(fixture, group, sources, response_ms), said);
		delays[i] = last_ms(fixture) - asked_ms;
	}
	fixture_expect_uniform(delays, 1000, response_ms);
}

BOTH(response, delay,
	"RSP-1 TMR-14 FRM-20 FRM-21: the delay is uniform in (0, response time], never 0")
{
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	expect_uniform_delay(fixture, NULL, "", 2000);
	expect_uniform_delay(fixture, "1", "", 2000);
	expect_uniform_delay(fixture, "1", "a", 2000);
	expect_uniform_delay(fixture, NULL, "", 80000); // a code beyond the linear ones
}

// Queries group 1, at the address that every host listens to.
static const char *ask_all(struct host_fixture *fixture, const char *sources)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), "1", sources, 2000);

	fixture_to(&packet, fixture->family == AF_INET ? "224.0.0.1" : "ff02::1");
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	fixture_run(fixture, 2000);
	return fixture_take(fixture);
}

BOTH(response, silence, "RSP-1 RSP-10 VAL-20: without state there is no response")
{
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_str_eq(ask(fixture, NULL, "", 2000), "");
		cr_assert_str_eq(ask(fixture, "1", "", 2000), "");
		cr_assert_str_eq(ask_all(fixture, ""), "");
		cr_assert_str_eq(ask_all(fixture, "a"), "");
		fixture_join(fixture, 0, "1");
		fixture_settle(fixture);
		fixture_leave(fixture, 0, "1");
		fixture_settle(fixture);
	}
	// Queries to the address of a group that is not joined are not received.
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_NO_STATE), 6);
	cr_assert_eq(host_next_ms(fixture->host), HOST_NEVER);
}

BOTH(response, sooner, "RSP-2 RSP-3: an earlier pending general response serves all queries")
{
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 20000);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_EX(1:)");
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
	for (unsigned i = 0; i < 50; i++) {
		fixture_query(fixture, NEWEST(fixture), NULL, "", 100);
		fixture_query(fixture, NEWEST(fixture), NULL, "", 20000);
		fixture_run(fixture, 100);
		fixture_expect(fixture, "IS_EX(1:)");
	}
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
}

BOTH(response, later, "RSP-3: a later pending general response delays no specific one")
{
	unsigned first;

	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	first = fixture->n_frames;
	for (unsigned i = 0; i < 50; i++) {
		unsigned before = fixture->n_frames;

		fixture_query(fixture, NEWEST(fixture), NULL, "", 20000);
		fixture_query(fixture, NEWEST(fixture), "1", "", 100);
		fixture_run(fixture, 100);
		cr_assert_gt(fixture->n_frames, before);
		fixture_run(fixture, 20000);
	}
	// It also stays: the general delay is the shorter one in about 1 of 400 cases.
	cr_assert_geq(fixture->n_frames - first, 98);
}

BOTH(response, general_serves_specific, "RSP-3: a pending general response serves a specific query")
{
	unsigned n_frames = 0;

	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	for (unsigned i = 0; i < 200; i++) {
		unsigned before = fixture->n_frames;

		fixture_query(fixture, NEWEST(fixture), NULL, "", 500);
		fixture_query(fixture, NEWEST(fixture), "1", "", 20000);
		fixture_run(fixture, 20000);
		n_frames += fixture->n_frames - before;
	}
	// The specific delay is the shorter one in about 1 of 80 cases.
	cr_assert(n_frames >= 200 && n_frames < 212, "%u frames", n_frames);
}

BOTH(response, whole_wins, "RSP-3: a group query after one for sources gets the whole record")
{
	fixture_include(fixture, 0, "1", "abc");
	fixture_settle(fixture);
	fixture_query(fixture, NEWEST(fixture), "1", "a", 2000);
	fixture_query(fixture, NEWEST(fixture), "1", "", 2000);
	fixture_run(fixture, 2000);
	fixture_expect(fixture, "IS_IN(1:abc)");
	fixture_query(fixture, NEWEST(fixture), "1", "", 2000);
	fixture_query(fixture, NEWEST(fixture), "1", "a", 2000);
	fixture_run(fixture, 2000);
	fixture_expect(fixture, "IS_IN(1:abc)");
}

BOTH(response, sources_add_up,
	"RSP-3 RSP-8 RSP-9: the sources of several queries are answered together, once")
{
	fixture_include(fixture, 0, "1", "abc");
	fixture_settle(fixture);
	fixture_query(fixture, NEWEST(fixture), "1", "a", 2000);
	fixture_query(fixture, NEWEST(fixture), "1", "ba", 2000);
	fixture_run(fixture, 2000);
	fixture_expect(fixture, "IS_IN(1:ab)");
	cr_assert_str_eq(ask(fixture, "1", "c", 1000), "IS_IN(1:c)");
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "");
}

BOTH(response, earlier, "RSP-3: two queries of a group are answered at the earlier time")
{
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	for (unsigned i = 0; i < 50; i++) {
		fixture_query(fixture, NEWEST(fixture), "1", "", 20000);
		fixture_query(fixture, NEWEST(fixture), "1", "", 100);
		fixture_run(fixture, 100);
		fixture_expect(fixture, "IS_EX(1:)");
		fixture_query(fixture, NEWEST(fixture), "1", "", 100);
		fixture_query(fixture, NEWEST(fixture), "1", "", 20000);
		fixture_run(fixture, 100);
		fixture_expect(fixture, "IS_EX(1:)");
	}
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
}

BOTH(response, general, "RSP-4 RSP-9 MLD-15: a response has each group once, and is sent once")
{
	fixture_join(fixture, 0, "1");
	fixture_exclude(fixture, 0, "2", "ab");
	fixture_include(fixture, 0, "3", "ab");
	fixture_join(fixture, 0, "4");
	fixture_join(fixture, 0, "5");
	fixture_join(fixture, 0, "6");
	fixture_join(fixture, 0, "7");
	fixture_settle(fixture);
	cr_assert_str_eq(ask(fixture, NULL, "", 1000),
		"IS_EX(1:) IS_EX(2:ab) IS_EX(4:) IS_EX(5:) IS_EX(6:) IS_EX(7:) IS_IN(3:ab)");
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "");
}

// Counts the records of each of n groups since `frame`.
static void count_answers(struct host_fixture *fixture, unsigned frame, uint8_t *seen)
{
	for (; frame < fixture->n_frames; frame++) {
		const char *text = fixture->frames[frame].text;

		while ((text = strstr(text, "IS_EX(")) != NULL)
			seen[atoi(text += 6)]++;
	}
}

BOTH(response, spread, "RSP-5: many groups are spread over the response time")
{
	unsigned per_frame = fixture->family == AF_INET ? 183 : 72;
	unsigned n_frames = (2000 + per_frame - 1) / per_frame;
	uint8_t seen[2001] = {0};
	uint64_t asked_ms;
	unsigned first;

	fixture_join_many(fixture, 1, 2000);
	for (unsigned round = 0; round < 20; round++) {
		asked_ms = fixture->now_ms;
		first = fixture->n_frames;
		fixture_query(fixture, NEWEST(fixture), NULL, "", 10000);
		fixture_run(fixture, 10000);
		cr_assert_eq(fixture->n_frames - first, n_frames);
		cr_assert_gt(fixture->frames[first].at_ms, asked_ms);
		for (unsigned i = first + 1; i < fixture->n_frames; i++) {
			uint64_t gap = fixture->frames[i].at_ms - fixture->frames[i - 1].at_ms;

			cr_assert(gap >= 10000 / n_frames - 2 && gap <= 10000 / n_frames + 2);
		}
		memset(seen, 0, sizeof(seen));
		count_answers(fixture, first, seen);
		for (unsigned i = 1; i <= 2000; i++)
			cr_assert_eq(seen[i], 1);
	}
}

BOTH(response, spread_wide, "RSP-5: the response of 100,000 groups fills its frames")
{
	unsigned per_frame = fixture->family == AF_INET ? 183 : 72;
	unsigned first;

	fixture->quiet = true;
	fixture_join_many(fixture, 1, 100000);
	first = fixture->n_frames;
	fixture_query(fixture, NEWEST(fixture), NULL, "", 10000);
	host_advance(fixture->host, fixture->now_ms);
	cr_assert_eq(fixture->n_frames, first);
	for (unsigned tenth = 1; tenth <= 10; tenth++) {
		unsigned so_far;

		fixture_run(fixture, 1000);
		so_far = fixture->n_frames - first;
		cr_assert_float_eq(so_far, tenth / 10.0 * 100000 / per_frame, 4,
			"%u frames, not %f", so_far, tenth / 10.0 * 100000 / per_frame);
	}
	cr_assert_eq(fixture->n_frames - first, (100000 + per_frame - 1) / per_frame);
}

BOTH(response, spread_while_changing, "RSP-5: groups are joined and left during a spread response")
{
	unsigned first;
	uint8_t seen[5001] = {0};
	char name[12];

	fixture_join_many(fixture, 1, 2000);
	first = fixture->n_frames;
	fixture_query(fixture, NEWEST(fixture), NULL, "", 10000);
	for (unsigned i = 1; i <= 1000; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(fixture_leave(fixture, 0, name), 0);
		sprintf(name, "%u", 3000 + i);
		cr_assert_eq(fixture_join(fixture, 0, name), 0);
		fixture_flush(fixture);
		fixture_run(fixture, 10);
	}
	count_answers(fixture, first, seen);
	for (unsigned i = 1001; i <= 2000; i++)
		cr_assert_eq(seen[i], 1, "group %u: %u", i, seen[i]);
	for (unsigned i = 1; i <= 1000; i++)
		cr_assert(seen[i] <= 1 && seen[3000 + i] <= 1);
}

BOTH(response, spread_again, "RSP-5: queries during a spread response starve no group")
{
	uint8_t seen[2001] = {0};
	unsigned first;

	fixture_join_many(fixture, 1, 2000);
	first = fixture->n_frames;
	for (unsigned i = 0; i < 8; i++) {
		fixture_query(fixture, NEWEST(fixture), NULL, "", 10000);
		fixture_run(fixture, 3000);
	}
	count_answers(fixture, first, seen);
	for (unsigned i = 1; i <= 2000; i++)
		cr_assert(seen[i] >= 1 && seen[i] <= 4, "group %u: %u", i, seen[i]);
	fixture_run(fixture, 10000);
	memset(seen, 0, sizeof(seen));
	count_answers(fixture, first, seen);
	for (unsigned i = 1; i <= 2000; i++)
		cr_assert_geq(seen[i], 2);
}

BOTH(response, spread_again_while_leaving,
	"RSP-5: groups are left during a spread response that another query repeats")
{
	char name[12];

	fixture_join_many(fixture, 1, 1000);
	for (unsigned round = 0; round < 20; round++) {
		uint8_t seen[2001] = {0};
		unsigned first;

		fixture_join_many(fixture, 1001, 1000);
		fixture_query(fixture, NEWEST(fixture), NULL, "", 20000);
		fixture_run(fixture, 10000);
		first = fixture->n_frames;
		fixture_query(fixture, NEWEST(fixture), NULL, "", 20000);
		for (unsigned i = 1001; i <= 2000; i++) {
			sprintf(name, "%u", i);
			cr_assert_eq(fixture_leave(fixture, 0, name), 0);
		}
		fixture_flush(fixture);
		fixture_run(fixture, 30000);
		count_answers(fixture, first, seen);
		for (unsigned i = 1; i <= 1000; i++)
			cr_assert(seen[i] >= 1 && seen[i] <= 2, "group %u: %u", i, seen[i]);
	}
}

BOTH(response, left, "RSP-6 VAL-15 VAL-20: a group left before the response is not in it")
{
	for (unsigned i = 0; i < 50; i++) {
		fixture_join(fixture, 0, "1");
		fixture_settle(fixture);
		fixture_query(fixture, NEWEST(fixture), "1", "", 500);
		fixture_query(fixture, NEWEST(fixture), "1", "a", 500);
		fixture_leave(fixture, 0, "1");
		fixture_says(fixture, "TO_IN(1:)");
		fixture_query(fixture, NEWEST(fixture), "1", "", 500); // it has no member any more
		cr_assert_str_eq(ask_all(fixture, ""), "TO_IN(1:)");
		fixture_run(fixture, 5000);
		fixture_expect(fixture, "");
	}
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_NO_STATE), 50);
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_BAD_DESTINATION), 50);
}

// The table of RSP-7.
static const struct asked {
	enum sluice_filter_mode mode;
	const char *sources;
	const char *asked;
	const char *said;
} askings[] = {
	{SLUICE_INCLUDE, "abc", "az", "IS_IN(1:a)"},
	{SLUICE_INCLUDE, "abc", "z", ""},
	{SLUICE_INCLUDE, "abc", "cba", "IS_IN(1:abc)"},
	{SLUICE_EXCLUDE, "ab", "az", "IS_IN(1:z)"},
	{SLUICE_EXCLUDE, "ab", "ab", ""},
	{SLUICE_EXCLUDE, "", "a", "IS_IN(1:a)"},
};

BOTH(response, asked, "RSP-7 IGMP-4 MLD-11: the response has the queried sources that are wanted")
{
	for (unsigned i = 0; i < sizeof(askings) / sizeof(askings[0]); i++) {
		const struct asked *a = &askings[i];

		if (a->mode == SLUICE_INCLUDE)
			fixture_include(fixture, 0, "1", a->sources);
		else
			fixture_exclude(fixture, 0, "1", a->sources);
		fixture_settle(fixture);
		cr_expect_str_eq(ask(fixture, "1", a->asked, 1000), a->said, "row %u", i);
	}
}

BOTH(response, at_once, "RSP-11: a response time of 0 means as soon as possible")
{
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 0);
	fixture_run(fixture, 100);
	fixture_expect(fixture, "IS_EX(1:)");
	fixture_query(fixture, NEWEST(fixture), "1", "", 0);
	fixture_run(fixture, 100);
	fixture_expect(fixture, "IS_EX(1:)");
	fixture_query(fixture, NEWEST(fixture), "1", "a", 0);
	fixture_run(fixture, 100);
	fixture_expect(fixture, "IS_IN(1:a)");
}

BOTH(response, independent, "RSP-12: retransmissions and responses do not cancel each other")
{
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	fixture_run(fixture, 1);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 200);
	fixture_run(fixture, 5000);
	cr_assert_eq(fixture->n_frames, 3);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 3);
	cr_assert_not_null(strstr(fixture_take(fixture), "IS_EX(1:)"));
}

BOTH(response, flags, "IGMP-6 MLD-5 VAL-14: flags, S and the code of a query are ignored")
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), NULL, "", 1000);

	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	packet.bytes[packet.message + (fixture->family == AF_INET ? 8 : 24)] = 0xfa;
	if (fixture->family == AF_INET6)
		packet.bytes[packet.message + 1] = 5;
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_EX(1:)");
}
