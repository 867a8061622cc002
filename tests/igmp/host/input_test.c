// SPDX-License-Identifier: BSD-3-Clause
// How a host handles received messages: sections VAL, IGMP, MLD and SEC.
#include <netinet/in.h>

#include "host_fixture.h"

// All steps have one signature; few of them need all parameters.
#pragma GCC diagnostic ignored "-Wunused-parameter"

// Each of these changes the message of a query. With `seal` checksums and lengths are corrected
// afterwards.
typedef void spoil_call(struct host_fixture_packet *packet, uint8_t *message);

struct bad {
	const char *what;
	unsigned version;
	const char *group; // of the query; NULL: a general query
	const char *sources;
	spoil_call *spoil;
	bool seal;
	enum host_drop drop; // HOST_DROP_NONE: the query is answered
};

// Bytes of the packet.
#define PUT(name, at, text)                                                                        \
	static void name(struct host_fixture_packet *packet, uint8_t *message)                     \
	{                                                                                          \
		memcpy(packet->bytes + at, text, sizeof(text) - 1);                                \
	}
PUT(ip_header_short, 0, "\x44")
PUT(fragment, 6, "\x20")
PUT(fragment_tail, 7, "\1")
PUT(ttl, 8, "\x40")
PUT(ttl_0, 8, "\0")
PUT(other_protocol, 9, "\x11")
PUT(no_alert, 20, "\1\1\1\1")
PUT(short_alert, 21, "\2")
PUT(broken_option, 20, "\7\x28")

static void bad_checksum(struct host_fixture_packet *packet, uint8_t *message)
{
	message[2] ^= 1;
}

static void seal_ip(struct host_fixture_packet *packet)
{
	uint16_t sum;

	packet->bytes[10] = packet->bytes[11] = 0;
	sum = fixture_checksum(0, packet->bytes, 24);
	packet->bytes[10] = sum >> 8;
	packet->bytes[11] = sum;
}

static void unsummed_tail(struct host_fixture_packet *packet, uint8_t *message)
{
	memset(packet->bytes + packet->len, 0x5a, 6);
	packet->len += 6;
	packet->bytes[3] = packet->len;
	seal_ip(packet);
}

static void unsummed_tail6(struct host_fixture_packet *packet, uint8_t *message)
{
	memset(packet->bytes + packet->len, 0x5a, 6);
	packet->len += 6;
	packet->bytes[5] += 6;
}

static void tail(struct host_fixture_packet *packet, uint8_t *message)
{
	memset(packet->bytes + packet->len, 0x5a, 6);
	packet->len += 6;
}

#define CUT(name, n)                                                                               \
	static void name(struct host_fixture_packet *packet, uint8_t *message)                     \
	{                                                                                          \
		packet->len -= n;                                                                  \
	}
CUT(cut_1, 1)
CUT(cut_2, 2)
CUT(cut_3, 3)
CUT(cut_4, 4)

static void ip_checksum(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[10] ^= 1;
}

static void ip_version(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[0] ^= 0x20;
}

static void ip_too_long(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[3]++;
	seal_ip(packet);
}

static void ip6_too_long(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[5]++;
}

static void ip_shorter_than_header(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[3] = 20;
	seal_ip(packet);
}

static void no_options(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[0] = 0x45;
	memmove(packet->bytes + 20, packet->bytes + 24, packet->len - 24);
	packet->len -= 4;
	packet->message = 20;
}

static void late_alert(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[0] = 0x47;
	memmove(packet->bytes + 24, packet->bytes + 20, packet->len - 20);
	memcpy(packet->bytes + 20, "\x01\x07\x03\x04", 4); // a no-op and an empty record route
	packet->len += 4;
	packet->message = 28;
}

#define SOURCE(name, text)                                                                         \
	static void name(struct host_fixture_packet *packet, uint8_t *message)                     \
	{                                                                                          \
		fixture_from(packet, text);                                                        \
	}
#define DESTINATION(name, text)                                                                    \
	static void name(struct host_fixture_packet *packet, uint8_t *message)                     \
	{                                                                                          \
		fixture_to(packet, text);                                                          \
	}
