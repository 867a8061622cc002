// SPDX-License-Identifier: BSD-3-Clause
// State-change reports: section CHG, but for what does not fit a frame.
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

// Table of CHG-1 to CHG-4: from each state to each other, by whole filters.
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

static int set(struct lab *lab, enum sluice_filter_mode mode, const char *sources)
{
	return mode == SLUICE_INCLUDE ? lab_include(lab, 0, "1", sources)
				      : lab_exclude(lab, 0, "1", sources);
}

BOTH(change, transitions, "CHG-1 CHG-2 CHG-3 CHG-4 CHG-5 CHG-6: each change says its difference")
{
	for (unsigned i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		const struct transition *t = &transitions[i];

		cr_assert_eq(set(lab, t->before, t->before_sources), 0);
		lab_flush(lab);
		lab_run(lab, 5000);
		lab_take(lab);
		cr_assert_eq(set(lab, t->after, t->after_sources), 0);
		lab_flush(lab);
		cr_expect_str_eq(lab_take(lab), t->said, "row %u", i);
		lab_run(lab, 5000);
		cr_expect_str_eq(lab_take(lab), t->said, "row %u, repeated", i);
		cr_assert_eq(set(lab, SLUICE_INCLUDE, ""), 0);
		lab_flush(lab);
		lab_run(lab, 5000);
		lab_take(lab);
		cr_assert_str_eq(lab_state(lab, "1"), "none");
	}
}

BOTH(change, repeats, "CHG-7 TMR-4: RV copies, the gaps random in (0, URI]")
{
	unsigned gaps[200];

	for (unsigned i = 0; i < 200; i++) {
		cr_assert_eq(lab_join(lab, 0, "1"), 0);
		lab_says(lab, "TO_EX(1:)");
		lab_run(lab, 3000);
		lab_expect(lab, "TO_EX(1:)");
		gaps[i] =
			lab->frames[lab->n_frames - 1].at_ms - lab->frames[lab->n_frames - 2].at_ms;
		cr_assert_eq(lab_leave(lab, 0, "1"), 0);
		lab_says(lab, "TO_IN(1:)");
		lab_run(lab, 3000);
		lab_expect(lab, "TO_IN(1:)");
	}
	lab_expect_uniform(gaps, 200, 1000);
}

static void four_copies(struct host_config *config)
{
	config->robustness = 4;
}

BOTH_TUNED(change, robustness, four_copies, "CHG-7 TMR-1: as many copies as the configuration says")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(1:) | TO_EX(1:) | TO_EX(1:) | TO_EX(1:)");
	lab_join_source(lab, 0, "2", 'a');
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "ALLOW(2:a) | ALLOW(2:a) | ALLOW(2:a) | ALLOW(2:a)");
	for (unsigned i = 1; i < 8; i++) {
		uint64_t gap = lab->frames[i].at_ms - lab->frames[i - 1].at_ms;

		cr_expect(i == 4 || (gap > 0 && gap <= 1000), "gap %u is %lu", i, gap);
	}
}

BOTH(change, merge, "CHG-8 CHG-9: a further change merges with what is pending")
{
	for (unsigned i = 0; i < 50; i++) {
		bool repeated;

		lab_join_source(lab, 0, "1", 'a');
		lab_says(lab, "ALLOW(1:a)");
		lab_run(lab, 100);
		repeated = strcmp(lab_take(lab), "ALLOW(1:a)") == 0;
		lab_join_source(lab, 0, "1", 'b');
		lab_says(lab, repeated ? "ALLOW(1:b)" : "ALLOW(1:ab)");
		lab_run(lab, 1000);
		lab_expect(lab, "ALLOW(1:b)");
		lab_leave(lab, 0, "1");
		lab_says(lab, "BLOCK(1:ab)");
		lab_run(lab, 1000);
		lab_expect(lab, "BLOCK(1:ab)");
	}
}

