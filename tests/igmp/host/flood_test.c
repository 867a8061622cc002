// SPDX-License-Identifier: BSD-3-Clause
// Queries for many sources: section RSP, and SEC-3.
#include <stdio.h>

#include "host_fixture.h"

// A query for `n` numbered sources of group 1, from number `first` on.
static struct host_fixture_packet numbered_query(
	const struct host_fixture *fixture, unsigned first, unsigned n, unsigned response)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, NEWEST(fixture), "1", "", response);
	unsigned addr_len = fixture->family == AF_INET ? 4 : 16;

	for (unsigned i = 0; i < n; i++) {
		struct sluice_addr source = fixture_numbered(fixture, first + i);

		memcpy(packet.bytes + packet.len, source.bytes, addr_len);
		packet.len += addr_len;
	}
	packet.bytes[packet.message + (fixture->family == AF_INET ? 10 : 26)] = n >> 8;
	packet.bytes[packet.message + (fixture->family == AF_INET ? 11 : 27)] = n;
	fixture_seal(fixture, &packet);
	return packet;
}

BOTH(flood, group, "RSP-13 SEC-3: 10,000 queries for sources in a second: bounded, and answered")
{
	unsigned n = fixture->family == AF_INET ? 366 : 89;
	struct host_status before, after;

	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	host_status(fixture->host, &before);
	for (unsigned i = 0; i < 10000; i++) {
		struct host_fixture_packet packet = numbered_query(fixture, 1000 + i * n, n, 10000);

		fixture_send(fixture, &packet);
		if (i % 10 == 9)
			fixture_run(fixture, 1);
	}
	host_status(fixture->host, &after);
	cr_assert_lt(after.memory - before.memory, 64 * 1024);
	cr_assert_gt(host_drop_count(fixture->host, HOST_RX_SOURCES_OVERFLOW), 0);
	fixture_run(fixture, 10000);
	cr_assert_not_null(strstr(fixture_take(fixture), "IS_EX(1:)"));
}

BOTH(flood, groups, "RSP-13 SEC-3: queried sources of many groups are bounded, too")
{
	unsigned n = fixture->family == AF_INET ? 366 : 89;
	struct host_status before, after;

	fixture_join_many(fixture, 1, 2000);
	host_status(fixture->host, &before);
	for (unsigned i = 1; i <= 2000; i++) {
		struct host_fixture_packet packet = numbered_query(fixture, 1000, n, 10000);
		struct sluice_addr group;
		char name[12];

		sprintf(name, "%u", i);
		group = fixture_group(fixture, name);
		memcpy(packet.bytes + packet.message + (fixture->family == AF_INET ? 4 : 8),
			group.bytes, sluice_addr_len(&group));
		memcpy(packet.bytes + (fixture->family == AF_INET ? 16 : 24), group.bytes,
			sluice_addr_len(&group));
		fixture_seal(fixture, &packet);
		fixture_send(fixture, &packet);
	}
	host_status(fixture->host, &after);
	cr_assert_lt(after.memory - before.memory, 2 * 1024 * 1024);
	fixture_run(fixture, 10000);
	cr_assert_geq(host_counters(fixture->host)->tx_records, 6000);
	host_status(fixture->host, &after);
	cr_assert_leq(after.memory, before.memory + 32768);
}

BOTH(flood, largest, "RSP-7 CHG-14: the response to the largest query fits into reports")
{
	unsigned n = fixture->family == AF_INET ? 366 : 89;
	struct host_fixture_packet packet = numbered_query(fixture, 1000, n, 1000);

	fixture_join(fixture, 0, "1");
	fixture_settle(fixture);
	fixture_send(fixture, &packet);
	fixture_run(fixture, 1000);
	// 365 of 366 fit one IGMPv3 report.
	cr_assert_eq(fixture->n_frames - fixture->n_taken, fixture->family == AF_INET ? 2 : 1);
}