SOURCE(from_zero, "0.0.0.0")
SOURCE(from_own, "192.0.2.1")
SOURCE(from_loopback, "127.0.0.1")
SOURCE(from_multicast, "239.1.0.1")
SOURCE(from_broadcast, "255.255.255.255")
SOURCE(from_elsewhere, "198.51.100.1")
SOURCE(from_global, "2001:db8::99")
SOURCE(from_unspecified, "::")
SOURCE(from_last_link_local, "febf::99")
SOURCE(from_past_link_local, "fec0::99")
SOURCE(from_own6, "fe80::1")
SOURCE(from_first_unicast, "1.0.0.1")
SOURCE(from_below_loopback, "126.255.255.255")
SOURCE(from_above_loopback, "128.0.0.1")
SOURCE(from_last_unicast, "223.255.255.255")
DESTINATION(to_own, "192.0.2.1")
DESTINATION(to_other, "192.0.2.2")
DESTINATION(to_all, "224.0.0.1")
DESTINATION(to_routers, "224.0.0.2")
DESTINATION(to_joined, "239.1.0.1")
DESTINATION(to_unjoined, "239.1.0.9")
DESTINATION(to_own6, "fe80::1")
DESTINATION(to_other6, "fe80::2")
DESTINATION(to_all6, "ff02::1")
DESTINATION(to_joined6, "ff1e::1")
DESTINATION(to_unjoined6, "ff1e::9")

static void no_group(struct host_fixture_packet *packet, uint8_t *message)
{
	memset(message + 4, 0, 4);
}

static void no_group6(struct host_fixture_packet *packet, uint8_t *message)
{
	memset(message + 8, 0, 16);
}

static void unicast_group(struct host_fixture_packet *packet, uint8_t *message)
{
	message[4] = 10;
}

static void unicast_group6(struct host_fixture_packet *packet, uint8_t *message)
{
	message[8] = 0x20;
}

static void too_many(struct host_fixture_packet *packet, uint8_t *message)
{
	message[11]++;
}

static void far_too_many(struct host_fixture_packet *packet, uint8_t *message)
{
	message[10] = 0xff;
}

static void too_many6(struct host_fixture_packet *packet, uint8_t *message)
{
	message[27]++;
}

static void flags(struct host_fixture_packet *packet, uint8_t *message)
{
	message[8] |= 0xf8;
}

static void flags6(struct host_fixture_packet *packet, uint8_t *message)
{
	message[1] = 5;
	message[6] = 0xff;
	message[24] |= 0xf8;
}

static void code_and_reserved(struct host_fixture_packet *packet, uint8_t *message)
{
	message[1] = 5;
	message[6] = message[7] = 0xff;
}

#define TYPE(name, type)                                                                           \
	static void name(struct host_fixture_packet *packet, uint8_t *message)                     \
	{                                                                                          \
		message[0] = type;                                                                 \
	}
TYPE(unknown_13, 0x13)
TYPE(unknown_14, 0x14)
TYPE(unknown_30, 0x30)
TYPE(unknown_ff, 0xff)
TYPE(igmp_query, 0x11)
TYPE(mld_query, 130)

PUT(hop_limit_0, 7, "\0")
PUT(hop_limit_2, 7, "\2")
PUT(hop_limit_255, 7, "\xff")
PUT(other_alert, 45, "\1")
PUT(alert_256, 44, "\1")
PUT(long_alert, 42, "\5\4\0\0\0\0")
PUT(pad_only, 42, "\1\4\0\0\0\0")
PUT(pad1_first, 42, "\0\0\5\2\0\0")
PUT(pad1_last, 46, "\0\0")
PUT(endless_hop_by_hop, 41, "\xff")

// After an unknown option.
static void late_alert6(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[41] = 1;
	memmove(message + 8, message, packet->len - 48);
	memcpy(packet->bytes + 42, "\x1e\4\xff\xff\xff\xff\5\2\0\0\1\2\0\0", 14);
	packet->len += 8;
	packet->message += 8;
}

// Destination options of 16 bytes in front of the message.
static void more_headers(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[40] = IPPROTO_DSTOPTS;
	memmove(message + 16, message, packet->len - 48);
	memset(message, 0, 16);
	memcpy(message, "\x3a\1\1\x0c", 4);
	packet->len += 16;
	packet->message += 16;
}

static void no_hop_by_hop(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[6] = IPPROTO_ICMPV6;
	memmove(packet->bytes + 40, packet->bytes + 48, packet->len - 48);
	packet->len -= 8;
	packet->message = 40;
}

