// SPDX-License-Identifier: BSD-3-Clause
// Golden vectors of PROTOCOL section A: messages and float codes.
#include <stdio.h>

#include "packet_fixture.h"

static size_t read_hex(const char *hex, uint8_t *bytes)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		unsigned byte;

		if (*hex == ' ')
			continue;
		cr_assert_eq(sscanf(hex++, "%2x", &byte), 1);
		bytes[n++] = byte;
	}
	return n;
}

// Puts the message behind the IP header that `seal` makes, keeping the vector's own checksum.
static struct message parse_vector(int family, const char *hex, const char *dst)
{
	static uint8_t packet[256];
	const struct wire_family *wire = wire_of(family);
	struct sluice_addr src = own(family), to = addr(dst);
	uint8_t bytes[128];
	struct message message;
	size_t len = read_hex(hex, bytes);

	memset(packet, 0, sizeof(packet));
	wire_seal(wire, packet, wire->ip_len + len, &src, &to);
	memcpy(packet + wire->ip_len, bytes, len);
	cr_assert_eq(
		message_parse(&message, family, packet, wire->ip_len + len), MESSAGE_OK, "%s", hex);
	cr_assert(message.checksum_ok, "%s", hex);
	cr_assert_eq(message.format, MESSAGE_COMPLETE, "%s", hex);
	return message;
}

Test(message_vectors, queries,
	.description =
		"FRM-5 FRM-8 FRM-20 FRM-21 IGMP-3 MLD-2: golden queries are parsed to their facts")
{
	static const struct {
		int family;
		const char *hex, *dst;
		unsigned version, response_ms, n_sources;
		bool general;
	} rows[] = {
		{AF_INET, "1164ec1e 00000000 027d0000", "224.0.0.1", 3, 10000, 0, true},
		{AF_INET, "110afc75 ef010101 027d0000", "239.1.1.1", 3, 1000, 0, false},
		{AF_INET, "110aef70 e8010101 027d0002 0a000001 0a000002", "232.1.1.1", 3, 1000, 2,
			false},
		{AF_INET, "1164ee9b 00000000", "224.0.0.1", 2, 10000, 0, true},
		{AF_INET, "1100eeff 00000000", "224.0.0.1", 1, 10000, 0, true},
		{AF_INET6, "82005696 27100000 00000000 00000000 00000000 00000000 027d0000",
			"ff02::1", 2, 10000, 0, true},
		{AF_INET6, "82005917 27100000 00000000 00000000 00000000 00000000", "ff02::1", 1,
			10000, 0, true},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message message = parse_vector(rows[i].family, rows[i].hex, rows[i].dst);
		bool newest = message.version == wire_of(rows[i].family)->newest;

		cr_expect_eq(message.kind, MESSAGE_QUERY, "row %u", i);
		cr_expect_eq(message.version, rows[i].version, "row %u", i);
		cr_expect_eq(message.response_ms, rows[i].response_ms, "row %u", i);
		cr_expect_eq(message.n_sources, rows[i].n_sources, "row %u", i);
		cr_expect_eq(message.general, rows[i].general, "row %u", i);
		cr_expect_eq(message.qrv, newest ? 2 : 0, "row %u", i);
		cr_expect_eq(message.interval_s, newest ? 125 : 0, "row %u", i);
		cr_expect(!message.suppress, "row %u", i);
	}
}

Test(message_vectors, reports,
	.description = "FRM-5 FRM-8 RTR-16: golden reports and leaves are parsed correctly")
{
	static const struct {
		int family;
		const char *hex, *dst, *group;
		enum message_kind kind;
		unsigned version, record, n_sources;
	} rows[] = {
		{AF_INET, "2200e9fb 00000001 04000000 ef010101", "224.0.0.22", "239.1.1.1",
			MESSAGE_RECORDS, 3, WIRE_TO_EX, 0},
		{AF_INET, "2200eafb 00000001 03000000 ef010101", "224.0.0.22", "239.1.1.1",
			MESSAGE_RECORDS, 3, WIRE_TO_IN, 0},
		{AF_INET, "2200e5f9 00000001 05000001 e8010101 0a000001", "224.0.0.22", "232.1.1.1",
			MESSAGE_RECORDS, 3, WIRE_ALLOW, 1},
		{AF_INET, "1200fdfc ef010101", "239.1.1.1", "239.1.1.1", MESSAGE_REPORT, 1, 0, 0},
		{AF_INET, "1600f9fc ef010101", "239.1.1.1", "239.1.1.1", MESSAGE_REPORT, 2, 0, 0},
		{AF_INET, "1700f8fc ef010101", "224.0.0.2", "239.1.1.1", MESSAGE_LEAVE, 2, 0, 0},
		{AF_INET6, "8f005dca 00000001 04000000 ff0e0000 00000000 00000000 00001234",
			"ff02::16", "ff0e::1234", MESSAGE_RECORDS, 2, WIRE_TO_EX, 0},
		{AF_INET6, "83005ba5 00000000 ff0e0000 00000000 00000000 00001234", "ff0e::1234",
			"ff0e::1234", MESSAGE_REPORT, 1, 0, 0},
		{AF_INET6, "84006ce3 00000000 ff0e0000 00000000 00000000 00001234", "ff02::2",
			"ff0e::1234", MESSAGE_LEAVE, 1, 0, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message message = parse_vector(rows[i].family, rows[i].hex, rows[i].dst);
		struct message_record record = {.end = NULL};
		struct sluice_addr group = addr(rows[i].group);

		cr_expect_eq(message.kind, rows[i].kind, "row %u", i);
		cr_expect_eq(message.version, rows[i].version, "row %u", i);
		if (message.kind != MESSAGE_RECORDS) {
			cr_expect(sluice_addr_equal(&message.group, &group), "row %u", i);
			cr_expect_eq(message_next_record(&message, &record), 0, "row %u", i);
			continue;
		}
		cr_assert_eq(message_next_record(&message, &record), 1, "row %u", i);
		cr_expect_eq(record.type, rows[i].record, "row %u", i);
		cr_expect_eq(record.n_sources, rows[i].n_sources, "row %u", i);
		cr_expect(sluice_addr_equal(&record.group, &group), "row %u", i);
		cr_expect_eq(message_next_record(&message, &record), 0, "row %u", i);
	}
}

Test(message_vectors, float_codes,
	.description = "FRM-20 FRM-21 FRM-22: a time is encoded exactly or as the next lower one")
{
	static const unsigned vectors[][2] = {{130, 0x80}, {150, 0x82}, {200, 0x89}, {250, 0x8f},
		{300, 0x92}, {3600, 0xcc}, {31744, 0xff}, {99999, 0xff}};

	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		cr_expect_eq(wire_encode8(vectors[i][0]), vectors[i][1], "%u", vectors[i][0]);
	for (unsigned value = 0; value < 40000; value++) {
		uint8_t code = wire_encode8(value);

		cr_assert_leq(wire_decode8(code), value);
		cr_assert(code == 0xff || wire_decode8(code + 1) > value, "%u", value);
	}
	for (unsigned value = 0; value < 9000000; value += 97) {
		uint16_t code = wire_encode16(value);

		cr_assert_leq(wire_decode16(code), value);
		cr_assert(code == 0xffff || wire_decode16(code + 1) > value, "%u", value);
	}
}
