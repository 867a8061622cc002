// SPDX-License-Identifier: BSD-3-Clause
// State-change reports: section CHG, except records that do not fit into a frame.
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

// The table of CHG-1 to CHG-4: from each state to each other state, by whole filters.
static const struct transition {
	enum sluice_filter_mode before;
	const char *before_sources;
	enum sluice_filter_mode after;
	const char *after_sources;
	const char *said;
} transitions[] = {
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "bcd", "ALLOW(1:d) BLOCK(1:a)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "abcd", "ALLOW(1:d)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "ab", "BLOCK(1:c)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "", "BLOCK(1:abc)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "abc", ""},
	{SLUICE_EXCLUDE, "abc", SLUICE_EXCLUDE, "bcd", "ALLOW(1:a) BLOCK(1:d)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_EXCLUDE, "", "ALLOW(1:abc)"},
	{SLUICE_EXCLUDE, "", SLUICE_EXCLUDE, "abc", "BLOCK(1:abc)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_EXCLUDE, "cba", ""},
	{SLUICE_INCLUDE, "abc", SLUICE_EXCLUDE, "bcd", "TO_EX(1:bcd)"},
	{SLUICE_INCLUDE, "abc", SLUICE_EXCLUDE, "", "TO_EX(1:)"},
	{SLUICE_INCLUDE, "", SLUICE_EXCLUDE, "ab", "TO_EX(1:ab)"},
	{SLUICE_INCLUDE, "", SLUICE_INCLUDE, "ab", "ALLOW(1:ab)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_INCLUDE, "bcd", "TO_IN(1:bcd)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_INCLUDE, "", "TO_IN(1:)"},
	{SLUICE_EXCLUDE, "", SLUICE_INCLUDE, "a", "TO_IN(1:a)"},
};

static int set(struct host_fixture *fixture, enum sluice_filter_mode mode, const char *sources)
{
	return mode == SLUICE_INCLUDE ? fixture_include(fixture, 0, "1", sources)
				      : fixture_exclude(fixture, 0, "1", sources);
}

BOTH(state_change, transitions,
	"CHG-1 CHG-2 CHG-3 CHG-4 CHG-5 CHG-6: each change reports its difference")
{
	for (unsigned i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		const struct transition *t = &transitions[i];

		cr_assert_eq(set(fixture, t->before, t->before_sources), 0);
		fixture_flush(fixture);
		fixture_run(fixture, 5000);
		fixture_take(fixture);
		cr_assert_eq(set(fixture, t->after, t->after_sources), 0);
		fixture_flush(fixture);
		cr_expect_str_eq(fixture_take(fixture), t->said, "row %u", i);
		fixture_run(fixture, 5000);
		cr_expect_str_eq(fixture_take(fixture), t->said, "row %u, repeated", i);
		cr_assert_eq(set(fixture, SLUICE_INCLUDE, ""), 0);
		fixture_flush(fixture);
		fixture_run(fixture, 5000);
		fixture_take(fixture);
		cr_assert_str_eq(fixture_state(fixture, "1"), "none");
	}
}

BOTH(state_change, repeats, "CHG-7 TMR-4: RV copies are sent, with random gaps in (0, URI]")
{
	unsigned gaps[200];

	for (unsigned i = 0; i < 200; i++) {
		cr_assert_eq(fixture_join(fixture, 0, "1"), 0);
		fixture_says(fixture, "TO_EX(1:)");
		fixture_run(fixture, 3000);
		fixture_expect(fixture, "TO_EX(1:)");
		gaps[i] = fixture->frames[fixture->n_frames - 1].at_ms -
			  fixture->frames[fixture->n_frames - 2].at_ms;
		cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
		fixture_says(fixture, "TO_IN(1:)");
		fixture_run(fixture, 3000);
		fixture_expect(fixture, "TO_IN(1:)");
	}
	fixture_expect_uniform(gaps, 200, 1000);
}

static void four_copies(struct host_config *config)
{
	config->robustness = 4;
}

BOTH_TUNED(state_change, robustness, four_copies,
	"CHG-7 TMR-1: as many copies as the configuration says")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "TO_EX(1:) | TO_EX(1:) | TO_EX(1:) | TO_EX(1:)");
	fixture_join_source(fixture, 0, "2", 'a');
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "ALLOW(2:a) | ALLOW(2:a) | ALLOW(2:a) | ALLOW(2:a)");
	for (unsigned i = 1; i < 8; i++) {
		uint64_t gap = fixture->frames[i].at_ms - fixture->frames[i - 1].at_ms;

		cr_expect(i == 4 || (gap > 0 && gap <= 1000), "gap %u is %lu", i, gap);
	}
}

