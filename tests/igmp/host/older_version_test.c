// SPDX-License-Identifier: BSD-3-Clause
// What a host sends in an older version: section CMP. MLD has one older version, IGMP two.
#include "host_fixture.h"

BOTH(older_version, link, "CMP-7 CHG-17: groups are announced in the older version, too")
{
	fixture_get_old(fixture);
	fixture_include(fixture, 0, "1", "ab");
	fixture_settle(fixture);
	host_set_link(fixture->host, false, fixture->now_ms);
	host_set_link(fixture->host, true, fixture->now_ms);
	fixture_run(fixture, 20000);
	fixture_expect(fixture, fixture->family == AF_INET ? "V2(1) | V2(1)" : "V1(1) | V1(1)");
}

BOTH(older_version, view, "CMP-7 CMP-8: source filters do not matter in an older version")
{
	fixture_get_old(fixture);
	fixture_join_source(fixture, 0, "1", 'a');
	fixture_says(fixture, OLD_1(fixture));
	fixture_run(fixture, 20000);
	fixture_expect(fixture, OLD_1(fixture));
	fixture_join_source(fixture, 0, "1", 'b');
	fixture_exclude(fixture, 1, "1", "c");
	fixture_says(fixture, "");
	fixture_leave_source(fixture, 0, "1", 'a');
	fixture_leave_source(fixture, 0, "1", 'b');
	fixture_says(fixture, "");
	fixture_leave(fixture, 1, "1");
	fixture_says(fixture, "LEAVE(1)");
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
	cr_assert_str_eq(fixture_state(fixture, "1"), "none");
}

// Joins and leaves many times, while queries keep the host in the older version. The second report
// follows within one interval.
static void expect_join(struct host_fixture *fixture, unsigned version, unsigned interval_ms)
{
	const char *report = version == 1 ? "V1(1)" : "V2(1)";
	bool leaves = fixture->family == AF_INET6 || version > 1;
	unsigned gaps[50];

	for (unsigned i = 0; i < 50; i++) {
		fixture_query(fixture, version, NULL, "", 1000);
		fixture_join(fixture, 0, "1");
		fixture_says(fixture, report);
		fixture_run(fixture, interval_ms);
		fixture_expect(fixture, report);
		gaps[i] = fixture->frames[fixture->n_frames - 1].at_ms -
			  fixture->frames[fixture->n_frames - 2].at_ms;
		fixture_run(fixture, 20000);
		fixture_expect(fixture, "");
		fixture_leave(fixture, 0, "1");
		fixture_says(fixture, leaves ? "LEAVE(1)" : "");
	}
	fixture_expect_uniform(gaps, 50, interval_ms);
}

BOTH(older_version, join, "CMP-9 CMP-18 TMR-4: a join is reported at once and again within 10 s")
{
	expect_join(fixture, OLDER(fixture), 10000);
}

ONE(AF_INET, older_version, v1_join, "CMP-9 CMP-10 TMR-4: an IGMPv1 join likewise; no leave")
{
	expect_join(fixture, 1, 10000);
}

static void hasty(struct host_config *config)
{
	config->older_unsolicited_report_interval_ms = 500;
}

BOTH_TUNED(older_version, join_hasty, hasty,
	"TMR-4 TMR-12: the interval of old reports is configurable")
{
	expect_join(fixture, OLDER(fixture), 500);
}

static void robust(struct host_config *config)
{
	config->robustness = 5;
}

static void expect_copies(struct host_fixture *fixture, unsigned n)
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 100000);
	cr_assert_eq(fixture->n_frames, n);
}

BOTH_TUNED(older_version, join_copies, robust, "CMP-9: never more than three copies")
{
	expect_copies(fixture, 3);
}

BOTH_TUNED(older_version, join_suppressed, robust,
	"CMP-12: a foreign report ends the repeats of a join")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, OLD_1(fixture));
	fixture_report(fixture, OLD_REPORT(fixture), "1");
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, OLD_1(fixture));
	fixture_run(fixture, 100000);
	fixture_expect(fixture, "");
}

static void frail(struct host_config *config)
{
	config->robustness = 1;
}

BOTH_TUNED(older_version, join_again, frail, "CMP-9: never less than two copies")
{
	expect_copies(fixture, 2);
}

ONE(AF_INET, older_version, v1_leave, "CMP-10: IGMPv1 knows no leave")
{
	fixture_query(fixture, 1, NULL, "", 0);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "V1(1)");
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "");
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
	cr_assert_str_eq(fixture_state(fixture, "1"), "none");
}

BOTH(older_version, leave_skipped, "CMP-10 CMP-12: another host reported last: no leave")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, OLD_1(fixture));
	fixture_report(fixture, OLD_REPORT(fixture), "1");
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "");
}

static void always_leave(struct host_config *config)
{
	config->always_leave = true;
}

BOTH_TUNED(
	older_version, leave_always, always_leave, "CMP-10: the optimisation can be switched off")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, OLD_1(fixture));
	fixture_report(fixture, OLD_REPORT(fixture), "1");
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "LEAVE(1)");
}

BOTH(older_version, idle_report,
	"CMP-12: a report of another host is ignored while no response is pending")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 20000);
	fixture_report(fixture, OLD_REPORT(fixture), "1");
	fixture_take(fixture);
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "LEAVE(1)");
}

