// SPDX-License-Identifier: BSD-3-Clause
// Answers to queries of the newest version: section RSP.
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

// Asks and takes the answer.
static const char *ask(struct lab *lab, const char *group, const char *sources, unsigned ms)
{
	lab_query(lab, NEWEST(lab), group, sources, ms);
	lab_run(lab, ms);
	return lab_take(lab);
}

static uint64_t last_ms(const struct lab *lab)
{
	return lab->frames[lab->n_frames - 1].at_ms;
}

// Asks time and again how long a group without sources takes to answer.
static void expect_uniform_delay(
	struct lab *lab, const char *group, const char *sources, unsigned response_ms)
{
	const char *said = sources[0] == '\0' ? "IS_EX(1:)" : "IS_IN(1:a)";
	unsigned delays[1000];

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t asked_ms = lab->now_ms;

		cr_assert_str_eq(ask(lab, group, sources, response_ms), said);
		delays[i] = last_ms(lab) - asked_ms;
	}
	lab_expect_uniform(delays, 1000, response_ms);
}

BOTH(response, delay,
	"RSP-1 TMR-14 FRM-20 FRM-21: the delay is uniform in (0, response time], never 0")
{
	lab_join(lab, 0, "1");
	lab_settle(lab);
	expect_uniform_delay(lab, NULL, "", 2000);
	expect_uniform_delay(lab, "1", "", 2000);
	expect_uniform_delay(lab, "1", "a", 2000);
	expect_uniform_delay(lab, NULL, "", 80000); // a code beyond the linear ones
}

// Asks for group 1, at the address that every host listens to.
static const char *ask_all(struct lab *lab, const char *sources)
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), "1", sources, 2000);

	lab_to(&packet, lab->family == AF_INET ? "224.0.0.1" : "ff02::1");
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	lab_run(lab, 2000);
	return lab_take(lab);
}

BOTH(response, silence, "RSP-1 RSP-10 VAL-20: without state there is no answer")
{
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_str_eq(ask(lab, NULL, "", 2000), "");
		cr_assert_str_eq(ask(lab, "1", "", 2000), "");
		cr_assert_str_eq(ask_all(lab, ""), "");
		cr_assert_str_eq(ask_all(lab, "a"), "");
		lab_join(lab, 0, "1");
		lab_settle(lab);
		lab_leave(lab, 0, "1");
		lab_settle(lab);
	}
	// Those to the group itself are for nobody here.
	cr_assert_eq(host_counter(lab->host, HOST_RX_NO_STATE), 6);
	cr_assert_eq(host_next_ms(lab->host), HOST_NEVER);
}

BOTH(response, sooner, "RSP-2 RSP-3: a general answer pending sooner serves all later queries")
{
	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_query(lab, NEWEST(lab), NULL, "", 20000);
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_EX(1:)");
	lab_run(lab, 20000);
	lab_expect(lab, "");
	for (unsigned i = 0; i < 50; i++) {
		lab_query(lab, NEWEST(lab), NULL, "", 100);
		lab_query(lab, NEWEST(lab), NULL, "", 20000);
		lab_run(lab, 100);
		lab_expect(lab, "IS_EX(1:)");
	}
	lab_run(lab, 20000);
	lab_expect(lab, "");
}

BOTH(response, later, "RSP-3: a general answer pending later holds up no specific one")
{
	unsigned first;

	lab_join(lab, 0, "1");
	lab_settle(lab);
	first = lab->n_frames;
	for (unsigned i = 0; i < 50; i++) {
		unsigned before = lab->n_frames;

		lab_query(lab, NEWEST(lab), NULL, "", 20000);
		lab_query(lab, NEWEST(lab), "1", "", 100);
		lab_run(lab, 100);
		cr_assert_gt(lab->n_frames, before);
		lab_run(lab, 20000);
	}
	// Nor does it go away: the general delay is the sooner one in about 1 of 400.
	cr_assert_geq(lab->n_frames - first, 98);
}