static void fragment6(struct host_fixture_packet *packet, uint8_t *message)
{
	packet->bytes[40] = IPPROTO_FRAGMENT;
}

static void late_hop_by_hop(struct host_fixture_packet *packet, uint8_t *message)
{
	memmove(packet->bytes + 48, packet->bytes + 40, packet->len - 40);
	packet->bytes[6] = IPPROTO_DSTOPTS;
	memcpy(packet->bytes + 40, "\0\0\x01\x04\0\0\0\0", 8);
	packet->len += 8;
	packet->message = 56;
}

static const struct bad igmp_rows[] = {
	{"good", 3, NULL, "", NULL, true, HOST_DROP_NONE},
	{"VAL-1", 3, NULL, "", bad_checksum, false, HOST_RX_BAD_CHECKSUM},
	{"VAL-1 v2", 2, NULL, "", bad_checksum, false, HOST_RX_BAD_CHECKSUM},
	{"VAL-2 checksum", 3, NULL, "", ip_checksum, false, HOST_RX_BAD_IP},
	{"VAL-2 version", 3, NULL, "", ip_version, true, HOST_RX_BAD_IP},
	{"VAL-2 header length", 3, NULL, "", ip_header_short, true, HOST_RX_BAD_IP},
	{"VAL-2 length", 3, NULL, "", ip_too_long, false, HOST_RX_BAD_IP},
	{"VAL-2 shorter than its header", 3, NULL, "", ip_shorter_than_header, false,
		HOST_RX_BAD_IP},
	{"VAL-2 protocol", 3, NULL, "", other_protocol, true, HOST_RX_BAD_IP},
	{"VAL-3 11", 3, NULL, "", cut_1, true, HOST_RX_BAD_LENGTH},
	{"VAL-3 10", 3, NULL, "", cut_2, true, HOST_RX_BAD_LENGTH},
	{"VAL-3 9", 3, NULL, "", cut_3, true, HOST_RX_BAD_LENGTH},
	{"VAL-3 7", 2, NULL, "", cut_1, true, HOST_RX_BAD_LENGTH},
	{"VAL-3 4", 2, NULL, "", cut_4, true, HOST_RX_BAD_LENGTH},
	{"VAL-5", 3, NULL, "", ttl, true, HOST_DROP_NONE},
	{"VAL-6 v3", 3, NULL, "", no_alert, true, HOST_DROP_NONE},
	{"VAL-6 no options", 3, NULL, "", no_options, true, HOST_DROP_NONE},
	{"VAL-6 broken option", 3, NULL, "", broken_option, true, HOST_DROP_NONE},
	{"VAL-7 224.0.0.2", 3, NULL, "", to_routers, true, HOST_RX_BAD_DESTINATION},
	{"VAL-7 joined group", 3, NULL, "", to_joined, true, HOST_RX_BAD_DESTINATION},
	{"VAL-7 v2", 2, NULL, "", to_joined, true, HOST_RX_BAD_DESTINATION},
	{"VAL-7 v1", 1, NULL, "", to_joined, true, HOST_RX_BAD_DESTINATION},
	{"IGMP-11 unicast", 3, NULL, "", to_own, true, HOST_DROP_NONE},
	{"VAL-10", 3, "1", "a", no_group, true, HOST_RX_BAD_GROUP},
	{"VAL-11", 3, "1", "", unicast_group, true, HOST_RX_BAD_GROUP},
	{"VAL-11 v2", 2, "1", "", unicast_group, true, HOST_RX_BAD_GROUP},
	{"VAL-12", 3, "1", "a", too_many, true, HOST_RX_TRUNCATED},
	{"VAL-12 far", 3, "1", "", far_too_many, true, HOST_RX_TRUNCATED},
	{"VAL-13 IGMP-5", 3, NULL, "", tail, true, HOST_DROP_NONE},
	{"IGMP-5 unsummed", 3, NULL, "", unsummed_tail, false, HOST_RX_BAD_CHECKSUM},
	{"VAL-14 IGMP-6", 3, NULL, "", flags, true, HOST_DROP_NONE},
	{"VAL-15 unjoined", 3, "1", "", to_unjoined, true, HOST_RX_BAD_DESTINATION},
	{"VAL-15 other host", 3, NULL, "", to_other, true, HOST_RX_BAD_DESTINATION},
	{"VAL-16", 3, "1", "", to_all, true, HOST_DROP_NONE},
	{"VAL-16 unicast", 3, "1", "", to_own, true, HOST_DROP_NONE},
	{"VAL-17", 3, NULL, "", from_zero, true, HOST_DROP_NONE},
	{"VAL-18", 3, NULL, "", from_elsewhere, true, HOST_DROP_NONE},
	{"VAL-19 own", 3, NULL, "", from_own, true, HOST_RX_BAD_SOURCE},
	{"VAL-19 loopback", 3, NULL, "", from_loopback, true, HOST_RX_BAD_SOURCE},
	{"VAL-19 multicast", 3, NULL, "", from_multicast, true, HOST_RX_BAD_SOURCE},
	{"VAL-19 broadcast", 3, NULL, "", from_broadcast, true, HOST_RX_BAD_SOURCE},
	{"IGMP-17 1/8", 3, NULL, "", from_first_unicast, true, HOST_DROP_NONE},
	{"IGMP-17 126/8", 3, NULL, "", from_below_loopback, true, HOST_DROP_NONE},
	{"IGMP-17 128/8", 3, NULL, "", from_above_loopback, true, HOST_DROP_NONE},
	{"IGMP-17 223/8", 3, NULL, "", from_last_unicast, true, HOST_DROP_NONE},
	{"VAL-21", 3, NULL, "", fragment, true, HOST_RX_FRAGMENT},
	{"VAL-21 tail", 3, NULL, "", fragment_tail, true, HOST_RX_FRAGMENT},
	{"IGMP-2 13", 3, NULL, "", unknown_13, true, HOST_RX_UNKNOWN_TYPE},
	{"IGMP-2 14", 3, NULL, "", unknown_14, true, HOST_RX_UNKNOWN_TYPE},
	{"IGMP-2 30", 3, NULL, "", unknown_30, true, HOST_RX_UNKNOWN_TYPE},
	{"IGMP-2 ff", 3, NULL, "", unknown_ff, true, HOST_RX_UNKNOWN_TYPE},
	{"IGMP-2 MLD", 3, NULL, "", mld_query, true, HOST_RX_UNKNOWN_TYPE},
};

