// SPDX-License-Identifier: BSD-3-Clause
// Older versions: section CMP. MLD has one older version, IGMP two.
#include "host_fixture.h"

ONE(AF_INET, compat, igmp_modes, "CMP-1 CMP-2 CMP-5 TMR-5: v1 before v2 before v3, each for 260 s")
{
	fixture_query(fixture, 2, NULL, "", 1000);
	cr_assert_eq(fixture_version(fixture), 2);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "V2(1)");
	fixture_run(fixture, 100000);
	fixture_take(fixture);
	fixture_query(fixture, 1, NULL, "", 0);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_join(fixture, 0, "2");
	fixture_says(fixture, "V1(2)");
	fixture_run(fixture, 50000);
	fixture_query(fixture, 2, NULL, "", 1000);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_run(fixture, 209999);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), 2);
	fixture_run(fixture, 49999);
	cr_assert_eq(fixture_version(fixture), 2);
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), 3);
	fixture_take(fixture);
	fixture_join(fixture, 0, "3");
	fixture_says(fixture, "TO_EX(3:)");
}

ONE(AF_INET, compat, v1_general, "CMP-2: an IGMPv1 query is general, whatever its group field says")
{
	struct host_fixture_packet packet = fixture_query_packet(fixture, 1, "1", "", 0);

	fixture_to(&packet, "224.0.0.1");
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_join(fixture, 0, "2");
	fixture_says(fixture, "V1(2)");
}

ONE(AF_INET6, compat, mld_modes, "CMP-1 CMP-4 CMP-5 TMR-5: MLDv1 for 260 s after its general query")
{
	fixture_query(fixture, 1, NULL, "", 1000);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "V1(1)");
	fixture_run(fixture, 100000);
	fixture_query(fixture, 1, NULL, "", 1000);
	fixture_run(fixture, 259999);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), 2);
	fixture_take(fixture);
	fixture_join(fixture, 0, "3");
	fixture_says(fixture, "TO_EX(3:)");
}

BOTH(compat, specific, "CMP-3 CMP-4: an older group-specific query is answered and changes no mode")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	fixture_query(fixture, OLDER(fixture), "1", "", 1000);
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_EX(1:)");
	fixture_join(fixture, 0, "2");
	fixture_says(fixture, "TO_EX(2:)");
}

static void short_timeout(struct host_config *config)
{
	config->older_querier_timeout_ms = 3000;
}

BOTH_TUNED(compat, timeout, short_timeout, "CMP-5 DEC-1 TMR-12: the timeout is configurable")
{
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, 2000);
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, 2999);
	cr_assert_eq(fixture_version(fixture), OLDER(fixture));
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
}

// An older querier appears after one of the newest version with this QRV and QQIC. Checks when the
// host forgets the older one.
static void expect_timeout(
	struct host_fixture *fixture, uint8_t qrv, uint8_t qqic, unsigned timeout_ms)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), "1", "", 1000);
	uint8_t *tail = packet.bytes + packet.message + (fixture->family == AF_INET ? 8 : 24);

	tail[0] = qrv;
	tail[1] = qqic;
	fixture_to(&packet, fixture->family == AF_INET ? "224.0.0.1" : "ff02::1");
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, timeout_ms - 1);
	cr_assert_eq(
		fixture_version(fixture), OLDER(fixture), "QRV %u QQIC %u: too early", qrv, qqic);
	fixture_run(fixture, 1);
	cr_assert_eq(
		fixture_version(fixture), NEWEST(fixture), "QRV %u QQIC %u: too late", qrv, qqic);
}

BOTH(compat, computed_timeout, "TMR-13 CMP-5: the timeout follows the querier's interval and QRV")
{
	expect_timeout(fixture, 2, 5, 2 * 5000 + 10000);
	expect_timeout(fixture, 3, 5, 3 * 5000 + 10000);
	expect_timeout(fixture, 2, 0x89, 2 * 200000 + 10000);
	expect_timeout(fixture, 0, 0, 2 * 125000 + 10000);
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
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, 3 * 20000 + 4000 - 1);
	cr_assert_eq(fixture_version(fixture), OLDER(fixture));
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
	expect_timeout(fixture, 0, 0, 3 * 20000 + 4000);
	expect_timeout(fixture, 1, 5, 5000 + 4000);
}

BOTH(compat, cancel, "CMP-6 CMP-7: a change of mode cancels responses and retransmissions")
{
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	fixture_query(fixture, NEWEST(fixture), NULL, "", 3000);
	fixture_query(fixture, NEWEST(fixture), "1", "a", 3000);
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, 20000);
	fixture_expect(fixture, OLD_1(fixture));
}

BOTH(compat, cancel_leaving, "CMP-6: a change of mode ends a group that is being left")
{
	fixture_include(fixture, 0, "1", "ab");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_leave(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_take(fixture);
	cr_assert(host_busy(fixture->host));
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	cr_assert(!host_busy(fixture->host));
	cr_assert_str_eq(fixture_state(fixture, "1"), "none");
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
}

BOTH_TUNED(compat, cancel_back, short_timeout, "CMP-6: nor does an answer outlive its old version")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	for (unsigned i = 0; i < 10; i++) {
		fixture_query(fixture, OLDER(fixture), NULL, "", 20000);
		fixture_run(fixture, 3000);
		cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
		fixture_take(fixture);
		fixture_run(fixture, 20000);
		fixture_expect(fixture, "");
	}
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "TO_IN(1:)");
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "TO_IN(1:)");
	cr_assert(!host_busy(fixture->host));
}

BOTH(compat, no_suppression, "CMP-13 CMP-14 DEC-8 IGMP-16: the newest version is never suppressed")
{
	fixture_join(fixture, 0, "2");
	fixture_says(fixture, "TO_EX(2:)");
	fixture_report(fixture, OLD_REPORT(fixture), "2");
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "TO_EX(2:)");
	fixture_leave(fixture, 0, "2");
	fixture_settle(fixture);
	fixture_join(fixture, 0, "1");
	fixture_include(fixture, 0, "S1", "a");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	fixture_query(fixture, NEWEST(fixture), "S1", "", 1000);
	fixture_report(fixture, OLD_REPORT(fixture), "S1");
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(S1:a)");
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_report(fixture, OLD_REPORT(fixture), "1");
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_EX(1:) IS_IN(S1:a)");
}

BOTH_TUNED(compat, back, short_timeout, "CMP-16: the return to the newest version says nothing")
{
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_include(fixture, 0, "1", "ab");
	fixture_says(fixture, OLD_1(fixture));
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "");
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(1:ab)");
}

static void ignore_older(struct host_config *config)
{
	config->ignore_older_versions = true;
}

BOTH_TUNED(compat, ignored, ignore_older, "CMP-17 SEC-4: older versions can be ignored")
{
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_query(fixture, 1, NULL, "", 1000);
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_OLD_IGNORED), 2);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
}

BOTH(compat, unsent, "CMP-6 CMP-8: a change that is not sent yet is reported in the new version")
{
	fixture->port_full = true;
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture->port_full = false;
	fixture_run(fixture, 10);
	fixture_expect(fixture, OLD_1(fixture));
	cr_assert_eq(fixture->n_joined, 1);
}
