// SPDX-License-Identifier: BSD-3-Clause
// Bytes on the wire: section FRM, and the sent messages of sections IGMP and MLD. The fixture
// checks every frame for FRM-1 to FRM-8, auxiliary data, reserved bits and destinations. The golden
// vectors and limits are tested here.
#include <stdio.h>

#include "host_fixture.h"
#include "wire.h"

struct recorder {
	struct host *host;
	uint8_t bytes[1500];
	size_t len;
	struct sluice_addr dst;
};

static int on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct recorder *recorder = ctx;

	memcpy(recorder->bytes, packet, len);
	recorder->len = len;
	recorder->dst = *dst;
	return 0;
}

static int on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	return 0;
}

static void on_joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	(void)member;
}

static const struct host_ops ops = {
	.send = on_send,
	.publish = on_publish,
	.joined = on_joined,
};

static struct sluice_addr addr(const char *text)
{
	struct sluice_addr parsed;

	cr_assert(address_parse(text, &parsed), "%s", text);
	return parsed;
}

static void expect_bytes(const uint8_t *bytes, const char *hex)
{
	unsigned n = 0;

	for (; *hex != '\0'; hex++) {
		unsigned byte;

		if (*hex == ' ')
			continue;
		sscanf(hex++, "%2x", &byte);
		cr_expect_eq(bytes[n], byte, "byte %u is %02x, not %02x", n, bytes[n], byte);
		n++;
	}
}

static struct recorder *record(int family)
{
	static struct recorder recorder;
	struct host_address own = {addr(family == AF_INET ? "192.0.2.1" : "fe80::1"), 24};
	struct host_config config;

	host_config_default(&config);
	recorder.host = host_open(family, &config, &ops, &recorder, 0);
	cr_assert_not_null(recorder.host);
	host_set_addresses(recorder.host, &own, 1, 0);
	return &recorder;
}

static struct session *session(void)
{
	return session_open(&(struct session_limits){10, 64}, NULL);
}

Test(frame, igmp_golden,
	.description = "FRM-1 FRM-2 FRM-3 FRM-4 FRM-5 FRM-12 IGMP-7 IGMP-8 IGMP-9 IGMP-10: reports "
		       "to the byte")
{
	struct recorder *r = record(AF_INET);
	struct session *s = session();
	struct sluice_addr group = addr("239.1.1.1"), ssm = addr("232.1.1.1"),
			   src = addr("10.0.0.1");
	struct sluice_addr reports = addr("224.0.0.22");

	member_join(s, r->host, &group, NULL);
	host_flush(r->host, 0);
	cr_assert_eq(r->len, 40);
	expect_bytes(r->bytes, "46c0 0028 0000 4000 01 02 41f8 c0000201 e0000016 94040000");
	expect_bytes(r->bytes + 24, "2200e9fb 00000001 04000000 ef010101");
	cr_assert(sluice_addr_equal(&r->dst, &reports));
	member_leave(s, r->host, &group);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 24, "2200eafb 00000001 03000000 ef010101");
	member_join_source(s, r->host, &ssm, &src, NULL);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 24, "2200e5f9 00000001 05000001 e8010101 0a000001");
	session_close(s);
}

// Sends the golden queries, whose checksums the host verifies, and checks the older reports.
Test(frame, igmp_old_golden,
	.description = "FRM-2 FRM-3 FRM-4 CMP-18: v1 and v2 messages to the byte")
{
	static const uint8_t v2[] = {0x11, 0x64, 0xee, 0x9b, 0, 0, 0, 0};
	static const uint8_t v1[] = {0x11, 0x00, 0xee, 0xff, 0, 0, 0, 0};
	struct recorder *r = record(AF_INET);
	struct session *s = session();
	struct sluice_addr group = addr("239.1.1.1");
	struct sluice_addr querier = addr("192.0.2.254"), nodes = addr("224.0.0.1");
	uint8_t packet[32];

	memcpy(packet + 24, v2, 8);
	wire_seal(wire_of(AF_INET), packet, 32, &querier, &nodes);
	cr_assert_eq(memcmp(packet + 24, v2, 8), 0);
	host_input(r->host, packet, 32, 0);
	member_join(s, r->host, &group, NULL);
	host_flush(r->host, 0);
	cr_assert_eq(r->len, 32);
	expect_bytes(r->bytes, "46c00020");
	expect_bytes(r->bytes + 16, "ef010101 94040000 1600f9fc ef010101");
	member_leave(s, r->host, &group);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 16, "e0000002 94040000 1700f8fc ef010101");
	memcpy(packet + 24, v1, 8);
	wire_seal(wire_of(AF_INET), packet, 32, &querier, &nodes);
	cr_assert_eq(memcmp(packet + 24, v1, 8), 0);
	host_input(r->host, packet, 32, 0);
	member_join(s, r->host, &group, NULL);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 16, "ef010101 94040000 1200fdfc ef010101");
	session_close(s);
}