BOTH_TUNED(change, counters, four_copies, "CHG-9: each source is in exactly RV reports")
{
	const char *names = "abcde";
	unsigned seen[5] = {0};

	for (unsigned i = 0; i < 5; i++) {
		lab_join_source(lab, 0, "1", names[i]);
		lab_flush(lab);
		lab_run(lab, 100);
	}
	lab_run(lab, 10000);
	for (unsigned i = 0; i < lab->n_frames; i++) {
		for (unsigned k = 0; k < 5; k++)
			seen[k] += strchr(strchr(lab->frames[i].text, ':'), names[k]) != NULL;
	}
	for (unsigned k = 0; k < 5; k++)
		cr_expect_eq(seen[k], 4, "source %c is in %u", names[k], seen[k]);
}

BOTH(change, mode_first, "CHG-10: sources follow when the filter-mode counter has run out")
{
	lab_exclude(lab, 0, "1", "ab");
	lab_says(lab, "TO_EX(1:ab)");
	lab_exclude(lab, 0, "1", "bc");
	lab_says(lab, "TO_EX(1:bc)");
	lab_run(lab, 3000);
	lab_expect(lab, "ALLOW(1:a) BLOCK(1:c)");
	lab_include(lab, 0, "1", "bc");
	lab_says(lab, "TO_IN(1:bc)");
	lab_include(lab, 0, "1", "cd");
	lab_says(lab, "TO_IN(1:cd)");
	lab_run(lab, 3000);
	lab_expect(lab, "ALLOW(1:d) BLOCK(1:b)");
}

BOTH_TUNED(change, mode_counts, four_copies,
	"CHG-9 CHG-10: sources count the reports of the mode, which has a counter of its own")
{
	lab_exclude(lab, 0, "1", "ab");
	lab_says(lab, "TO_EX(1:ab)");
	lab_exclude(lab, 0, "1", "bc");
	lab_says(lab, "TO_EX(1:bc)");
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(1:bc) | TO_EX(1:bc) | ALLOW(1:a) BLOCK(1:c)");
}

typedef int source_call(struct lab *lab, unsigned session, const char *group, char source);

// From a filter whose reports are over, a source goes there and back again.
static void flip_source(struct lab *lab, enum sluice_filter_mode mode, const char *sources,
	source_call *there, const char *said_first, source_call *back, const char *said_last)
{
	set(lab, mode, sources);
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	there(lab, 0, "1", 'a');
	lab_says(lab, said_first);
	back(lab, 0, "1", 'a');
	lab_says(lab, said_last);
	lab_run(lab, 3000);
	lab_expect(lab, said_last);
}

BOTH(change, source_flips, "CHG-5 CHG-11: what a report says is what holds when it leaves")
{
	const char *allow = "ALLOW(1:a)", *block = "BLOCK(1:a)";

	flip_source(lab, SLUICE_INCLUDE, "", lab_join_source, allow, lab_leave_source, block);
	flip_source(lab, SLUICE_INCLUDE, "z", lab_join_source, allow, lab_leave_source, block);
	flip_source(lab, SLUICE_EXCLUDE, "z", lab_block, block, lab_unblock, allow);
}

BOTH(change, mode_flips, "CHG-12: the mode flips back before the repeats end")
{
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab_leave(lab, 0, "1");
	lab_says(lab, "TO_IN(1:)");
	lab_run(lab, 3000);
	lab_expect(lab, "TO_IN(1:)");
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_leave(lab, 0, "1");
	lab_says(lab, "TO_IN(1:)");
	cr_assert_str_eq(lab_state(lab, "1"), "IN() leaving 0");
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab_run(lab, 3000);
	lab_expect(lab, "TO_EX(1:)");
}

BOTH(change, packing, "CHG-16: groups changed together share a report, each repeats RV times")
{
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_join_source(lab, 0, "3", 'a');
	lab_join(lab, 0, "4");
	lab_join(lab, 0, "5");
	lab_says(lab, "ALLOW(3:a) TO_EX(1:) TO_EX(2:) TO_EX(4:) TO_EX(5:)");
	lab_run(lab, 3000);
	cr_assert_eq(host_counter(lab->host, HOST_TX_RECORD), 10);
}