static const struct bad mld_rows[] = {
	{"good", 2, NULL, "", NULL, true, HOST_DROP_NONE},
	{"VAL-1", 2, NULL, "", bad_checksum, false, HOST_RX_BAD_CHECKSUM},
	{"VAL-2 version", 2, NULL, "", ip_version, false, HOST_RX_BAD_IP},
	{"VAL-2 length", 2, NULL, "", ip6_too_long, false, HOST_RX_BAD_IP},
	{"VAL-4 MLD-2 27", 2, NULL, "", cut_1, true, HOST_RX_BAD_LENGTH},
	{"VAL-4 MLD-2 26", 2, NULL, "", cut_2, true, HOST_RX_BAD_LENGTH},
	{"VAL-4 MLD-2 25", 2, NULL, "", cut_3, true, HOST_RX_BAD_LENGTH},
	{"VAL-4 MLD-2 20", 1, NULL, "", cut_4, true, HOST_RX_BAD_LENGTH},
	{"MLD-2 behind options", 2, NULL, "", more_headers, true, HOST_DROP_NONE},
	{"VAL-8 MLD-3 hop limit 0", 2, NULL, "", hop_limit_0, true, HOST_RX_BAD_TTL},
	{"VAL-8 MLD-3 hop limit 2", 2, NULL, "", hop_limit_2, true, HOST_RX_BAD_TTL},
	{"VAL-8 MLD-3 hop limit 255", 2, NULL, "", hop_limit_255, true, HOST_RX_BAD_TTL},
	{"VAL-8 MLD-3 no header", 2, NULL, "", no_hop_by_hop, true, HOST_RX_NO_ROUTER_ALERT},
	{"VAL-8 MLD-3 no alert", 2, NULL, "", pad_only, true, HOST_RX_NO_ROUTER_ALERT},
	{"MLD-3 another alert", 2, NULL, "", other_alert, true, HOST_RX_NO_ROUTER_ALERT},
	{"MLD-3 alert 256", 2, NULL, "", alert_256, true, HOST_RX_NO_ROUTER_ALERT},
	{"MLD-3 long alert", 2, NULL, "", long_alert, true, HOST_RX_NO_ROUTER_ALERT},
	{"FRM-7 Pad1 last", 2, NULL, "", pad1_last, true, HOST_DROP_NONE},
	{"FRM-7 Pad1 first", 2, NULL, "", pad1_first, true, HOST_DROP_NONE},
	{"FRM-7 late alert", 2, NULL, "", late_alert6, true, HOST_DROP_NONE},
	{"VAL-8 MLD-4 global", 2, NULL, "", from_global, true, HOST_RX_BAD_SOURCE},
	{"VAL-8 MLD-4 ::", 2, NULL, "", from_unspecified, true, HOST_RX_BAD_SOURCE},
	{"VAL-8 febf::99", 2, NULL, "", from_last_link_local, true, HOST_DROP_NONE},
	{"VAL-8 fec0::99", 2, NULL, "", from_past_link_local, true, HOST_RX_BAD_SOURCE},
	{"VAL-19 own", 2, NULL, "", from_own6, true, HOST_RX_BAD_SOURCE},
	{"VAL-9 MLD-9 unicast", 2, NULL, "", to_own6, true, HOST_DROP_NONE},
	{"VAL-9 joined group", 2, NULL, "", to_joined6, true, HOST_DROP_NONE},
	{"VAL-15 unjoined", 2, NULL, "", to_unjoined6, true, HOST_RX_BAD_DESTINATION},
	{"VAL-15 other host", 2, NULL, "", to_other6, true, HOST_RX_BAD_DESTINATION},
	{"VAL-16", 2, "1", "", to_all6, true, HOST_DROP_NONE},
	{"VAL-16 unicast", 2, "1", "", to_own6, true, HOST_DROP_NONE},
	{"VAL-10", 2, "1", "a", no_group6, true, HOST_RX_BAD_GROUP},
	{"VAL-11", 2, "1", "", unicast_group6, true, HOST_RX_BAD_GROUP},
	{"VAL-11 v1", 1, "1", "", unicast_group6, true, HOST_RX_BAD_GROUP},
	{"VAL-12", 2, "1", "a", too_many6, true, HOST_RX_TRUNCATED},
	{"VAL-13 MLD-6", 2, NULL, "", tail, true, HOST_DROP_NONE},
	{"MLD-6 unsummed", 2, NULL, "", unsummed_tail6, false, HOST_RX_BAD_CHECKSUM},
	{"VAL-14 MLD-5", 2, NULL, "", flags6, true, HOST_DROP_NONE},
	{"MLD-5 v1", 1, "1", "", code_and_reserved, true, HOST_DROP_NONE},
	{"VAL-21", 2, NULL, "", fragment6, true, HOST_RX_FRAGMENT},
	{"MLD-3 header not the first", 2, NULL, "", late_hop_by_hop, true, HOST_RX_BAD_IP},
	{"SEC-5", 2, NULL, "", endless_hop_by_hop, true, HOST_RX_BAD_IP},
	{"MLD-1", 2, NULL, "", unknown_ff, true, HOST_RX_UNKNOWN_TYPE},
	{"MLD-1 IGMP", 2, NULL, "", igmp_query, true, HOST_RX_UNKNOWN_TYPE},
};