Test(frame, mld_golden, .description = "FRM-6 FRM-7 FRM-8 MLD-8 MLD-10: MLDv2 reports to the byte")
{
	struct recorder *r = record(AF_INET6);
	struct session *s = session();
	struct sluice_addr group = addr("ff0e::1234"), reports = addr("ff02::16");

	member_join(s, r->host, &group, NULL);
	host_flush(r->host, 0);
	cr_assert_eq(r->len, 76);
	expect_bytes(r->bytes, "60000000 0024 00 01 fe800000000000000000000000000001");
	expect_bytes(r->bytes + 40, "3a00 05020000 0100");
	expect_bytes(r->bytes + 48, "8f005dca 00000001 04000000 ff0e000000000000 0000000000001234");
	cr_assert(sluice_addr_equal(&r->dst, &reports));
	session_close(s);
}

Test(frame, mld_old_golden, .description = "MLD-16 CMP-18: MLDv1 messages to the byte")
{
	static const uint8_t v1[24] = {0x82, 0, 0x59, 0x17, 0x27, 0x10};
	struct recorder *r = record(AF_INET6);
	struct session *s = session();
	struct sluice_addr group = addr("ff0e::1234"), nodes = addr("ff02::1");
	// The golden checksums are those of fe80::1, which is not the host's address in this test.
	struct sluice_addr golden = addr("fe80::1"), querier = addr("fe80::99");
	uint8_t packet[72];

	memcpy(packet + 48, v1, 24);
	wire_seal(wire_of(AF_INET6), packet, 72, &golden, &nodes);
	cr_assert_eq(memcmp(packet + 48, v1, 24), 0);
	wire_seal(wire_of(AF_INET6), packet, 72, &querier, &nodes);
	host_input(r->host, packet, 72, 0);
	member_join(s, r->host, &group, NULL);
	host_flush(r->host, 0);
	cr_assert_eq(r->len, 72);
	cr_assert(sluice_addr_equal(&r->dst, &group));
	expect_bytes(r->bytes + 48, "83005ba5 00000000 ff0e000000000000 0000000000001234");
	member_leave(s, r->host, &group);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 48, "84006ce3 00000000 ff0e000000000000 0000000000001234");
	session_close(s);
}

Test(frame, query_golden, .description = "FRM-5 FRM-8: the checksums of the golden queries")
{
	static const struct {
		int family;
		const char *dst;
		uint8_t message[28];
		unsigned len;
	} rows[] = {
		{AF_INET, "224.0.0.1", {0x11, 0x64, 0xec, 0x1e, 0, 0, 0, 0, 2, 0x7d, 0, 0}, 12},
		{AF_INET, "239.1.1.1", {0x11, 0x0a, 0xfc, 0x75, 0xef, 1, 1, 1, 2, 0x7d, 0, 0}, 12},
		{AF_INET, "232.1.1.1",
			{0x11, 0x0a, 0xef, 0x70, 0xe8, 1, 1, 1, 2, 0x7d, 0, 2, 10, 0, 0, 1, 10, 0,
				0, 2},
			20},
		{AF_INET6, "ff02::1", {0x82, 0, 0x56, 0x96, 0x27, 0x10, [24] = 2, [25] = 0x7d}, 28},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wire_family *wire = wire_of(rows[i].family);
		struct sluice_addr src = addr(rows[i].family == AF_INET ? "192.0.2.1" : "fe80::1");
		struct sluice_addr dst = addr(rows[i].dst);
		uint8_t packet[80];

		memcpy(packet + wire->ip_len, rows[i].message, rows[i].len);
		wire_seal(wire, packet, wire->ip_len + rows[i].len, &src, &dst);
		cr_expect_eq(memcmp(packet + wire->ip_len, rows[i].message, rows[i].len), 0,
			"row %u", i);
	}
}

