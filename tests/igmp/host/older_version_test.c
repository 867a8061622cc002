// SPDX-License-Identifier: BSD-3-Clause
// What a host says in an old version: section CMP. MLD has one of them, IGMP two.
#include "host_fixture.h"

BOTH(old, link, "CMP-7 CHG-17: in an old version groups are announced in it, too")
{
	lab_get_old(lab);
	lab_include(lab, 0, "1", "ab");
	lab_settle(lab);
	host_set_link(lab->host, false, lab->now_ms);
	host_set_link(lab->host, true, lab->now_ms);
	lab_run(lab, 20000);
	lab_expect(lab, lab->family == AF_INET ? "V2(1) | V2(1)" : "V1(1) | V1(1)");
}

BOTH(old, view, "CMP-7 CMP-8: a group is joined or not, whatever its sources")
{
	lab_get_old(lab);
	lab_join_source(lab, 0, "1", 'a');
	lab_says(lab, OLD_1(lab));
	lab_run(lab, 20000);
	lab_expect(lab, OLD_1(lab));
	lab_join_source(lab, 0, "1", 'b');
	lab_exclude(lab, 1, "1", "c");
	lab_says(lab, "");
	lab_leave_source(lab, 0, "1", 'a');
	lab_leave_source(lab, 0, "1", 'b');
	lab_says(lab, "");
	lab_leave(lab, 1, "1");
	lab_says(lab, "LEAVE(1)");
	lab_run(lab, 20000);
	lab_expect(lab, "");
	cr_assert_str_eq(lab_state(lab, "1"), "none");
}

// Joins, and leaves again, time and again in a mode that queries of the version keep up. The second
// report comes within an interval.
static void expect_join(struct lab *lab, unsigned version, unsigned interval_ms)
{
	const char *report = version == 1 ? "V1(1)" : "V2(1)";
	bool leaves = lab->family == AF_INET6 || version > 1;
	unsigned gaps[50];

	for (unsigned i = 0; i < 50; i++) {
		lab_query(lab, version, NULL, "", 1000);
		lab_join(lab, 0, "1");
		lab_says(lab, report);
		lab_run(lab, interval_ms);
		lab_expect(lab, report);
		gaps[i] =
			lab->frames[lab->n_frames - 1].at_ms - lab->frames[lab->n_frames - 2].at_ms;
		lab_run(lab, 20000);
		lab_expect(lab, "");
		lab_leave(lab, 0, "1");
		lab_says(lab, leaves ? "LEAVE(1)" : "");
	}
	lab_expect_uniform(gaps, 50, interval_ms);
}

BOTH(old, join, "CMP-9 CMP-18 TMR-4: a join is reported at once and again within 10 s")
{
	expect_join(lab, OLDER(lab), 10000);
}

ONE(AF_INET, old, v1_join, "CMP-9 CMP-10 TMR-4: an IGMPv1 join likewise; no leave")
{
	expect_join(lab, 1, 10000);
}

static void hasty(struct host_config *config)
{
	config->older_unsolicited_report_interval_ms = 500;
}

BOTH_TUNED(old, join_hasty, hasty, "TMR-4 TMR-12: the interval of old reports is configurable")
{
	expect_join(lab, OLDER(lab), 500);
}

static void robust(struct host_config *config)
{
	config->robustness = 5;
}

static void expect_copies(struct lab *lab, unsigned n)
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 100000);
	cr_assert_eq(lab->n_frames, n);
}

BOTH_TUNED(old, join_copies, robust, "CMP-9: never more than three copies")
{
	expect_copies(lab, 3);
}

BOTH_TUNED(old, join_suppressed, robust, "CMP-12: a foreign report ends the repeats of a join")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_says(lab, OLD_1(lab));
	lab_report(lab, OLD_REPORT(lab), "1");
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, OLD_1(lab));
	lab_run(lab, 100000);
	lab_expect(lab, "");
}

static void frail(struct host_config *config)
{
	config->robustness = 1;
}

BOTH_TUNED(old, join_again, frail, "CMP-9: never less than two copies")
{
	expect_copies(lab, 2);
}

ONE(AF_INET, old, v1_leave, "CMP-10: IGMPv1 knows no leave")
{
	lab_query(lab, 1, NULL, "", 0);
	lab_join(lab, 0, "1");
	lab_says(lab, "V1(1)");
	lab_leave(lab, 0, "1");
	lab_says(lab, "");
	lab_run(lab, 20000);
	lab_expect(lab, "");
	cr_assert_str_eq(lab_state(lab, "1"), "none");
}

BOTH(old, leave_skipped, "CMP-10 CMP-12: another host reported last: no leave")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_says(lab, OLD_1(lab));
	lab_report(lab, OLD_REPORT(lab), "1");
	lab_run(lab, 20000);
	lab_expect(lab, "");
	lab_leave(lab, 0, "1");
	lab_says(lab, "");
}

static void always_leave(struct host_config *config)
{
	config->always_leave = true;
}

BOTH_TUNED(old, leave_always, always_leave, "CMP-10: the optimisation can be switched off")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_says(lab, OLD_1(lab));
	lab_report(lab, OLD_REPORT(lab), "1");
	lab_leave(lab, 0, "1");
	lab_says(lab, "LEAVE(1)");
}

BOTH(old, idle_report, "CMP-12: a foreign report while nothing is pending is ignored")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 20000);
	lab_report(lab, OLD_REPORT(lab), "1");
	lab_take(lab);
	lab_leave(lab, 0, "1");
	lab_says(lab, "LEAVE(1)");
}