BOTH(state_change, merge, "CHG-8 CHG-9: a further change merges with what is pending")
{
	for (unsigned i = 0; i < 50; i++) {
		bool repeated;

		fixture_join_source(fixture, 0, "1", 'a');
		fixture_says(fixture, "ALLOW(1:a)");
		fixture_run(fixture, 100);
		repeated = strcmp(fixture_take(fixture), "ALLOW(1:a)") == 0;
		fixture_join_source(fixture, 0, "1", 'b');
		fixture_says(fixture, repeated ? "ALLOW(1:b)" : "ALLOW(1:ab)");
		fixture_run(fixture, 1000);
		fixture_expect(fixture, "ALLOW(1:b)");
		fixture_leave(fixture, 0, "1");
		fixture_says(fixture, "BLOCK(1:ab)");
		fixture_run(fixture, 1000);
		fixture_expect(fixture, "BLOCK(1:ab)");
	}
}

BOTH_TUNED(state_change, counters, four_copies, "CHG-9: each source is in exactly RV reports")
{
	const char *names = "abcde";
	unsigned seen[5] = {0};

	for (unsigned i = 0; i < 5; i++) {
		fixture_join_source(fixture, 0, "1", names[i]);
		fixture_flush(fixture);
		fixture_run(fixture, 100);
	}
	fixture_run(fixture, 10000);
	for (unsigned i = 0; i < fixture->n_frames; i++) {
		for (unsigned k = 0; k < 5; k++)
			seen[k] += strchr(strchr(fixture->frames[i].text, ':'), names[k]) != NULL;
	}
	for (unsigned k = 0; k < 5; k++)
		cr_expect_eq(seen[k], 4, "source %c is in %u", names[k], seen[k]);
}

BOTH(state_change, mode_first, "CHG-10: sources follow when the filter-mode counter has run out")
{
	fixture_exclude(fixture, 0, "1", "ab");
	fixture_says(fixture, "TO_EX(1:ab)");
	fixture_exclude(fixture, 0, "1", "bc");
	fixture_says(fixture, "TO_EX(1:bc)");
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "ALLOW(1:a) BLOCK(1:c)");
	fixture_include(fixture, 0, "1", "bc");
	fixture_says(fixture, "TO_IN(1:bc)");
	fixture_include(fixture, 0, "1", "cd");
	fixture_says(fixture, "TO_IN(1:cd)");
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "ALLOW(1:d) BLOCK(1:b)");
}

BOTH_TUNED(state_change, mode_counts, four_copies,
	"CHG-9 CHG-10: sources count the reports of the mode, which has a counter of its own")
{
	fixture_exclude(fixture, 0, "1", "ab");
	fixture_says(fixture, "TO_EX(1:ab)");
	fixture_exclude(fixture, 0, "1", "bc");
	fixture_says(fixture, "TO_EX(1:bc)");
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "TO_EX(1:bc) | TO_EX(1:bc) | ALLOW(1:a) BLOCK(1:c)");
}

typedef int source_call(
	struct host_fixture *fixture, unsigned session, const char *group, char source);

// After the reports of the filter have ended, a source is changed and changed back.
static void flip_source(struct host_fixture *fixture, enum sluice_filter_mode mode,
	const char *sources, source_call *there, const char *said_first, source_call *back,
	const char *said_last)
{
	set(fixture, mode, sources);
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	there(fixture, 0, "1", 'a');
	fixture_says(fixture, said_first);
	back(fixture, 0, "1", 'a');
	fixture_says(fixture, said_last);
	fixture_run(fixture, 3000);
	fixture_expect(fixture, said_last);
}

BOTH(state_change, source_flips, "CHG-5 CHG-11: a report has the state at the time when it is sent")
{
	const char *allow = "ALLOW(1:a)", *block = "BLOCK(1:a)";

	flip_source(fixture, SLUICE_INCLUDE, "", fixture_join_source, allow, fixture_leave_source,
		block);
	flip_source(fixture, SLUICE_INCLUDE, "z", fixture_join_source, allow, fixture_leave_source,
		block);
	flip_source(fixture, SLUICE_EXCLUDE, "z", fixture_block, block, fixture_unblock, allow);
}

BOTH(state_change, mode_flips, "CHG-12: the mode changes back before the retransmissions end")
{
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "TO_IN(1:)");
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "TO_IN(1:)");
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "TO_IN(1:)");
	cr_assert_str_eq(fixture_state(fixture, "1"), "IN() leaving 0");
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "TO_EX(1:)");
}

