// SPDX-License-Identifier: BSD-3-Clause
// Queries for many sources: section RSP, and SEC-3.
#include <stdio.h>

#include "host_fixture.h"

// A query for `n` numbered sources of group 1, from number `first` on.
static struct lab_packet numbered_query(
	const struct lab *lab, unsigned first, unsigned n, unsigned response)
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), "1", "", response);
	unsigned addr_len = lab->family == AF_INET ? 4 : 16;

	for (unsigned i = 0; i < n; i++) {
		struct sluice_addr source = lab_numbered(lab, first + i);

		memcpy(packet.bytes + packet.len, source.bytes, addr_len);
		packet.len += addr_len;
	}
	packet.bytes[packet.message + (lab->family == AF_INET ? 10 : 26)] = n >> 8;
	packet.bytes[packet.message + (lab->family == AF_INET ? 11 : 27)] = n;
	lab_seal(lab, &packet);
	return packet;
}

BOTH(flood, group, "RSP-13 SEC-3: 10,000 queries for sources in a second: bounded, and answered")
{
	unsigned n = lab->family == AF_INET ? 366 : 89;
	struct host_status before, after;

	lab_join(lab, 0, "1");
	lab_settle(lab);
	host_status(lab->host, &before);
	for (unsigned i = 0; i < 10000; i++) {
		struct lab_packet packet = numbered_query(lab, 1000 + i * n, n, 10000);

		lab_send(lab, &packet);
		if (i % 10 == 9)
			lab_run(lab, 1);
	}
	host_status(lab->host, &after);
	cr_assert_lt(after.memory - before.memory, 64 * 1024);
	cr_assert_gt(host_counter(lab->host, HOST_RX_SOURCES_OVERFLOW), 0);
	lab_run(lab, 10000);
	cr_assert_not_null(strstr(lab_take(lab), "IS_EX(1:)"));
}

BOTH(flood, groups, "RSP-13 SEC-3: sources asked of many groups are bounded too")
{
	unsigned n = lab->family == AF_INET ? 366 : 89;
	struct host_status before, after;

	lab_join_many(lab, 1, 2000);
	host_status(lab->host, &before);
	for (unsigned i = 1; i <= 2000; i++) {
		struct lab_packet packet = numbered_query(lab, 1000, n, 10000);
		struct sluice_addr group;
		char name[12];

		sprintf(name, "%u", i);
		group = lab_group(lab, name);
		memcpy(packet.bytes + packet.message + (lab->family == AF_INET ? 4 : 8),
			group.bytes, sluice_addr_len(&group));
		memcpy(packet.bytes + (lab->family == AF_INET ? 16 : 24), group.bytes,
			sluice_addr_len(&group));
		lab_seal(lab, &packet);
		lab_send(lab, &packet);
	}
	host_status(lab->host, &after);
	cr_assert_lt(after.memory - before.memory, 2 * 1024 * 1024);
	lab_run(lab, 10000);
	cr_assert_geq(host_counter(lab->host, HOST_TX_RECORD), 6000);
	host_status(lab->host, &after);
	cr_assert_leq(after.memory, before.memory + 32768);
}

BOTH(flood, largest, "RSP-7 CHG-14: an answer to the largest query fits its reports")
{
	unsigned n = lab->family == AF_INET ? 366 : 89;
	struct lab_packet packet = numbered_query(lab, 1000, n, 1000);

	lab_join(lab, 0, "1");
	lab_settle(lab);
	lab_send(lab, &packet);
	lab_run(lab, 1000);
	// 365 of 366 fit one IGMPv3 report.
	cr_assert_eq(lab->n_frames - lab->n_taken, lab->family == AF_INET ? 2 : 1);
}