Test(frame, float8, .description = "FRM-20: the 8-bit float code")
{
	static const struct {
		uint8_t code;
		uint32_t value;
	} rows[] = {{0x7f, 127}, {0x80, 128}, {0x81, 136}, {0x89, 200}, {0x8f, 248}, {0x90, 256},
		{0xff, 31744}};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(wire_decode8(rows[i].code), rows[i].value, "%x", rows[i].code);
}

Test(frame, float16, .description = "FRM-21: the 16-bit float code")
{
	static const struct {
		uint16_t code;
		uint32_t value;
	} rows[] = {{0x7fff, 32767}, {0x8000, 32768}, {0x8001, 32776}, {0x9000, 65536},
		{0xffff, 8387584}};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(wire_decode16(rows[i].code), rows[i].value, "%x", rows[i].code);
}

Test(frame, ethernet, .description = "FRM-9 FRM-10: the Ethernet address of a group")
{
	static const struct {
		const char *group;
		uint8_t mac[6];
	} rows[] = {
		{"224.129.1.1", {1, 0, 0x5e, 1, 1, 1}},
		{"239.1.1.1", {1, 0, 0x5e, 1, 1, 1}},
		{"239.255.255.255", {1, 0, 0x5e, 0x7f, 0xff, 0xff}},
		{"ff02::16", {0x33, 0x33, 0, 0, 0, 0x16}},
		{"ff1e::1234:5678", {0x33, 0x33, 0x12, 0x34, 0x56, 0x78}},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sluice_addr group = addr(rows[i].group);
		uint8_t mac[6];

		address_ethernet(&group, mac);
		cr_expect_eq(memcmp(mac, rows[i].mac, 6), 0, "%s", rows[i].group);
	}
}

BOTH(frame, capacity, "CHG-13 IGMP-5 MLD-6: a report has as many records as fit into the MTU")
{
	unsigned room = fixture->family == AF_INET ? 183 : 72;
	char name[8];

	for (unsigned i = 1; i <= room; i++) {
		sprintf(name, "%u", i);
		fixture_join(fixture, 0, name);
	}
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_frames, 1);
	cr_assert_eq(fixture->frames[0].n_records, room);
}

static struct host_address own(const char *text)
{
	return (struct host_address){addr(text), 24};
}

Test(frame, no_address, .description = "IGMP-10: 0.0.0.0 is the source while there is no address")
{
	struct recorder *r = record(AF_INET);
	struct sluice_addr group = addr("239.1.1.1");
	struct host_address second[] = {own("198.51.100.7"), own("192.0.2.1")};

	host_set_addresses(r->host, NULL, 0, 0);
	member_join(session(), r->host, &group, NULL);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 12, "00000000 e0000016");
	host_set_addresses(r->host, second, 2, 0);
	host_advance(r->host, 1000);
	expect_bytes(r->bytes + 12, "c6336407 e0000016");
}

Test(frame, link_local,
	.description = "MLD-12 MLD-13 FRM-6: the source is :: until there is a link-local "
		       "address; then all groups are reported again")
{
	struct recorder *r = record(AF_INET6);
	struct session *s = session();
	struct sluice_addr group = addr("ff1e::1"), ssm = addr("ff3e::8000:1"),
			   source = addr("2001:db8::9");
	struct host_address addrs[] = {own("2001:db8::1"), own("fe80::5"), own("fe80::6")};

	host_set_addresses(r->host, addrs, 1, 0);
	member_join(s, r->host, &group, NULL);
	host_flush(r->host, 0);
	expect_bytes(r->bytes + 8, "00000000000000000000000000000000");
	member_join_source(s, r->host, &ssm, &source, NULL);
	host_flush(r->host, 0);
	host_advance(r->host, 5000);
	cr_assert_eq(host_counters(r->host)->tx_records, 4);
	host_set_addresses(r->host, addrs, 2, 5000);
	cr_assert_eq(host_counters(r->host)->tx_records, 6);
	expect_bytes(r->bytes + 8, "fe800000000000000000000000000005");
	expect_bytes(r->bytes + 56, "04000000 ff1e");
	expect_bytes(r->bytes + 76, "05000001 ff3e");
	host_advance(r->host, 6000);
	cr_assert_eq(host_counters(r->host)->tx_records, 8);
	// A second one causes no report, and is not used as the source.
	host_set_addresses(r->host, addrs, 3, 10000);
	host_advance(r->host, 20000);
	cr_assert_eq(host_counters(r->host)->tx_records, 8);
	member_leave(s, r->host, &group);
	host_flush(r->host, 20000);
	expect_bytes(r->bytes + 8, "fe800000000000000000000000000005");
}