BOTH(change, link, "CHG-17: what is joined is announced again when the link comes up")
{
	lab_join(lab, 0, "1");
	lab_include(lab, 0, "2", "ab");
	lab_exclude(lab, 0, "3", "c");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	host_set_link(lab->host, false, lab->now_ms);
	lab_run(lab, 5000);
	lab_expect(lab, "");
	host_set_link(lab->host, true, lab->now_ms);
	lab_expect(lab, "ALLOW(2:ab) TO_EX(1:) TO_EX(3:c)");
	lab_run(lab, 5000);
	cr_assert_eq(host_counter(lab->host, HOST_TX_RECORD), 12);
}

BOTH(change, link_down, "CHG-17: nothing leaves a link that is down; what was left then is said")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	host_set_link(lab->host, false, lab->now_ms);
	lab_join(lab, 0, "2");
	lab_leave(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "");
	cr_assert_str_eq(lab_state(lab, "2"), "EX() pending 1");
	host_set_link(lab->host, true, lab->now_ms);
	lab_expect(lab, "TO_EX(2:) TO_IN(1:)");
	cr_assert_str_eq(lab_state(lab, "2"), "EX() joined 1");
}

static void send_qrv(struct lab *lab, const char *group, unsigned qrv)
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), group, "", 1000);

	packet.bytes[packet.message + (lab->family == AF_INET ? 8 : 24)] = qrv;
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	lab_run(lab, 2000);
	lab_take(lab);
}

BOTH(change, qrv, "CHG-18 DEC-3 IGMP-6: the querier's robustness is used, 0 means the default")
{
	send_qrv(lab, NULL, 0xf8 | 4); // flags and S do not belong to it
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(1:) | TO_EX(1:) | TO_EX(1:) | TO_EX(1:)");
	send_qrv(lab, "1", 3);
	send_qrv(lab, "5", 7); // a group of others, and so no query for us
	lab_join_source(lab, 0, "3", 'a');
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "ALLOW(3:a) | ALLOW(3:a) | ALLOW(3:a)");
	send_qrv(lab, NULL, 0);
	lab_join(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(2:) | TO_EX(2:)");
	send_qrv(lab, NULL, 1);
	cr_assert_not_null(strstr(lab->logged, "robustness"));
	lab_leave(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_IN(2:)");
}

BOTH(change, cancelled, "CHG-6: what cancels itself before the flush is never heard of")
{
	lab_join(lab, 0, "1");
	lab_leave(lab, 0, "1");
	lab_says(lab, "");
	cr_assert_str_eq(lab_state(lab, "1"), "none");
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	// The repeat of the join survives a change that comes to nothing.
	lab_leave(lab, 0, "1");
	lab_include(lab, 0, "1", "a");
	lab_include(lab, 0, "1", "");
	lab_join(lab, 0, "1");
	lab_says(lab, "");
	lab_run(lab, 1000);
	lab_expect(lab, "TO_EX(1:)");
	lab_run(lab, 5000);
	lab_expect(lab, "");
}

BOTH(change, full_port,
	"CHG-6 API-41: a full port delays a report by at most 10 ms, a leave cancels it")
{
	lab->port_full = true;
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 100);
	cr_assert_eq(lab->n_joined, 0);
	cr_assert_gt(host_counter(lab->host, HOST_TX_AGAIN), 9);
	lab_leave(lab, 0, "2");
	lab_flush(lab);
	lab->port_full = false;
	lab_run(lab, 10);
	lab_expect(lab, "TO_EX(1:)");
	cr_assert_eq(lab->n_joined, 1);
	lab_run(lab, 3000);
	lab_expect(lab, "TO_EX(1:)");
	cr_assert(!host_busy(lab->host));
	cr_assert_eq(host_next_ms(lab->host), HOST_NEVER);
}

BOTH(change, busy, "CHG-7: the host is busy until the last repeat of a leave")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	cr_assert(host_busy(lab->host));
	lab_run(lab, 3000);
	cr_assert(!host_busy(lab->host));
	lab_leave(lab, 0, "1");
	lab_flush(lab);
	cr_assert(host_busy(lab->host));
	lab_run(lab, 3000);
	cr_assert(!host_busy(lab->host));
	cr_assert_str_eq(lab_state(lab, "1"), "none");
}