BOTH(response, general_serves_specific,
	"RSP-3: a specific query is served by a general answer to come")
{
	unsigned n_frames = 0;

	lab_join(lab, 0, "1");
	lab_settle(lab);
	for (unsigned i = 0; i < 200; i++) {
		unsigned before = lab->n_frames;

		lab_query(lab, NEWEST(lab), NULL, "", 500);
		lab_query(lab, NEWEST(lab), "1", "", 20000);
		lab_run(lab, 20000);
		n_frames += lab->n_frames - before;
	}
	// The specific delay is the sooner one in about 1 of 80.
	cr_assert(n_frames >= 200 && n_frames < 212, "%u frames", n_frames);
}

BOTH(response, whole_wins, "RSP-3: a group query after one for sources asks for the whole record")
{
	lab_include(lab, 0, "1", "abc");
	lab_settle(lab);
	lab_query(lab, NEWEST(lab), "1", "a", 2000);
	lab_query(lab, NEWEST(lab), "1", "", 2000);
	lab_run(lab, 2000);
	lab_expect(lab, "IS_IN(1:abc)");
	lab_query(lab, NEWEST(lab), "1", "", 2000);
	lab_query(lab, NEWEST(lab), "1", "a", 2000);
	lab_run(lab, 2000);
	lab_expect(lab, "IS_IN(1:abc)");
}

BOTH(response, sources_add_up,
	"RSP-3 RSP-8 RSP-9: the sources of several queries are answered together, once")
{
	lab_include(lab, 0, "1", "abc");
	lab_settle(lab);
	lab_query(lab, NEWEST(lab), "1", "a", 2000);
	lab_query(lab, NEWEST(lab), "1", "ba", 2000);
	lab_run(lab, 2000);
	lab_expect(lab, "IS_IN(1:ab)");
	cr_assert_str_eq(ask(lab, "1", "c", 1000), "IS_IN(1:c)");
	lab_run(lab, 5000);
	lab_expect(lab, "");
}

BOTH(response, earlier, "RSP-3: of two queries for a group the earlier time counts")
{
	lab_join(lab, 0, "1");
	lab_settle(lab);
	for (unsigned i = 0; i < 50; i++) {
		lab_query(lab, NEWEST(lab), "1", "", 20000);
		lab_query(lab, NEWEST(lab), "1", "", 100);
		lab_run(lab, 100);
		lab_expect(lab, "IS_EX(1:)");
		lab_query(lab, NEWEST(lab), "1", "", 100);
		lab_query(lab, NEWEST(lab), "1", "", 20000);
		lab_run(lab, 100);
		lab_expect(lab, "IS_EX(1:)");
	}
	lab_run(lab, 20000);
	lab_expect(lab, "");
}

BOTH(response, general, "RSP-4 RSP-9 MLD-15: each group once, in one report, not repeated")
{
	lab_join(lab, 0, "1");
	lab_exclude(lab, 0, "2", "ab");
	lab_include(lab, 0, "3", "ab");
	lab_join(lab, 0, "4");
	lab_join(lab, 0, "5");
	lab_join(lab, 0, "6");
	lab_join(lab, 0, "7");
	lab_settle(lab);
	cr_assert_str_eq(ask(lab, NULL, "", 1000),
		"IS_EX(1:) IS_EX(2:ab) IS_EX(4:) IS_EX(5:) IS_EX(6:) IS_EX(7:) IS_IN(3:ab)");
	lab_run(lab, 5000);
	lab_expect(lab, "");
}

// Counts how often each of n groups was answered since `frame`.
static void count_answers(struct lab *lab, unsigned frame, uint8_t *seen)
{
	for (; frame < lab->n_frames; frame++) {
		const char *text = lab->frames[frame].text;

		while ((text = strstr(text, "IS_EX(")) != NULL)
			seen[atoi(text += 6)]++;
	}
}

