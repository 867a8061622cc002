// SPDX-License-Identifier: BSD-3-Clause
// Forged queries: what an attacker on the link can change, and for how long.
#include "host_fixture.h"

// 7 query intervals of 125 s and a response interval of 10 s.
#define LONGEST_MS (7 * 125000 + 10000)

// A general query of the newest version with these QRV and QQIC.
static struct host_fixture_packet query_packet(
	struct host_fixture *fixture, uint8_t qrv, uint8_t qqic, unsigned response)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), NULL, "", response);
	uint8_t *tail = packet.bytes + packet.message + (fixture->family == AF_INET ? 8 : 24);

	tail[0] = qrv;
	tail[1] = qqic;
	fixture_seal(fixture, &packet);
	return packet;
}

static void say(struct host_fixture *fixture, uint8_t qrv, uint8_t qqic)
{
	struct host_fixture_packet packet = query_packet(fixture, qrv, qqic, 1000);

	fixture_send(fixture, &packet);
}

static struct host_status status_of(struct host_fixture *fixture)
{
	struct host_status status;

	host_status(fixture->host, &status);
	return status;
}

BOTH(forgery, version_ends,
	"CMP-5 SEC-4: two forged queries hold the oldest version 885 s, not 61.7 hours")
{
	say(fixture, 7, 0xff);
	fixture_query(fixture, 1, NULL, "", 0);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_run(fixture, LONGEST_MS - 1);
	cr_assert_eq(fixture_version(fixture), 1);
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
}

static void short_interval(struct host_config *config)
{
	config->query_interval_ms = 20000;
	config->query_response_interval_ms = 4000;
}

BOTH_TUNED(forgery, bound_follows, short_interval,
	"CMP-5 SEC-4: the bound follows the configured interval")
{
	say(fixture, 7, 0xff);
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	fixture_run(fixture, 7 * 20000 + 4000 - 1);
	cr_assert_eq(fixture_version(fixture), OLDER(fixture));
	fixture_run(fixture, 1);
	cr_assert_eq(fixture_version(fixture), NEWEST(fixture));
}

BOTH(forgery, forgotten, "CHG-18 SEC-4: the values of a querier that became silent are forgotten")
{
	say(fixture, 5, 0xff);
	fixture_run(fixture, LONGEST_MS - 1);
	fixture_flush(fixture);
	cr_expect_eq(status_of(fixture).robustness, 5);
	cr_expect_eq(status_of(fixture).querier_interval_ms, 31744000);
	fixture_run(fixture, 1);
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	cr_expect_eq(status_of(fixture).robustness, 2);
	cr_expect_eq(status_of(fixture).querier_interval_ms, 0);
	fixture_run(fixture, 20000);
	fixture_expect(fixture, "TO_EX(1:)");
}

BOTH(forgery, heard_again, "CHG-18 SEC-4: the values of a querier that is still heard are kept")
{
	for (unsigned i = 0; i < 20; i++) {
		say(fixture, 3, 125);
		fixture_run(fixture, 125000);
		fixture_flush(fixture);
		cr_assert_eq(status_of(fixture).robustness, 3);
	}
}

ONE(AF_INET, forgery, off_subnet,
	"VAL-18 SEC-4: a query of another subnet is answered and teaches nothing")
{
	struct host_fixture_packet newest = query_packet(fixture, 7, 0xff, 1000);
	struct host_fixture_packet oldest = fixture_query_packet(fixture, 1, NULL, "", 0);

	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_take(fixture);
	fixture_from(&newest, "198.51.100.1");
	fixture_seal(fixture, &newest);
	fixture_send(fixture, &newest);
	cr_expect_eq(status_of(fixture).robustness, 2);
	cr_expect_eq(status_of(fixture).querier_interval_ms, 0);
	cr_expect_eq(status_of(fixture).querier.family, 0);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_EX(1:)");
	fixture_from(&oldest, "198.51.100.1");
	fixture_seal(fixture, &oldest);
	fixture_send(fixture, &oldest);
	cr_assert_eq(fixture_version(fixture), 3);
	fixture_run(fixture, 10000);
	fixture_expect(fixture, "IS_EX(1:)");
	cr_expect_eq(host_counters(fixture->host)->rx_queries, 2);
	cr_expect_eq(host_drop_count(fixture->host, HOST_RX_OFF_SUBNET), 2);
}

static void learn_off_subnet(struct host_config *config)
{
	config->learn_off_subnet = true;
}

static void query_from(struct host_fixture *fixture, const char *source)
{
	struct host_fixture_packet packet = fixture_query_packet(fixture, 2, NULL, "", 1000);

	fixture_from(&packet, source);
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
}

ONE_TUNED(AF_INET, forgery, learn_off_subnet, learn_off_subnet,
	"VAL-18 SEC-4: the operator can trust other subnets")
{
	query_from(fixture, "198.51.100.1");
	cr_assert_eq(fixture_version(fixture), 2);
	cr_expect_eq(host_drop_count(fixture->host, HOST_RX_OFF_SUBNET), 0);
}

ONE(AF_INET, forgery, no_address,
	"VAL-17 VAL-18: without addresses on either side all are on the link")
{
	query_from(fixture, "0.0.0.0");
	cr_assert_eq(fixture_version(fixture), 2);
	fixture_run(fixture, LONGEST_MS);
	cr_assert_eq(fixture_version(fixture), 3);
	cr_assert_eq(host_set_addresses(fixture->host, NULL, 0, fixture->now_ms), 0);
	query_from(fixture, "198.51.100.1");
	cr_assert_eq(fixture_version(fixture), 2);
}

static unsigned n_records(struct host_fixture *fixture)
{
	unsigned n = 0;

	for (const char *at = fixture_take(fixture); (at = strstr(at, "IS_EX(")) != NULL; at++)
		n++;
	return n;
}

BOTH(forgery, not_postponed,
	"RSP-3 RSP-5: a query with the largest response time delays no pending response")
{
	const unsigned longest = fixture->family == AF_INET ? 3174400 : 8387584;

	fixture_join_many(fixture, 1, 2000);
	fixture_take(fixture);
	for (unsigned round = 0; round < 10; round++) {
		fixture_query(fixture, NEWEST(fixture), NULL, "", longest);
		fixture_query(fixture, NEWEST(fixture), "1", "", longest);
		fixture_query(fixture, NEWEST(fixture), "1", "", 1000);
		fixture_query(fixture, NEWEST(fixture), "1", "", longest);
		fixture_run(fixture, 1000);
		cr_assert_geq(n_records(fixture), 1);
		fixture_query(fixture, NEWEST(fixture), NULL, "", 10000);
		for (unsigned i = 0; i < 20; i++) {
			fixture_query(fixture, NEWEST(fixture), NULL, "", longest);
			fixture_run(fixture, 500);
		}
		cr_assert_geq(n_records(fixture), 2000);
		fixture_run(fixture, 10000);
		fixture_take(fixture);
	}
}

BOTH(forgery, log_bounded,
	"SEC-5: changes of version and robustness log at most one line per second")
{
	for (unsigned i = 0; i < 10000; i++) {
		say(fixture, 1 + i % 2, 125);
		fixture_query(fixture, OLDER(fixture), NULL, "", 100);
		fixture_run(fixture, 1);
	}
	cr_expect_leq(fixture->n_logged, 11);
}
