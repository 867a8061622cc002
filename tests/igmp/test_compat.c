// SPDX-License-Identifier: BSD-3-Clause
// Older versions: section CMP. MLD has one of them, IGMP two.
#include "lab.h"

// The version before the newest, and how its report is put in words.
#define OLDER(lab) (NEWEST(lab) - 1)
#define OLD_1(lab) ((lab)->family == AF_INET ? "V2(1)" : "V1(1)")
#define OLD_2(lab) ((lab)->family == AF_INET ? "V2(2)" : "V1(2)")
#define OLD_REPORT(lab) ((lab)->family == AF_INET ? 0x16 : 131)

static unsigned version(struct lab *lab)
{
	struct host_status status;

	host_status(lab->host, &status);
	return status.version;
}

// Into the mode before the newest; answers have died down.
static void get_old(struct lab *lab)
{
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	cr_assert_eq(version(lab), OLDER(lab));
	lab_run(lab, 1000);
	lab_take(lab);
}

static void foreign_report(struct lab *lab, uint8_t type, const char *group)
{
	struct lab_packet packet = lab_report_packet(lab, type, group);

	lab_send(lab, &packet);
}

ONE(AF_INET, compat, igmp_modes, "CMP-1 CMP-2 CMP-5 TMR-5: v1 before v2 before v3, each for 260 s")
{
	lab_query(lab, 2, NULL, "", 1000);
	cr_assert_eq(version(lab), 2);
	lab_join(lab, 0, "1");
	lab_says(lab, "V2(1)");
	lab_run(lab, 100000);
	lab_take(lab);
	lab_query(lab, 1, NULL, "", 0);
	cr_assert_eq(version(lab), 1);
	lab_join(lab, 0, "2");
	lab_says(lab, "V1(2)");
	lab_run(lab, 50000);
	lab_query(lab, 2, NULL, "", 1000);
	cr_assert_eq(version(lab), 1);
	lab_run(lab, 209999);
	cr_assert_eq(version(lab), 1);
	lab_run(lab, 1);
	cr_assert_eq(version(lab), 2);
	lab_run(lab, 49999);
	cr_assert_eq(version(lab), 2);
	lab_run(lab, 1);
	cr_assert_eq(version(lab), 3);
	lab_take(lab);
	lab_join(lab, 0, "3");
	lab_says(lab, "TO_EX(3:)");
}

ONE(AF_INET6, compat, mld_modes, "CMP-1 CMP-4 CMP-5 TMR-5: MLDv1 for 260 s after its general query")
{
	lab_query(lab, 1, NULL, "", 1000);
	cr_assert_eq(version(lab), 1);
	lab_join(lab, 0, "1");
	lab_says(lab, "V1(1)");
	lab_run(lab, 100000);
	lab_query(lab, 1, NULL, "", 1000);
	lab_run(lab, 259999);
	cr_assert_eq(version(lab), 1);
	lab_run(lab, 1);
	cr_assert_eq(version(lab), 2);
	lab_take(lab);
	lab_join(lab, 0, "3");
	lab_says(lab, "TO_EX(3:)");
}

BOTH(compat, specific, "CMP-3 CMP-4: an older group-specific query is answered and changes no mode")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	lab_query(lab, OLDER(lab), "1", "", 1000);
	cr_assert_eq(version(lab), NEWEST(lab));
	lab_run(lab, 1000);
	lab_expect(lab, "IS_EX(1:)");
	lab_join(lab, 0, "2");
	lab_says(lab, "TO_EX(2:)");
}

static void short_timeout(struct host_config *config)
{
	config->older_querier_timeout_ms = 3000;
}

BOTH_TUNED(compat, timeout, short_timeout, "CMP-5 DEC-1 TMR-12: the timeout is configurable")
{
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 2000);
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 2999);
	cr_assert_eq(version(lab), OLDER(lab));
	lab_run(lab, 1);
	cr_assert_eq(version(lab), NEWEST(lab));
}

BOTH(compat, computed_timeout, "TMR-13 CMP-5: the timeout follows the querier's interval")
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", 1000);

	packet.bytes[packet.message + (lab->family == AF_INET ? 9 : 25)] = 5;
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 2 * 5000 + 10000 - 1);
	cr_assert_eq(version(lab), OLDER(lab));
	lab_run(lab, 1);
	cr_assert_eq(version(lab), NEWEST(lab));
}

BOTH(compat, cancel, "CMP-6 CMP-7: a change of mode cancels answers and repeats")
{
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab_query(lab, NEWEST(lab), NULL, "", 3000);
	lab_query(lab, NEWEST(lab), "1", "a", 3000);
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 20000);
	lab_expect(lab, OLD_1(lab));
}

BOTH(compat, cancel_leaving, "CMP-6: a group that was being left is forgotten with its repeats")
{
	lab_include(lab, 0, "1", "ab");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_leave(lab, 0, "1");
	lab_flush(lab);
	lab_take(lab);
	cr_assert(host_busy(lab->host));
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	cr_assert(!host_busy(lab->host));
	cr_assert_str_eq(lab_state(lab, "1"), "none");
	lab_run(lab, 20000);
	lab_expect(lab, "");
}