BOTH(old, answers, "CMP-11 FRM-23: each group answers after its own delay, an earlier one counts")
{
	unsigned first;

	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_settle(lab);
	for (unsigned i = 0; i < 20; i++) {
		lab_query(lab, OLDER(lab), "1", "", i % 2 == 0 ? 10000 : 1000);
		lab_query(lab, OLDER(lab), "1", "", i % 2 == 0 ? 1000 : 10000);
		lab_run(lab, 1000);
		lab_expect(lab, OLD_1(lab));
	}
	lab_run(lab, 10000);
	lab_expect(lab, "");
	first = lab->n_frames;
	for (unsigned i = 0; i < 20; i++) {
		lab_query(lab, OLDER(lab), NULL, "", 10000);
		lab_run(lab, 10000);
	}
	cr_assert_eq(lab->n_frames, first + 40);
	cr_assert_neq(lab->frames[first].at_ms, lab->frames[first + 1].at_ms);
}

// Asks time and again in an old version how long group 1 takes to answer.
static void expect_uniform_delay(
	struct lab *lab, unsigned asked, const char *group, unsigned response_ms, unsigned most_ms)
{
	unsigned mode = lab_version(lab);
	unsigned delays[500];

	lab_include(lab, 0, "1", "ab");
	lab_settle(lab);
	for (unsigned i = 0; i < 500; i++) {
		uint64_t asked_ms = lab->now_ms;

		lab_query(lab, asked, group, asked == NEWEST(lab) && group != NULL ? "z" : "",
			response_ms);
		lab_run(lab, most_ms);
		lab_expect(lab, mode == 1 ? "V1(1)" : "V2(1)");
		delays[i] = lab->frames[lab->n_frames - 1].at_ms - asked_ms;
		cr_assert_eq(lab_version(lab), mode);
	}
	lab_expect_uniform(delays, 500, most_ms);
}

static void lasting(struct host_config *config)
{
	config->older_querier_timeout_ms = 100000000;
}

BOTH_TUNED(old, delay, lasting, "CMP-11: the delay is uniform in (0, response time]")
{
	lab_get_old(lab);
	expect_uniform_delay(lab, OLDER(lab), NULL, 2000, 2000);
	expect_uniform_delay(lab, OLDER(lab), "1", 2000, 2000);
}

ONE_TUNED(AF_INET, old, v1_delay, lasting, "CMP-11: an IGMPv1 query leaves 10 s to answer")
{
	lab_query(lab, 1, NULL, "", 0);
	expect_uniform_delay(lab, 1, NULL, 0, 10000);
}

BOTH_TUNED(old, linear_code, lasting,
	"FRM-23: the response time of an older query is linear over its range")
{
	unsigned response_ms = lab->family == AF_INET ? 20000 : 60000;

	lab_get_old(lab);
	expect_uniform_delay(lab, OLDER(lab), NULL, response_ms, response_ms);
}

ONE(AF_INET6, old, at_once, "RSP-11 CMP-11: a response time of 0 in MLDv1 means at once")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_query(lab, 1, NULL, "", 0);
	lab_run(lab, 100);
	lab_expect(lab, "V1(1)");
}

BOTH(old, suppression, "CMP-12: a foreign report cancels the answer of its group only")
{
	// IGMPv2 hears those of IGMPv1, too.
	uint8_t types[2] = {OLD_REPORT(lab), lab->family == AF_INET ? 0x12 : 131};

	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_settle(lab);
	for (unsigned i = 0; i < 2; i++) {
		lab_query(lab, OLDER(lab), NULL, "", 10000);
		lab_report(lab, types[i], "1");
		lab_run(lab, 10000);
		lab_expect(lab, OLD_2(lab));
	}
}

BOTH(old, leaves_of_others, "CMP-12: what is no old report of the group suppresses nothing")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_query(lab, OLDER(lab), NULL, "", 10000);
	lab_report(lab, lab->family == AF_INET ? 0x17 : 132, "1");
	lab_report(lab, lab->family == AF_INET ? 0x22 : 143, "1");
	lab_run(lab, 10000);
	lab_expect(lab, OLD_1(lab));
	lab_leave(lab, 0, "1");
	lab_says(lab, "LEAVE(1)");
}

BOTH(old, types_of_other_family,
	"IGMP-2 CMP-12: a report type of the other family suppresses nothing")
{
	lab_get_old(lab);
	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_query(lab, OLDER(lab), NULL, "", 10000);
	lab_report(lab, lab->family == AF_INET ? 131 : 0x16, "1");
	cr_assert_eq(host_counter(lab->host, HOST_RX_UNKNOWN_TYPE), 1);
	lab_run(lab, 10000);
	lab_expect(lab, OLD_1(lab));
}

BOTH_TUNED(old, newest_query, lasting,
	"CMP-15: a newest query is answered in the old version, its response time read as it is "
	"meant")
{
	// 256 tenths of a second are code 0x90, and more than MLDv1 can say is cut.
	unsigned response_ms = lab->family == AF_INET ? 25600 : 65536;
	unsigned most_ms = lab->family == AF_INET ? 25600 : 32767;

	lab_get_old(lab);
	expect_uniform_delay(lab, NEWEST(lab), NULL, response_ms, most_ms);
	expect_uniform_delay(lab, NEWEST(lab), "1", response_ms, most_ms);
}
