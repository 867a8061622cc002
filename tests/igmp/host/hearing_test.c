// SPDX-License-Identifier: BSD-3-Clause
// What a host learns, ignores and survives: sections VAL, IGMP and SEC.
#include <stdlib.h>

#include "host_fixture.h"

BOTH(hearing, padding, "FRM-11: bytes after the IP packet do not count")
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab) - 1, NULL, "", 1000);
	struct host_status status;

	memset(packet.bytes + packet.len, 0x5a, 20);
	packet.len += 20;
	lab_send(lab, &packet);
	host_status(lab->host, &status);
	cr_assert_eq(status.version, NEWEST(lab) - 1);
}

BOTH(hearing, no_groups, "VAL-22: without groups mode, QRV and QQIC are still learnt")
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", 1000);
	uint8_t *tail = packet.bytes + packet.message + (lab->family == AF_INET ? 8 : 24);
	struct host_status status;

	tail[0] = 3;
	tail[1] = 60;
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	host_status(lab->host, &status);
	cr_assert_eq(status.querier_interval_ms, 60000);
	cr_assert_eq(status.robustness, 3);
	cr_assert_eq(status.querier_heard_ms, lab->now_ms);
	lab_query(lab, NEWEST(lab) - 1, NULL, "", 1000);
	host_status(lab->host, &status);
	cr_assert_eq(status.version, NEWEST(lab) - 1);
	cr_assert_eq(status.querier_version, NEWEST(lab) - 1);
	cr_assert_eq(status.version_until_ms, lab->now_ms + 3 * 60000 + 10000);
	lab_run(lab, 5000);
	lab_expect(lab, "");
	lab_join(lab, 0, "1");
	lab_says(lab, OLD_1(lab));
}

BOTH(hearing, own_addresses, "IGMP-11 MLD-9: a query to any of our addresses is answered")
{
	static const char *const texts[2][2] = {
		{"192.0.2.1", "198.51.100.1"}, {"fe80::1", "2001:db8::1"}};
	bool mld = lab->family == AF_INET6;
	struct host_address own[2] = {{.prefix_length = 24}, {.prefix_length = 24}};
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", 1000);

	for (unsigned i = 0; i < 2; i++)
		address_parse(texts[mld][i], &own[i].addr);
	host_set_addresses(lab->host, own, 2, lab->now_ms);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(packet.bytes + (mld ? 24 : 16), own[i].addr.bytes, mld ? 16 : 4);
		lab_seal(lab, &packet);
		lab_send(lab, &packet);
		lab_run(lab, 1000);
		lab_expect(lab, "IS_EX(1:)");
	}
}

BOTH(hearing, filters, "IGMP-15: source filters do not hold back queries")
{
	lab_include(lab, 0, "1", "a");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab), "1", "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(1:a)");
}

BOTH(hearing, reports, "IGMP-1 IGMP-16 MLD-1: the reports of others change nothing")
{
	static const uint8_t types[2][5] = {{0x22, 0x12, 0x16, 0x17}, {143, 131, 132, 131}};

	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t type = types[lab->family == AF_INET6][i];
		struct lab_packet packet = lab_report_packet(lab, type, "1");

		lab_send(lab, &packet);
	}
	lab_run(lab, 3000);
	lab_expect(lab, "");
	cr_assert_eq(host_counter(lab->host, HOST_RX_REPORT), 4);
	cr_assert_str_eq(lab_state(lab, "1"), "EX() joined 1");
}

BOTH(hearing, noise, "SEC-5 VAL-12: whatever comes is dropped or answered, never read past its end")
{
	lab_join(lab, 0, "1");
	lab_exclude(lab, 0, "2", "abc");
	lab_flush(lab);
	srand(11);
	for (unsigned round = 0; round < 200000; round++) {
		struct lab_packet packet = lab_query_packet(lab, 1 + rand() % NEWEST(lab),
			rand() % 2 ? NULL : "1", rand() % 2 ? "" : "abc", 1000);
		unsigned n = rand() % 4;
		uint8_t *exact;

		for (unsigned i = 0; i < n; i++)
			packet.bytes[rand() % packet.len] = rand();
		if (rand() % 2)
			packet.len = rand() % (packet.len + 1);
		if (rand() % 2 && packet.len >= packet.message + 8 && packet.len < 200 &&
			(packet.bytes[0] & 0xf) >= 5)
			lab_seal(lab, &packet);
		// The exact size lets a sanitizer see every read past the end.
		exact = malloc(packet.len);
		memcpy(exact, packet.bytes, packet.len);
		host_input(lab->host, exact, packet.len, lab->now_ms);
		free(exact);
		if (round % 100 == 0)
			lab_run(lab, 100);
	}
	cr_assert_leq(lab->n_logged, 2000 * 100 / 1000 + 2);
}

BOTH(hearing, log_rate, "SEC-5 SSM-5 MLD-4: the log is rate-limited, the counters are not")
{
	for (unsigned i = 0; i < 1000; i++) {
		lab_query(lab, NEWEST(lab) - 1, NULL, "", 1000);
		lab_run(lab, 300000);
	}
	cr_assert_geq(lab->n_logged, 1000);
	lab->n_logged = 0;
	for (unsigned i = 0; i < 1000; i++) {
		struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", 1000);

		// 127.2.0.1 or an address that is not link-local.
		packet.bytes[lab->family == AF_INET ? 12 : 8] = lab->family == AF_INET ? 127 : 0x20;
		lab_seal(lab, &packet);
		lab_send(lab, &packet);
	}
	cr_assert_eq(host_counter(lab->host, HOST_RX_BAD_SOURCE), 1000);
	cr_assert_leq(lab->n_logged, 1);

	lab_include(lab, 0, "S1", "a");
	lab_settle(lab);
	lab->n_logged = 0;
	for (unsigned i = 0; i < 1000; i++) {
		lab_query(lab, NEWEST(lab) - 1, "S1", "", 1000);
		lab_run(lab, 10);
	}
	cr_assert_eq(lab->n_logged, 10, "%u lines in 10 s", lab->n_logged);
}

ONE(AF_INET6, hearing, log_source, "MLD-4: a query from :: is logged, a report from :: is not")
{
	struct lab_packet query = lab_query_packet(lab, 2, NULL, "", 1000);
	struct lab_packet report = lab_report_packet(lab, 131, "1");

	memset(report.bytes + 8, 0, 16);
	lab_seal(lab, &report);
	lab_send(lab, &report);
	cr_assert_eq(host_counter(lab->host, HOST_RX_BAD_SOURCE), 1);
	cr_assert_eq(lab->n_logged, 0);

	memset(query.bytes + 8, 0, 16);
	lab_seal(lab, &query);
	lab_send(lab, &query);
	cr_assert_eq(host_counter(lab->host, HOST_RX_BAD_SOURCE), 2);
	cr_assert_eq(lab->n_logged, 1);
}