BOTH(older_version, answers,
	"CMP-11 FRM-23: each group has its own delay, and of two delays the earlier one")
{
	unsigned first;

	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "2");
	fixture_settle(fixture);
	for (unsigned i = 0; i < 20; i++) {
		fixture_query(fixture, OLDER(fixture), "1", "", i % 2 == 0 ? 10000 : 1000);
		fixture_query(fixture, OLDER(fixture), "1", "", i % 2 == 0 ? 1000 : 10000);
		fixture_run(fixture, 1000);
		fixture_expect(fixture, OLD_1(fixture));
	}
	fixture_run(fixture, 10000);
	fixture_expect(fixture, "");
	first = fixture->n_frames;
	for (unsigned i = 0; i < 20; i++) {
		fixture_query(fixture, OLDER(fixture), NULL, "", 10000);
		fixture_run(fixture, 10000);
	}
	cr_assert_eq(fixture->n_frames, first + 40);
	cr_assert_neq(fixture->frames[first].at_ms, fixture->frames[first + 1].at_ms);
}

// Measures the delay of group 1 for many queries of an older version.
static void expect_uniform_delay(struct host_fixture *fixture, unsigned asked, const char *group,
	unsigned response_ms, unsigned most_ms)
{
	unsigned mode = fixture_version(fixture);
	unsigned delays[500];

	fixture_include(fixture, 0, "1", "ab");
	fixture_settle(fixture);
	for (unsigned i = 0; i < 500; i++) {
		uint64_t asked_ms = fixture->now_ms;

		fixture_query(fixture, asked, group,
			asked == NEWEST(fixture) && group != NULL ? "z" : "", response_ms);
		fixture_run(fixture, most_ms);
		fixture_expect(fixture, mode == 1 ? "V1(1)" : "V2(1)");
		delays[i] = fixture->frames[fixture->n_frames - 1].at_ms - asked_ms;
		cr_assert_eq(fixture_version(fixture), mode);
	}
	fixture_expect_uniform(delays, 500, most_ms);
}

static void lasting(struct host_config *config)
{
	config->older_querier_timeout_ms = 100000000;
}

BOTH_TUNED(older_version, delay, lasting, "CMP-11: the delay is uniform in (0, response time]")
{
	fixture_get_old(fixture);
	expect_uniform_delay(fixture, OLDER(fixture), NULL, 2000, 2000);
	expect_uniform_delay(fixture, OLDER(fixture), "1", 2000, 2000);
}

ONE_TUNED(
	AF_INET, older_version, v1_delay, lasting, "CMP-11: an IGMPv1 query leaves 10 s to answer")
{
	fixture_query(fixture, 1, NULL, "", 0);
	expect_uniform_delay(fixture, 1, NULL, 0, 10000);
}

BOTH_TUNED(older_version, linear_code, lasting,
	"FRM-23: the response time of an older query is linear over its range")
{
	unsigned response_ms = fixture->family == AF_INET ? 20000 : 60000;

	fixture_get_old(fixture);
	expect_uniform_delay(fixture, OLDER(fixture), NULL, response_ms, response_ms);
}

ONE(AF_INET6, older_version, at_once, "RSP-11 CMP-11: a response time of 0 in MLDv1 means at once")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_query(fixture, 1, NULL, "", 0);
	fixture_run(fixture, 100);
	fixture_expect(fixture, "V1(1)");
}

BOTH(older_version, suppression,
	"CMP-12: a report of another host cancels the response of its group only")
{
	// IGMPv2 also accepts reports of IGMPv1.
	uint8_t types[2] = {OLD_REPORT(fixture), fixture->family == AF_INET ? 0x12 : 131};

	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "2");
	fixture_settle(fixture);
	for (unsigned i = 0; i < 2; i++) {
		fixture_query(fixture, OLDER(fixture), NULL, "", 10000);
		fixture_report(fixture, types[i], "1");
		fixture_run(fixture, 10000);
		fixture_expect(fixture, OLD_2(fixture));
	}
}

BOTH(older_version, leaves_of_others,
	"CMP-12: only older reports of the same group suppress a response")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_query(fixture, OLDER(fixture), NULL, "", 10000);
	fixture_report(fixture, fixture->family == AF_INET ? 0x17 : 132, "1");
	fixture_report(fixture, fixture->family == AF_INET ? 0x22 : 143, "1");
	fixture_run(fixture, 10000);
	fixture_expect(fixture, OLD_1(fixture));
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "LEAVE(1)");
}

BOTH(older_version, types_of_other_family,
	"IGMP-2 CMP-12: a report type of the other family suppresses nothing")
{
	fixture_get_old(fixture);
	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_query(fixture, OLDER(fixture), NULL, "", 10000);
	fixture_report(fixture, fixture->family == AF_INET ? 131 : 0x16, "1");
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_UNKNOWN_TYPE), 1);
	fixture_run(fixture, 10000);
	fixture_expect(fixture, OLD_1(fixture));
}

BOTH_TUNED(older_version, newest_query, lasting,
	"CMP-15: a newest query is answered in the old version, its response time read as it is "
	"meant")
{
	// 256 tenths of a second are code 0x90. Longer times than MLDv1 can express are cut.
	unsigned response_ms = fixture->family == AF_INET ? 25600 : 65536;
	unsigned most_ms = fixture->family == AF_INET ? 25600 : 32767;

	fixture_get_old(fixture);
	expect_uniform_delay(fixture, NEWEST(fixture), NULL, response_ms, most_ms);
	expect_uniform_delay(fixture, NEWEST(fixture), "1", response_ms, most_ms);
}
