// SPDX-License-Identifier: BSD-3-Clause
// The packets of the naive router compared with golden vectors: no other test would find an error
// that it shares with the host.
#include <criterion/criterion.h>
#include "router_frame.h"

#define IGMP 24 // where the message begins
#define MLD 48

static const struct sluice_addr router4 = {AF_INET, {192, 0, 2, 254}};
static const struct sluice_addr router6 = {AF_INET6, {0xfe, 0x80, [15] = 1}};

static void expect_message(
	const uint8_t *packet, size_t len, const char *expected, size_t expected_len)
{
	size_t header = packet[0] >> 4 == 4 ? IGMP : MLD;

	cr_assert_eq(len, header + expected_len);
	cr_expect_arr_eq(packet + header, expected, expected_len);
}

Test(frame, igmp_queries, .description = "the queries of section A are equal to the byte")
{
	static const struct sluice_addr sources[] = {
		{AF_INET, {10, 0, 0, 1}}, {AF_INET, {10, 0, 0, 2}}};
	struct frame_query query = {
		.version = 3,
		.src = router4,
		.max_response_ms = 10000,
		.interval_s = 125,
		.robustness = 2,
	};
	uint8_t packet[FRAME_PACKET_MAX];
	size_t len = router_frame_write_query(packet, &query);

	expect_message(packet, len, "\x11\x64\xec\x1e\0\0\0\0\x02\x7d\0\0", 12);
	query.max_response_ms = 1000;
	query.group = (struct sluice_addr){AF_INET, {232, 1, 1, 1}};
	query.sources = sources;
	query.n_sources = 2;
	len = router_frame_write_query(packet, &query);
	expect_message(
		packet, len, "\x11\x0a\xef\x70\xe8\1\1\1\x02\x7d\0\2\x0a\0\0\1\x0a\0\0\2", 20);
	query = (struct frame_query){.version = 2, .src = router4, .max_response_ms = 10000};
	len = router_frame_write_query(packet, &query);
	expect_message(packet, len, "\x11\x64\xee\x9b\0\0\0\0", 8);
	query = (struct frame_query){.version = 1, .src = router4};
	len = router_frame_write_query(packet, &query);
	expect_message(packet, len, "\x11\0\xee\xff\0\0\0\0", 8);
}

Test(frame, mld_query, .description = "the MLDv2 query of section A is equal to the byte")
{
	struct frame_query query = {
		.version = 3,
		.src = router6,
		.max_response_ms = 10000,
		.interval_s = 125,
		.robustness = 2,
	};
	uint8_t packet[FRAME_PACKET_MAX];
	size_t len = router_frame_write_query(packet, &query);

	expect_message(packet, len,
		"\x82\0\x56\x96\x27\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x7d\0\0", 28);
}

Test(frame, codes, .description = "FRM-22: a time is encoded exactly or as the next lower one")
{
	static const struct {
		uint32_t value;
		uint8_t code;
	} cases[] = {{127, 127}, {130, 0x80}, {150, 0x82}, {200, 0x89}, {250, 0x8f}, {300, 0x92},
		{3600, 0xcc}, {31744, 0xff}, {40000, 0xff}};
	struct frame_query query = {.version = 3, .src = router4};
	uint8_t packet[FRAME_PACKET_MAX];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		query.max_response_ms = cases[i].value * 100;
		query.interval_s = cases[i].value;
		router_frame_write_query(packet, &query);
		cr_expect_eq(packet[IGMP + 1], cases[i].code, "%u tenths", cases[i].value);
		cr_expect_eq(packet[IGMP + 9], cases[i].code, "%u seconds", cases[i].value);
	}
}

// A report that the parser accepts. The test damages it.
static size_t good_report(uint8_t packet[FRAME_PACKET_MAX])
{
	static const char message[] = "\x22\0\0\0\0\0\0\1\4\0\0\0\xef\1\1\1";
	struct frame_query query = {.version = 1, .src = router4};
	size_t len = router_frame_write_query(packet, &query) - 8 + sizeof(message) - 1;

	memcpy(packet + IGMP, message, sizeof(message) - 1);
	packet[19] = 22; // 224.0.0.22
	router_frame_repair(packet, len);
	return len;
}

static const char *parse(const uint8_t *packet, size_t len)
{
	return router_frame_parse(AF_INET, 1500, packet, len, NULL, NULL);
}

Test(frame, rejects, .description = "a report is rejected if and only if it breaks a rule")
{
	static const struct {
		unsigned at;
		const char *what;
	} spoils[] = {
		{1, "TOS"},
		{8, "TTL"},
		{9, "protocol"},
		{19, "destination"},
		{20, "Router Alert"},
		{IGMP, "type"},
		{IGMP + 1, "reserved"},
		{IGMP + 5, "flags"},
		{IGMP + 7, "number of records"},
		{IGMP + 8, "record type"},
		{IGMP + 9, "auxiliary data"},
		{IGMP + 11, "number of sources"},
	};
	uint8_t packet[FRAME_PACKET_MAX];
	size_t len = good_report(packet);

	cr_expect_null(parse(packet, len), "%s", parse(packet, len));
	packet[IGMP + 15] ^= 1;
	cr_expect_str_eq(parse(packet, len), "IGMP checksum");
	for (unsigned i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		len = good_report(packet);
		packet[spoils[i].at] ^= 0x20;
		router_frame_repair(packet, len);
		cr_expect_not_null(parse(packet, len), "%s", spoils[i].what);
	}
}