BOTH(state_change, packing,
	"CHG-16: groups changed together share a report, which is sent RV times")
{
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "2");
	fixture_join_source(fixture, 0, "3", 'a');
	fixture_join(fixture, 0, "4");
	fixture_join(fixture, 0, "5");
	fixture_says(fixture, "ALLOW(3:a) TO_EX(1:) TO_EX(2:) TO_EX(4:) TO_EX(5:)");
	fixture_run(fixture, 3000);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 10);
}

BOTH(state_change, link, "CHG-17: joined groups are announced again when the link comes up")
{
	fixture_join(fixture, 0, "1");
	fixture_include(fixture, 0, "2", "ab");
	fixture_exclude(fixture, 0, "3", "c");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	host_set_link(fixture->host, false, fixture->now_ms);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "");
	host_set_link(fixture->host, true, fixture->now_ms);
	fixture_expect(fixture, "ALLOW(2:ab) TO_EX(1:) TO_EX(3:c)");
	fixture_run(fixture, 5000);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 12);
}

BOTH(state_change, link_down,
	"CHG-17: nothing is sent while the link is down; leaves are sent afterwards")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	host_set_link(fixture->host, false, fixture->now_ms);
	fixture_join(fixture, 0, "2");
	fixture_leave(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "");
	cr_assert_str_eq(fixture_state(fixture, "2"), "EX() pending 1");
	host_set_link(fixture->host, true, fixture->now_ms);
	fixture_expect(fixture, "TO_EX(2:) TO_IN(1:)");
	cr_assert_str_eq(fixture_state(fixture, "2"), "EX() joined 1");
}

static void send_qrv(struct host_fixture *fixture, const char *group, unsigned qrv)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), group, "", 1000);

	packet.bytes[packet.message + (fixture->family == AF_INET ? 8 : 24)] = qrv;
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	fixture_run(fixture, 2000);
	fixture_take(fixture);
}

BOTH(state_change, qrv,
	"CHG-18 DEC-3 IGMP-6: the querier's robustness is used, 0 means the default")
{
	send_qrv(fixture, NULL, 0xf8 | 4); // flags and S are not part of it
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "TO_EX(1:) | TO_EX(1:) | TO_EX(1:) | TO_EX(1:)");
	send_qrv(fixture, "1", 3);
	send_qrv(fixture, "5", 7); // not joined here, so that the query is ignored
	fixture_join_source(fixture, 0, "3", 'a');
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "ALLOW(3:a) | ALLOW(3:a) | ALLOW(3:a)");
	send_qrv(fixture, NULL, 0);
	fixture_join(fixture, 0, "2");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "TO_EX(2:) | TO_EX(2:)");
	send_qrv(fixture, NULL, 1);
	cr_assert_not_null(strstr(fixture->logged, "robustness"));
	fixture_leave(fixture, 0, "2");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "TO_IN(2:)");
}

BOTH(state_change, cancelled, "CHG-6: changes that cancel each other before the flush send nothing")
{
	fixture_join(fixture, 0, "1");
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "");
	cr_assert_str_eq(fixture_state(fixture, "1"), "none");
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	// The retransmission of the join survives changes that cancel each other.
	fixture_leave(fixture, 0, "1");
	fixture_include(fixture, 0, "1", "a");
	fixture_include(fixture, 0, "1", "");
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "");
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "TO_EX(1:)");
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "");
}

BOTH(state_change, full_port,
	"CHG-6 API-41: a full port delays a report by at most 10 ms, a leave cancels it")
{
	fixture->port_full = true;
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "2");
	fixture_flush(fixture);
	fixture_run(fixture, 100);
	cr_assert_eq(fixture->n_joined, 0);
	cr_assert_gt(host_drop_count(fixture->host, HOST_TX_AGAIN), 9);
	fixture_leave(fixture, 0, "2");
	fixture_flush(fixture);
	fixture->port_full = false;
	fixture_run(fixture, 10);
	fixture_expect(fixture, "TO_EX(1:)");
	cr_assert_eq(fixture->n_joined, 1);
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "TO_EX(1:)");
	cr_assert(!host_busy(fixture->host));
	cr_assert_eq(host_next_ms(fixture->host), HOST_NEVER);
}

BOTH(state_change, busy, "CHG-7: the host is busy until the last retransmission of a leave")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	cr_assert(host_busy(fixture->host));
	fixture_run(fixture, 3000);
	cr_assert(!host_busy(fixture->host));
	fixture_leave(fixture, 0, "1");
	fixture_flush(fixture);
	cr_assert(host_busy(fixture->host));
	fixture_run(fixture, 3000);
	cr_assert(!host_busy(fixture->host));
	cr_assert_str_eq(fixture_state(fixture, "1"), "none");
}