static uint64_t count_of(const struct host *host, enum host_drop drop)
{
	return drop ? host_drop_count(host, drop) : host_counters(host)->rx_queries;
}

static void try_row(struct host_fixture *fixture, const struct bad *row)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, row->version, row->group, row->sources, 1000);
	uint64_t before = count_of(fixture->host, row->drop);
	struct host_status status, earlier;

	if (row->spoil != NULL)
		row->spoil(&packet, packet.bytes + packet.message);
	if (row->seal)
		fixture_seal(fixture, &packet);
	host_status(fixture->host, &earlier);
	fixture_send(fixture, &packet);
	fixture_run(fixture, 1050);
	cr_expect_eq(count_of(fixture->host, row->drop), before + 1, "%s", row->what);
	cr_expect_str_eq(fixture_take(fixture), row->drop == HOST_DROP_NONE ? "IS_EX(1:)" : "",
		"%s", row->what);
	host_status(fixture->host, &status);
	cr_expect_eq(status.version, NEWEST(fixture), "%s", row->what);
	if (row->drop != HOST_DROP_NONE)
		cr_expect_eq(status.querier_heard_ms, earlier.querier_heard_ms, "%s", row->what);
}

// A verdict on the IP packet is the same for queries of all versions.
static bool is_of_packet(const struct host_fixture *fixture, const struct bad *row)
{
	switch (row->drop) {
	case HOST_RX_BAD_IP:
	case HOST_RX_FRAGMENT:
	case HOST_RX_BAD_CHECKSUM:
	case HOST_RX_BAD_TTL:
	case HOST_RX_BAD_SOURCE:
	case HOST_RX_BAD_DESTINATION:
		return row->group == NULL;
	case HOST_RX_NO_ROUTER_ALERT:
		return fixture->family == AF_INET6; // IGMPv1 has none
	default:
		return false;
	}
}

