// SPDX-License-Identifier: BSD-3-Clause
// Older versions: section CMP. MLD has one of them, IGMP two.
#include "host_fixture.h"

ONE(AF_INET, compat, igmp_modes, "CMP-1 CMP-2 CMP-5 TMR-5: v1 before v2 before v3, each for 260 s")
{
	lab_query(lab, 2, NULL, "", 1000);
	cr_assert_eq(lab_version(lab), 2);
	lab_join(lab, 0, "1");
	lab_says(lab, "V2(1)");
	lab_run(lab, 100000);
	lab_take(lab);
	lab_query(lab, 1, NULL, "", 0);
	cr_assert_eq(lab_version(lab), 1);
	lab_join(lab, 0, "2");
	lab_says(lab, "V1(2)");
	lab_run(lab, 50000);
	lab_query(lab, 2, NULL, "", 1000);
	cr_assert_eq(lab_version(lab), 1);
	lab_run(lab, 209999);
	cr_assert_eq(lab_version(lab), 1);
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), 2);
	lab_run(lab, 49999);
	cr_assert_eq(lab_version(lab), 2);
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), 3);
	lab_take(lab);
	lab_join(lab, 0, "3");
	lab_says(lab, "TO_EX(3:)");
}

ONE(AF_INET, compat, v1_general, "CMP-2: an IGMPv1 query is general, whatever its group field says")
{
	struct lab_packet packet = lab_query_packet(lab, 1, "1", "", 0);

	lab_to(&packet, "224.0.0.1");
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	cr_assert_eq(lab_version(lab), 1);
	lab_join(lab, 0, "2");
	lab_says(lab, "V1(2)");
}

ONE(AF_INET6, compat, mld_modes, "CMP-1 CMP-4 CMP-5 TMR-5: MLDv1 for 260 s after its general query")
{
	lab_query(lab, 1, NULL, "", 1000);
	cr_assert_eq(lab_version(lab), 1);
	lab_join(lab, 0, "1");
	lab_says(lab, "V1(1)");
	lab_run(lab, 100000);
	lab_query(lab, 1, NULL, "", 1000);
	lab_run(lab, 259999);
	cr_assert_eq(lab_version(lab), 1);
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), 2);
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
	cr_assert_eq(lab_version(lab), NEWEST(lab));
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
	cr_assert_eq(lab_version(lab), OLDER(lab));
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), NEWEST(lab));
}

// An older querier comes after one of the newest version that has said these; checks when it is
// forgotten.
static void expect_timeout(struct lab *lab, uint8_t qrv, uint8_t qqic, unsigned timeout_ms)
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), "1", "", 1000);
	uint8_t *tail = packet.bytes + packet.message + (lab->family == AF_INET ? 8 : 24);

	tail[0] = qrv;
	tail[1] = qqic;
	lab_to(&packet, lab->family == AF_INET ? "224.0.0.1" : "ff02::1");
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, timeout_ms - 1);
	cr_assert_eq(lab_version(lab), OLDER(lab), "QRV %u QQIC %u: too early", qrv, qqic);
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), NEWEST(lab), "QRV %u QQIC %u: too late", qrv, qqic);
}

BOTH(compat, computed_timeout, "TMR-13 CMP-5: the timeout follows the querier's interval and QRV")
{
	expect_timeout(lab, 2, 5, 2 * 5000 + 10000);
	expect_timeout(lab, 3, 5, 3 * 5000 + 10000);
	expect_timeout(lab, 2, 0x89, 2 * 200000 + 10000);
	expect_timeout(lab, 0, 0, 2 * 125000 + 10000);
}

static void other_intervals(struct host_config *config)
{
	config->robustness = 3;
	config->query_interval_ms = 20000;
	config->query_response_interval_ms = 4000;
}

BOTH_TUNED(compat, configured_timeout, other_intervals,
	"TMR-2 TMR-3 TMR-12 TMR-13: a querier that says nothing leaves the configured intervals")
{
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 3 * 20000 + 4000 - 1);
	cr_assert_eq(lab_version(lab), OLDER(lab));
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), NEWEST(lab));
	expect_timeout(lab, 0, 0, 3 * 20000 + 4000);
	expect_timeout(lab, 1, 5, 5000 + 4000);
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

BOTH_TUNED(compat, cancel_back, short_timeout, "CMP-6: nor does an answer outlive its old version")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	for (unsigned i = 0; i < 10; i++) {
		lab_query(lab, OLDER(lab), NULL, "", 20000);
		lab_run(lab, 3000);
		cr_assert_eq(lab_version(lab), NEWEST(lab));
		lab_take(lab);
		lab_run(lab, 20000);
		lab_expect(lab, "");
	}
	lab_leave(lab, 0, "1");
	lab_says(lab, "TO_IN(1:)");
	lab_run(lab, 20000);
	lab_expect(lab, "TO_IN(1:)");
	cr_assert(!host_busy(lab->host));
}

BOTH(compat, no_suppression, "CMP-13 CMP-14 DEC-8 IGMP-16: the newest version is never suppressed")
{
	lab_join(lab, 0, "2");
	lab_says(lab, "TO_EX(2:)");
	lab_report(lab, OLD_REPORT(lab), "2");
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(2:)");
	lab_leave(lab, 0, "2");
	lab_settle(lab);
	lab_join(lab, 0, "1");
	lab_include(lab, 0, "S1", "a");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab), "S1", "", 1000);
	lab_report(lab, OLD_REPORT(lab), "S1");
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(S1:a)");
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_report(lab, OLD_REPORT(lab), "1");
	lab_run(lab, 1000);
	lab_expect(lab, "IS_EX(1:) IS_IN(S1:a)");
}

BOTH_TUNED(compat, back, short_timeout, "CMP-16: the return to the newest version says nothing")
{
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_include(lab, 0, "1", "ab");
	lab_says(lab, OLD_1(lab));
	lab_run(lab, 20000);
	lab_expect(lab, "");
	cr_assert_eq(lab_version(lab), NEWEST(lab));
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
	cr_assert_eq(lab_version(lab), NEWEST(lab));
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
