// SPDX-License-Identifier: BSD-3-Clause
// Which messages a host accepts and ignores: sections VAL, IGMP and SEC.
#include <stdlib.h>

#include "host_fixture.h"

BOTH(acceptance, padding, "FRM-11: bytes after the IP packet are ignored")
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture) - 1, NULL, "", 1000);
	struct host_status status;

	memset(packet.bytes + packet.len, 0x5a, 20);
	packet.len += 20;
	fixture_send(fixture, &packet);
	host_status(fixture->host, &status);
	cr_assert_eq(status.version, NEWEST(fixture) - 1);
}

BOTH(acceptance, no_groups, "VAL-22: a host without groups also learns the version, QRV and QQIC")
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), NULL, "", 1000);
	uint8_t *tail = packet.bytes + packet.message + (fixture->family == AF_INET ? 8 : 24);
	struct host_status status;

	tail[0] = 3;
	tail[1] = 60;
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	host_status(fixture->host, &status);
	cr_assert_eq(status.querier_interval_ms, 60000);
	cr_assert_eq(status.robustness, 3);
	cr_assert_eq(status.querier_heard_ms, fixture->now_ms);
	fixture_query(fixture, NEWEST(fixture) - 1, NULL, "", 1000);
	host_status(fixture->host, &status);
	cr_assert_eq(status.version, NEWEST(fixture) - 1);
	cr_assert_eq(status.querier_version, NEWEST(fixture) - 1);
	cr_assert_eq(status.version_until_ms, fixture->now_ms + 3 * 60000 + 10000);
	fixture_run(fixture, 5000);
	fixture_expect(fixture, "");
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, OLD_1(fixture));
}

BOTH(acceptance, own_addresses, "IGMP-11 MLD-9: a query to any of our addresses is answered")
{
	static const char *const texts[2][2] = {
		{"192.0.2.1", "198.51.100.1"}, {"fe80::1", "2001:db8::1"}};
	bool mld = fixture->family == AF_INET6;
	struct host_address own[2] = {{.prefix_length = 24}, {.prefix_length = 24}};
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), NULL, "", 1000);

	for (unsigned i = 0; i < 2; i++)
		address_parse(texts[mld][i], &own[i].addr);
	host_set_addresses(fixture->host, own, 2, fixture->now_ms);
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(packet.bytes + (mld ? 24 : 16), own[i].addr.bytes, mld ? 16 : 4);
		fixture_seal(fixture, &packet);
		fixture_send(fixture, &packet);
		fixture_run(fixture, 1000);
		fixture_expect(fixture, "IS_EX(1:)");
	}
}

BOTH(acceptance, filters, "IGMP-15: source filters do not apply to queries")
{
	fixture_include(fixture, 0, "1", "a");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_query(fixture, NEWEST(fixture), "1", "", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(1:a)");
}

BOTH(acceptance, reports, "IGMP-1 IGMP-16 MLD-1: the reports of others change nothing")
{
	static const uint8_t types[2][5] = {{0x22, 0x12, 0x16, 0x17}, {143, 131, 132, 131}};

	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t type = types[fixture->family == AF_INET6][i];
		struct host_fixture_packet packet = fixture_report_packet(fixture, type, "1");

		fixture_send(fixture, &packet);
	}
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "");
	cr_assert_eq(host_counters(fixture->host)->rx_reports, 4);
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX() joined 1");
}

BOTH(acceptance, noise,
	"SEC-5 VAL-12: any packet is dropped or answered and never read past its end")
{
	fixture_join(fixture, 0, "1");
	fixture_exclude(fixture, 0, "2", "abc");
	fixture_flush(fixture);
	srand(11);
	for (unsigned round = 0; round < 200000; round++) {
		struct host_fixture_packet packet =
			fixture_query_packet(fixture, 1 + rand() % NEWEST(fixture),
				rand() % 2 ? NULL : "1", rand() % 2 ? "" : "abc", 1000);
		unsigned n = rand() % 4;
		uint8_t *exact;

		for (unsigned i = 0; i < n; i++)
			packet.bytes[rand() % packet.len] = rand();
		if (rand() % 2)
			packet.len = rand() % (packet.len + 1);
		if (rand() % 2 && packet.len >= packet.message + 8 && packet.len < 200 &&
			(packet.bytes[0] & 0xf) >= 5)
			fixture_seal(fixture, &packet);
		// The exact size lets a sanitizer see every read past the end.
		exact = malloc(packet.len);
		memcpy(exact, packet.bytes, packet.len);
		host_input(fixture->host, exact, packet.len, fixture->now_ms);
		free(exact);
		if (round % 100 == 0)
			fixture_run(fixture, 100);
	}
	cr_assert_leq(fixture->n_logged, 2000 * 100 / 1000 + 2);
}

BOTH(acceptance, log_rate, "SEC-5 SSM-5 MLD-4: the log is rate-limited, the counters are not")
{
	for (unsigned i = 0; i < 1000; i++) {
		fixture_query(fixture, NEWEST(fixture) - 1, NULL, "", 1000);
		fixture_run(fixture, 300000);
	}
	cr_assert_geq(fixture->n_logged, 1000);
	fixture->n_logged = 0;
	for (unsigned i = 0; i < 1000; i++) {
		struct host_fixture_packet packet =
			fixture_query_packet(fixture, NEWEST(fixture), NULL, "", 1000);

		// The source is 127.2.0.1 or an address that is not link-local.
		packet.bytes[fixture->family == AF_INET ? 12 : 8] =
			fixture->family == AF_INET ? 127 : 0x20;
		fixture_seal(fixture, &packet);
		fixture_send(fixture, &packet);
	}
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_BAD_SOURCE), 1000);
	cr_assert_leq(fixture->n_logged, 1);

	fixture_include(fixture, 0, "S1", "a");
	fixture_settle(fixture);
	fixture->n_logged = 0;
	for (unsigned i = 0; i < 1000; i++) {
		fixture_query(fixture, NEWEST(fixture) - 1, "S1", "", 1000);
		fixture_run(fixture, 10);
	}
	cr_assert_eq(fixture->n_logged, 10, "%u lines in 10 s", fixture->n_logged);
}

ONE(AF_INET6, acceptance, log_source, "MLD-4: a query from :: is logged, a report from :: is not")
{
	struct host_fixture_packet query = fixture_query_packet(fixture, 2, NULL, "", 1000);
	struct host_fixture_packet report = fixture_report_packet(fixture, 131, "1");

	memset(report.bytes + 8, 0, 16);
	fixture_seal(fixture, &report);
	fixture_send(fixture, &report);
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_BAD_SOURCE), 1);
	cr_assert_eq(fixture->n_logged, 0);

	memset(query.bytes + 8, 0, 16);
	fixture_seal(fixture, &query);
	fixture_send(fixture, &query);
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_BAD_SOURCE), 2);
	cr_assert_eq(fixture->n_logged, 1);
}
