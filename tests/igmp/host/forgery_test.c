// SPDX-License-Identifier: BSD-3-Clause
// Forged queries: what a host that can send queries may change, and for how long.
#include "host_fixture.h"

// 7 query intervals of 125 s and a response interval of 10 s.
#define LONGEST_MS (7 * 125000 + 10000)

// A general query of the newest version whose QRV and QQIC are these.
static struct lab_packet query_packet(struct lab *lab, uint8_t qrv, uint8_t qqic, unsigned response)
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", response);
	uint8_t *tail = packet.bytes + packet.message + (lab->family == AF_INET ? 8 : 24);

	tail[0] = qrv;
	tail[1] = qqic;
	lab_seal(lab, &packet);
	return packet;
}

static void say(struct lab *lab, uint8_t qrv, uint8_t qqic)
{
	struct lab_packet packet = query_packet(lab, qrv, qqic, 1000);

	lab_send(lab, &packet);
}

static struct host_status status_of(struct lab *lab)
{
	struct host_status status;

	host_status(lab->host, &status);
	return status;
}

BOTH(forgery, version_ends,
	"CMP-5 SEC-4: two forged queries hold the oldest version 885 s, not 61.7 hours")
{
	say(lab, 7, 0xff);
	lab_query(lab, 1, NULL, "", 0);
	cr_assert_eq(lab_version(lab), 1);
	lab_run(lab, LONGEST_MS - 1);
	cr_assert_eq(lab_version(lab), 1);
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), NEWEST(lab));
}

static void short_interval(struct host_config *config)
{
	config->query_interval_ms = 20000;
	config->query_response_interval_ms = 4000;
}

BOTH_TUNED(forgery, bound_follows, short_interval,
	"CMP-5 SEC-4: the bound follows the configured interval")
{
	say(lab, 7, 0xff);
	lab_query(lab, OLDER(lab), NULL, "", 1000);
	lab_run(lab, 7 * 20000 + 4000 - 1);
	cr_assert_eq(lab_version(lab), OLDER(lab));
	lab_run(lab, 1);
	cr_assert_eq(lab_version(lab), NEWEST(lab));
}

BOTH(forgery, forgotten, "CHG-18 SEC-4: what a silent querier said is forgotten")
{
	say(lab, 5, 0xff);
	lab_run(lab, LONGEST_MS - 1);
	lab_flush(lab);
	cr_expect_eq(status_of(lab).robustness, 5);
	cr_expect_eq(status_of(lab).querier_interval_ms, 31744000);
	lab_run(lab, 1);
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	cr_expect_eq(status_of(lab).robustness, 2);
	cr_expect_eq(status_of(lab).querier_interval_ms, 0);
	lab_run(lab, 20000);
	lab_expect(lab, "TO_EX(1:)");
}

BOTH(forgery, heard_again, "CHG-18 SEC-4: a querier that is still heard is not forgotten")
{
	for (unsigned i = 0; i < 20; i++) {
		say(lab, 3, 125);
		lab_run(lab, 125000);
		lab_flush(lab);
		cr_assert_eq(status_of(lab).robustness, 3);
	}
}

ONE(AF_INET, forgery, off_subnet,
	"VAL-18 SEC-4: a query of another subnet is answered and teaches nothing")
{
	struct lab_packet newest = query_packet(lab, 7, 0xff, 1000);
	struct lab_packet oldest = lab_query_packet(lab, 1, NULL, "", 0);

	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_take(lab);
	lab_from(&newest, "198.51.100.1");
	lab_seal(lab, &newest);
	lab_send(lab, &newest);
	cr_expect_eq(status_of(lab).robustness, 2);
	cr_expect_eq(status_of(lab).querier_interval_ms, 0);
	cr_expect_eq(status_of(lab).querier.family, 0);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_EX(1:)");
	lab_from(&oldest, "198.51.100.1");
	lab_seal(lab, &oldest);
	lab_send(lab, &oldest);
	cr_assert_eq(lab_version(lab), 3);
	lab_run(lab, 10000);
	lab_expect(lab, "IS_EX(1:)");
	cr_expect_eq(host_counter(lab->host, HOST_RX_QUERY), 2);
	cr_expect_eq(host_counter(lab->host, HOST_RX_OFF_SUBNET), 2);
}

static void learn_off_subnet(struct host_config *config)
{
	config->learn_off_subnet = true;
}

static void query_from(struct lab *lab, const char *source)
{
	struct lab_packet packet = lab_query_packet(lab, 2, NULL, "", 1000);

	lab_from(&packet, source);
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
}

ONE_TUNED(AF_INET, forgery, learn_off_subnet, learn_off_subnet,
	"VAL-18 SEC-4: the operator can trust other subnets")
{
	query_from(lab, "198.51.100.1");
	cr_assert_eq(lab_version(lab), 2);
	cr_expect_eq(host_counter(lab->host, HOST_RX_OFF_SUBNET), 0);
}

ONE(AF_INET, forgery, no_address,
	"VAL-17 VAL-18: without addresses on either side all are on the link")
{
	query_from(lab, "0.0.0.0");
	cr_assert_eq(lab_version(lab), 2);
	lab_run(lab, LONGEST_MS);
	cr_assert_eq(lab_version(lab), 3);
	cr_assert_eq(host_set_addresses(lab->host, NULL, 0, lab->now_ms), 0);
	query_from(lab, "198.51.100.1");
	cr_assert_eq(lab_version(lab), 2);
}

static unsigned n_records(struct lab *lab)
{
	unsigned n = 0;

	for (const char *at = lab_take(lab); (at = strstr(at, "IS_EX(")) != NULL; at++)
		n++;
	return n;
}

BOTH(forgery, not_postponed,
	"RSP-3 RSP-5: a query with the largest response time postpones nothing")
{
	const unsigned longest = lab->family == AF_INET ? 3174400 : 8387584;

	lab_join_many(lab, 1, 2000);
	lab_take(lab);
	for (unsigned round = 0; round < 10; round++) {
		lab_query(lab, NEWEST(lab), NULL, "", longest);
		lab_query(lab, NEWEST(lab), "1", "", longest);
		lab_query(lab, NEWEST(lab), "1", "", 1000);
		lab_query(lab, NEWEST(lab), "1", "", longest);
		lab_run(lab, 1000);
		cr_assert_geq(n_records(lab), 1);
		lab_query(lab, NEWEST(lab), NULL, "", 10000);
		for (unsigned i = 0; i < 20; i++) {
			lab_query(lab, NEWEST(lab), NULL, "", longest);
			lab_run(lab, 500);
		}
		cr_assert_geq(n_records(lab), 2000);
		lab_run(lab, 10000);
		lab_take(lab);
	}
}

BOTH(forgery, log_bounded,
	"SEC-5: changing versions and robustness write one line per second at most")
{
	for (unsigned i = 0; i < 10000; i++) {
		say(lab, 1 + i % 2, 125);
		lab_query(lab, OLDER(lab), NULL, "", 100);
		lab_run(lab, 1);
	}
	cr_expect_leq(lab->n_logged, 11);
}