// The whole life of a group: joined and queried in the newest version, then in an older one
// queried, left, joined again and left again.
static void expect_reported(
	int family, const char *group, void (*tune)(struct host_config *config), bool reported)
{
	struct host_fixture *fixture = fixture_open(family, tune);
	struct sluice_addr address = addr(group);
	const char *old = family == AF_INET ? "V2" : "V1";
	char expected[512] = "";

	if (reported)
		sprintf(expected,
			"TO_EX(%s:) | TO_EX(%s:) | IS_EX(%s:) | %s(%s) | LEAVE(%s) | %s(%s) | "
			"%s(%s) | LEAVE(%s)",
			group, group, group, old, group, group, old, group, old, group, group);
	cr_assert_eq(
		member_join(fixture->sessions[0], fixture->host, &address, NULL), 0, "%s", group);
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_joined, 1);
	fixture_run(fixture, 5000);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 5000);
	fixture_query(fixture, NEWEST(fixture) - 1, NULL, "", 1000);
	fixture_run(fixture, 5000);
	cr_assert_eq(member_leave(fixture->sessions[0], fixture->host, &address), 0);
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	cr_assert_eq(member_join(fixture->sessions[0], fixture->host, &address, NULL), 0);
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_joined, 2);
	fixture_run(fixture, 20000);
	cr_assert_eq(member_leave(fixture->sessions[0], fixture->host, &address), 0);
	fixture_flush(fixture);
	fixture_run(fixture, 20000);
	cr_expect_str_eq(fixture_take(fixture), expected, "%s", group);
	fixture_close(fixture);
}

static void no_link_local(struct host_config *config)
{
	config->report_link_local = false;
}

Test(frame, unreported_igmp,
	.description = "IGMP-12 IGMP-13: 224.0.0.1 is never reported, other groups are")
{
	expect_reported(AF_INET, "224.0.0.1", NULL, false);
	expect_reported(AF_INET, "224.0.0.251", NULL, true);
	expect_reported(AF_INET, "224.0.0.251", no_link_local, false);
	expect_reported(AF_INET, "224.0.1.1", no_link_local, true);
	expect_reported(AF_INET, "224.1.0.1", NULL, true);
	expect_reported(AF_INET, "225.0.0.1", NULL, true);
}

Test(frame, unreported_mld,
	.description = "MLD-7 MLD-14: all nodes and scopes 0 and 1 are never reported")
{
	expect_reported(AF_INET6, "ff02::1", NULL, false);
	expect_reported(AF_INET6, "ff02::1", no_link_local, false);
	expect_reported(AF_INET6, "ff01::5", NULL, false);
	expect_reported(AF_INET6, "ff00::5", NULL, false);
	expect_reported(AF_INET6, "ff10::5", NULL, false);
	expect_reported(AF_INET6, "ff11::5", NULL, false);
	expect_reported(AF_INET6, "ff02::5", NULL, true);
	expect_reported(AF_INET6, "ff02::101", NULL, true);
	expect_reported(AF_INET6, "ff02::1:ff00:1", NULL, true);
	expect_reported(AF_INET6, "ff05::1", NULL, true);
	expect_reported(AF_INET6, "ff0f::5", NULL, true);
	expect_reported(AF_INET6, "ff12::1", NULL, true);
	expect_reported(AF_INET6, "ff15::1", NULL, true);
}

Test(frame, interfaces, .description = "IGMP-14: interfaces on one link are independent")
{
	struct host_fixture *one = fixture_open(AF_INET, NULL);
	struct host_fixture *two = fixture_open(AF_INET, NULL);

	fixture_join(one, 0, "1");
	fixture_says(one, "TO_EX(1:)");
	fixture_says(two, "");
	fixture_close(one);
	fixture_close(two);
}