BOTH(response, spread, "RSP-5: many groups are spread over the response time")
{
	unsigned per_frame = lab->family == AF_INET ? 183 : 72;
	unsigned n_frames = (2000 + per_frame - 1) / per_frame;
	uint8_t seen[2001] = {0};
	uint64_t asked_ms;
	unsigned first;

	lab_join_many(lab, 1, 2000);
	for (unsigned round = 0; round < 20; round++) {
		asked_ms = lab->now_ms;
		first = lab->n_frames;
		lab_query(lab, NEWEST(lab), NULL, "", 10000);
		lab_run(lab, 10000);
		cr_assert_eq(lab->n_frames - first, n_frames);
		cr_assert_gt(lab->frames[first].at_ms, asked_ms);
		for (unsigned i = first + 1; i < lab->n_frames; i++) {
			uint64_t gap = lab->frames[i].at_ms - lab->frames[i - 1].at_ms;

			cr_assert(gap >= 10000 / n_frames - 2 && gap <= 10000 / n_frames + 2);
		}
		memset(seen, 0, sizeof(seen));
		count_answers(lab, first, seen);
		for (unsigned i = 1; i <= 2000; i++)
			cr_assert_eq(seen[i], 1);
	}
}

BOTH(response, spread_wide, "RSP-5: 100,000 groups take no more frames than records fit")
{
	unsigned per_frame = lab->family == AF_INET ? 183 : 72;
	unsigned first;

	lab->quiet = true;
	lab_join_many(lab, 1, 100000);
	first = lab->n_frames;
	lab_query(lab, NEWEST(lab), NULL, "", 10000);
	host_advance(lab->host, lab->now_ms);
	cr_assert_eq(lab->n_frames, first);
	for (unsigned tenth = 1; tenth <= 10; tenth++) {
		unsigned so_far;

		lab_run(lab, 1000);
		so_far = lab->n_frames - first;
		cr_assert_float_eq(so_far, tenth / 10.0 * 100000 / per_frame, 4,
			"%u frames, not %f", so_far, tenth / 10.0 * 100000 / per_frame);
	}
	cr_assert_eq(lab->n_frames - first, (100000 + per_frame - 1) / per_frame);
}

BOTH(response, spread_while_changing, "RSP-5: groups come and go during a spread answer")
{
	unsigned first;
	uint8_t seen[5001] = {0};
	char name[12];

	lab_join_many(lab, 1, 2000);
	first = lab->n_frames;
	lab_query(lab, NEWEST(lab), NULL, "", 10000);
	for (unsigned i = 1; i <= 1000; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(lab_leave(lab, 0, name), 0);
		sprintf(name, "%u", 3000 + i);
		cr_assert_eq(lab_join(lab, 0, name), 0);
		lab_flush(lab);
		lab_run(lab, 10);
	}
	count_answers(lab, first, seen);
	for (unsigned i = 1001; i <= 2000; i++)
		cr_assert_eq(seen[i], 1, "group %u: %u", i, seen[i]);
	for (unsigned i = 1; i <= 1000; i++)
		cr_assert(seen[i] <= 1 && seen[3000 + i] <= 1);
}

BOTH(response, spread_again, "RSP-5: queries during a spread answer starve nobody")
{
	uint8_t seen[2001] = {0};
	unsigned first;

	lab_join_many(lab, 1, 2000);
	first = lab->n_frames;
	for (unsigned i = 0; i < 8; i++) {
		lab_query(lab, NEWEST(lab), NULL, "", 10000);
		lab_run(lab, 3000);
	}
	count_answers(lab, first, seen);
	for (unsigned i = 1; i <= 2000; i++)
		cr_assert(seen[i] >= 1 && seen[i] <= 4, "group %u: %u", i, seen[i]);
	lab_run(lab, 10000);
	memset(seen, 0, sizeof(seen));
	count_answers(lab, first, seen);
	for (unsigned i = 1; i <= 2000; i++)
		cr_assert_geq(seen[i], 2);
}