static void try_rows(struct host_fixture *fixture, const struct bad *rows, unsigned n)
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	for (unsigned i = 0; i < n; i++) {
		struct bad row = rows[i];

		try_row(fixture, &row);
		if (!is_of_packet(fixture, &row))
			continue;
		for (row.version = 1; row.version < NEWEST(fixture); row.version++)
			try_row(fixture, &row);
	}
}

ONE(AF_INET, input, igmp,
	"VAL-1 VAL-2 VAL-3 VAL-5 VAL-6 VAL-7 VAL-10 VAL-11 VAL-12 VAL-13 VAL-14 VAL-15 VAL-16 "
	"VAL-17 VAL-18 VAL-19 VAL-21 IGMP-2 IGMP-3 IGMP-4 IGMP-5 IGMP-6 IGMP-11 IGMP-17 FRM-5 "
	"SEC-1: a verdict each")
{
	try_rows(fixture, igmp_rows, sizeof(igmp_rows) / sizeof(igmp_rows[0]));
	cr_assert_eq(host_drop_count(fixture->host, HOST_RX_LENIENT_ROUTER_ALERT), 3);
}

ONE(AF_INET6, input, mld,
	"VAL-1 VAL-2 VAL-4 VAL-8 VAL-9 VAL-10 VAL-11 VAL-12 VAL-13 VAL-14 VAL-15 VAL-16 VAL-19 "
	"VAL-21 MLD-1 MLD-2 MLD-3 MLD-4 MLD-5 MLD-6 MLD-9 FRM-7 FRM-8 SEC-2: a verdict each")
{
	try_rows(fixture, mld_rows, sizeof(mld_rows) / sizeof(mld_rows[0]));
	cr_assert_gt(fixture->n_logged, 0);
}

static void strict(struct host_config *config)
{
	config->require_router_alert = true;
	config->strict_ttl = true;
	config->ignore_off_subnet = true;
}

ONE_TUNED(AF_INET, input, strict, strict, "VAL-5 VAL-6 VAL-18 DEC-2 SEC-1: the strict knobs")
{
	static const struct bad rows[] = {
		{"good", 3, NULL, "", NULL, true, HOST_DROP_NONE},
		{"VAL-5", 3, NULL, "", ttl, true, HOST_RX_BAD_TTL},
		{"VAL-5 0", 3, NULL, "", ttl_0, true, HOST_RX_BAD_TTL},
		{"VAL-6", 3, NULL, "", no_alert, true, HOST_RX_NO_ROUTER_ALERT},
		{"VAL-6 not the first option", 3, NULL, "", late_alert, true, HOST_DROP_NONE},
		{"VAL-6 half an alert", 3, NULL, "", short_alert, true, HOST_RX_NO_ROUTER_ALERT},
		{"VAL-6 v2", 2, NULL, "", no_options, true, HOST_RX_NO_ROUTER_ALERT},
		{"VAL-17", 3, NULL, "", from_zero, true, HOST_DROP_NONE},
		{"VAL-18", 3, NULL, "", from_elsewhere, true, HOST_RX_BAD_SOURCE},
	};
	struct host_fixture_packet packet;
	struct host_status status;

	try_rows(fixture, rows, sizeof(rows) / sizeof(rows[0]));
	// IGMPv1 has no Router Alert.
	packet = fixture_query_packet(fixture, 1, NULL, "", 0);
	no_options(&packet, NULL);
	fixture_seal(fixture, &packet);
	fixture_send(fixture, &packet);
	host_status(fixture->host, &status);
	cr_assert_eq(status.version, 1);
}