BOTH(compat, old_view, "CMP-7 CMP-8: a group is joined or not, whatever its sources")
{
	get_old(lab);
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

BOTH(compat, join, "CMP-9 CMP-18 TMR-4: a join is reported at once and again within 10 s")
{
	get_old(lab);
	for (unsigned i = 0; i < 50; i++) {
		uint64_t gap;

		lab_join(lab, 0, "1");
		lab_says(lab, OLD_1(lab));
		lab_run(lab, 10000);
		lab_expect(lab, OLD_1(lab));
		gap = lab->frames[lab->n_frames - 1].at_ms - lab->frames[lab->n_frames - 2].at_ms;
		cr_assert(gap > 0 && gap <= 10000);
		lab_leave(lab, 0, "1");
		lab_says(lab, "LEAVE(1)");
		get_old(lab);
	}
}

static void robust(struct host_config *config)
{
	config->robustness = 5;
}

BOTH_TUNED(compat, join_copies, robust, "CMP-9: never more than three copies")
{
	get_old(lab);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 100000);
	cr_assert_eq(lab->n_frames, 3);
}

ONE(AF_INET, compat, v1_leave, "CMP-10: IGMPv1 knows no leave")
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

BOTH(compat, leave_skipped, "CMP-10 CMP-12: another host reported last: no leave")
{
	get_old(lab);
	lab_join(lab, 0, "1");
	lab_says(lab, OLD_1(lab));
	foreign_report(lab, OLD_REPORT(lab), "1");
	lab_run(lab, 20000);
	lab_expect(lab, "");
	lab_leave(lab, 0, "1");
	lab_says(lab, "");
}

static void always_leave(struct host_config *config)
{
	config->always_leave = true;
}

BOTH_TUNED(compat, leave_always, always_leave, "CMP-10: the optimisation can be switched off")
{
	get_old(lab);
	lab_join(lab, 0, "1");
	lab_says(lab, OLD_1(lab));
	foreign_report(lab, OLD_REPORT(lab), "1");
	lab_leave(lab, 0, "1");
	lab_says(lab, "LEAVE(1)");
}

BOTH(compat, idle_report, "CMP-12: a foreign report while nothing is pending is ignored")
{
	get_old(lab);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 20000);
	foreign_report(lab, OLD_REPORT(lab), "1");
	lab_take(lab);
	lab_leave(lab, 0, "1");
	lab_says(lab, "LEAVE(1)");
}

BOTH(compat, answers,
	"CMP-11 FRM-23: each group answers after its own delay, an earlier one counts")
{
	unsigned first;

	get_old(lab);
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 20000);
	lab_take(lab);
	lab_query(lab, OLDER(lab), "1", "", 10000);
	lab_query(lab, OLDER(lab), "1", "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, OLD_1(lab));
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

ONE(AF_INET, compat, linear_code, "FRM-23: the code of an IGMPv2 query is linear over its range")
{
	uint64_t latest = 0;

	get_old(lab);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 20000);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t asked_ms = lab->now_ms;
		uint64_t delay;

		lab_query(lab, 2, NULL, "", 20000);
		lab_run(lab, 20000);
		delay = lab->frames[lab->n_frames - 1].at_ms - asked_ms;
		latest = delay > latest ? delay : latest;
	}
	cr_assert(latest > 18000 && latest <= 20000);
}

BOTH(compat, suppression, "CMP-12: a foreign report cancels the answer of its group only")
{
	get_old(lab);
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 20000);
	lab_take(lab);
	lab_query(lab, OLDER(lab), NULL, "", 10000);
	foreign_report(lab, OLD_REPORT(lab), "1");
	lab_run(lab, 10000);
	lab_expect(lab, OLD_2(lab));
}

BOTH(compat, no_suppression, "CMP-13 CMP-14 DEC-8 IGMP-16: the newest version is never suppressed")
{
	lab_join(lab, 0, "1");
	lab_include(lab, 0, "S1", "a");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab), "S1", "", 1000);
	foreign_report(lab, OLD_REPORT(lab), "S1");
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(S1:a)");
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	foreign_report(lab, OLD_REPORT(lab), "1");
	lab_run(lab, 1000);
	lab_expect(lab, "IS_EX(1:) IS_IN(S1:a)");
}

BOTH(compat, newest_query, "CMP-15: a newest query is answered in the old version")
{
	get_old(lab);
	lab_include(lab, 0, "1", "ab");
	lab_flush(lab);
	lab_run(lab, 20000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, OLD_1(lab));
	lab_query(lab, NEWEST(lab), "1", "a", 25600);
	lab_run(lab, 32767);
	lab_expect(lab, OLD_1(lab));
	cr_assert_eq(version(lab), OLDER(lab));
}

BOTH_TUNED(compat, back, short_timeout, "CMP-16: the return to the newest version says nothing")
{
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_include(lab, 0, "1", "ab");
	lab_says(lab, OLD_1(lab));
	lab_run(lab, 20000);
	lab_expect(lab, "");
	cr_assert_eq(version(lab), NEWEST(lab));
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(1:ab)");
}

static void ignore_older(struct host_config *config)
{
	config->ignore_older_versions = true;
}

BOTH_TUNED(compat, ignored, ignore_older, "CMP-17 SEC-4: older versions can be ignored")
{
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_query(lab, 1, NULL, "", 1000);
	cr_assert_eq(version(lab), NEWEST(lab));
	cr_assert_eq(host_counter(lab->host, HOST_RX_OLD_IGNORED), 2);
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
}

BOTH(compat, unsent, "CMP-6 CMP-8: a change made but not yet sent goes out in the new version")
{
	lab->port_full = true;
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab->port_full = false;
	lab_run(lab, 10);
	lab_expect(lab, OLD_1(lab));
	cr_assert_eq(lab->n_joined, 1);
}