BOTH(response, spread_again_while_leaving,
	"RSP-5: asked again during a spread answer, groups leave where it stood")
{
	char name[12];

	lab_join_many(lab, 1, 1000);
	for (unsigned round = 0; round < 20; round++) {
		uint8_t seen[2001] = {0};
		unsigned first;

		lab_join_many(lab, 1001, 1000);
		lab_query(lab, NEWEST(lab), NULL, "", 20000);
		lab_run(lab, 10000);
		first = lab->n_frames;
		lab_query(lab, NEWEST(lab), NULL, "", 20000);
		for (unsigned i = 1001; i <= 2000; i++) {
			sprintf(name, "%u", i);
			cr_assert_eq(lab_leave(lab, 0, name), 0);
		}
		lab_flush(lab);
		lab_run(lab, 30000);
		count_answers(lab, first, seen);
		for (unsigned i = 1; i <= 1000; i++)
			cr_assert(seen[i] >= 1 && seen[i] <= 2, "group %u: %u", i, seen[i]);
	}
}

BOTH(response, left,
	"RSP-6 VAL-15 VAL-20: a group left before the answer's time has no current state")
{
	for (unsigned i = 0; i < 50; i++) {
		lab_join(lab, 0, "1");
		lab_settle(lab);
		lab_query(lab, NEWEST(lab), "1", "", 500);
		lab_query(lab, NEWEST(lab), "1", "a", 500);
		lab_leave(lab, 0, "1");
		lab_says(lab, "TO_IN(1:)");
		lab_query(lab, NEWEST(lab), "1", "", 500); // it is nobody's any more
		cr_assert_str_eq(ask_all(lab, ""), "TO_IN(1:)");
		lab_run(lab, 5000);
		lab_expect(lab, "");
	}
	cr_assert_eq(host_counter(lab->host, HOST_RX_NO_STATE), 50);
	cr_assert_eq(host_counter(lab->host, HOST_RX_BAD_DESTINATION), 50);
}

// Table of RSP-7.
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

BOTH(response, asked, "RSP-7 IGMP-4 MLD-11: of the sources asked for, those that are wanted")
{
	for (unsigned i = 0; i < sizeof(askings) / sizeof(askings[0]); i++) {
		const struct asked *a = &askings[i];

		if (a->mode == SLUICE_INCLUDE)
			lab_include(lab, 0, "1", a->sources);
		else
			lab_exclude(lab, 0, "1", a->sources);
		lab_settle(lab);
		cr_expect_str_eq(ask(lab, "1", a->asked, 1000), a->said, "row %u", i);
	}
}

BOTH(response, at_once, "RSP-11: a response time of 0 means as soon as possible")
{
	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_query(lab, NEWEST(lab), NULL, "", 0);
	lab_run(lab, 100);
	lab_expect(lab, "IS_EX(1:)");
	lab_query(lab, NEWEST(lab), "1", "", 0);
	lab_run(lab, 100);
	lab_expect(lab, "IS_EX(1:)");
	lab_query(lab, NEWEST(lab), "1", "a", 0);
	lab_run(lab, 100);
	lab_expect(lab, "IS_IN(1:a)");
}

BOTH(response, independent, "RSP-12: repeats and answers do not cancel each other")
{
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab_run(lab, 1);
	lab_query(lab, NEWEST(lab), NULL, "", 200);
	lab_run(lab, 5000);
	cr_assert_eq(lab->n_frames, 3);
	cr_assert_eq(host_counter(lab->host, HOST_TX_RECORD), 3);
	cr_assert_not_null(strstr(lab_take(lab), "IS_EX(1:)"));
}

BOTH(response, flags, "IGMP-6 MLD-5 VAL-14: flags, S and the code of a query are ignored")
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", 1000);

	lab_join(lab, 0, "1");
	lab_settle(lab);
	packet.bytes[packet.message + (lab->family == AF_INET ? 8 : 24)] = 0xfa;
	if (lab->family == AF_INET6)
		packet.bytes[packet.message + 1] = 5;
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_EX(1:)");
}
