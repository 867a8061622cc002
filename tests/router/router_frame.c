// SPDX-License-Identifier: BSD-3-Clause
#include "router_frame.h"

#include <assert.h>
#include <stdlib.h>

#define IP4_HEADER 24 // with Router Alert
#define IP6_HEADER 48 // with the hop-by-hop header of Router Alert

static const uint8_t router_alert[] = {0x94, 4, 0, 0};

static const struct sluice_addr all_hosts = {AF_INET, {224, 0, 0, 1}};
static const struct sluice_addr all_routers = {AF_INET, {224, 0, 0, 2}};
static const struct sluice_addr report_routers = {AF_INET, {224, 0, 0, 22}};
static const struct sluice_addr all_nodes6 = {AF_INET6, {0xff, 2, [15] = 1}};
static const struct sluice_addr all_routers6 = {AF_INET6, {0xff, 2, [15] = 2}};
static const struct sluice_addr report_routers6 = {AF_INET6, {0xff, 2, [15] = 22}};

static unsigned get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static unsigned sum(const uint8_t *p, size_t len, unsigned start)
{
	uint32_t total = start;

	for (size_t i = 0; i + 1 < len; i += 2)
		total += get16(p + i);
	if (len % 2)
		total += p[len - 1] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

// The sum of the IPv6 pseudo-header: addresses, length, next header.
static unsigned pseudo(const uint8_t *packet, size_t message_len)
{
	return sum(packet + 8, 32, message_len + 58);
}

const char *router_frame_type_name(enum frame_type type)
{
	static const char *const names[] = {
		[FRAME_IS_IN] = "IS_IN",
		[FRAME_IS_EX] = "IS_EX",
		[FRAME_TO_IN] = "TO_IN",
		[FRAME_TO_EX] = "TO_EX",
		[FRAME_ALLOW] = "ALLOW",
		[FRAME_BLOCK] = "BLOCK",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == FRAME_TYPES, "a name for each type");
	return names[type];
}

static struct sluice_addr address(int family, const uint8_t *bytes)
{
	struct sluice_addr addr = {.family = family};

	memcpy(addr.bytes, bytes, family == AF_INET ? 4 : 16);
	return addr;
}

void router_frame_record_source(
	const struct frame_record *record, unsigned i, struct sluice_addr *source)
{
	*source = address(
		record->group.family, record->sources + i * sluice_addr_len(&record->group));
}

// FRM-1 to FRM-5: checks the IP header of a packet from an IGMP host. *p and *len get the message.
static const char *check_ip4(const uint8_t **p, size_t *len)
{
	const uint8_t *ip = *p;

	if (*len < IP4_HEADER + 8 || ip[0] != 0x46)
		return "no IPv4 header with one option";
	if (get16(ip + 2) != *len)
		return "IP length is not the packet's";
	if (ip[1] != 0xc0 || ip[8] != 1 || ip[9] != 2)
		return "TOS, TTL or protocol";
	if (get16(ip + 6) & 0x3fff)
		return "a fragment";
	if (sum(ip, IP4_HEADER, 0) != 0xffff)
		return "IP header checksum";
	if (memcmp(ip + 20, router_alert, sizeof(router_alert)) != 0)
		return "no Router Alert";
	*p += IP4_HEADER;
	*len -= IP4_HEADER;
	return sum(*p, *len, 0) == 0xffff ? NULL : "IGMP checksum";
}

// FRM-6 to FRM-8 and MLD-12.
static const char *check_ip6(const uint8_t **p, size_t *len)
{
	const uint8_t *ip = *p;
	static const uint8_t unspecified[16];

	if (*len < IP6_HEADER + 24 - 16 || ip[0] >> 4 != 6)
		return "no IPv6 header";
	if (get16(ip + 4) + 40u != *len)
		return "IP length is not the packet's";
	if (ip[6] != 0 || ip[7] != 1)
		return "next header or hop limit";
	if ((ip[8] != 0xfe || (ip[9] & 0xc0) != 0x80) && memcmp(ip + 8, unspecified, 16) != 0)
		return "source is not link-local";
	if (ip[40] != 58 || ip[41] != 0)
		return "hop-by-hop header";
	// The alignment allows two positions for Router Alert, each with two bytes of padding.
	if (memcmp(ip + 42, "\5\2\0\0", 4) != 0 && memcmp(ip + 44, "\5\2\0\0", 4) != 0)
		return "no Router Alert";
	*p += IP6_HEADER;
	*len -= IP6_HEADER;
	return sum(*p, *len, pseudo(ip, *len)) == 0xffff ? NULL : "MLD checksum";
}

// Reads the records of a version 3 report: first to check them, then to pass them on.
static const char *records(int family, const uint8_t *message, size_t len,
	void (*fn)(void *arg, const struct frame_record *record), void *arg)
{
	unsigned addr_len = family == AF_INET ? 4 : 16;
	const uint8_t *p = message + 8, *end = message + len;

	if (message[1] || message[4] || message[5])
		return "reserved bits of a report";
	if (get16(message + 6) == 0)
		return "a report without records";
	for (unsigned i = 0; i < get16(message + 6); i++) {
		if ((size_t)(end - p) < 4 + addr_len)
			return "a record beyond the end";

		struct frame_record record = {
			.version = 3,
			.type = p[0],
			.n_sources = get16(p + 2),
			.group = address(family, p + 4),
			.sources = p + 4 + addr_len,
		};
		if (record.type < FRAME_IS_IN || record.type >= FRAME_TYPES)
			return "record type";
		if (p[1] != 0)
			return "auxiliary data";
		if (record.n_sources == 0 && record.type != FRAME_IS_EX &&
			record.type != FRAME_TO_EX && record.type != FRAME_TO_IN)
			return "an empty IS_IN, ALLOW or BLOCK";
		p = record.sources;
		if ((size_t)(end - p) < record.n_sources * addr_len)
			return "sources beyond the end";
		p += record.n_sources * addr_len;
		if (fn)
			fn(arg, &record);
	}
	return p == end ? NULL : "bytes after the last record";
}

const char *router_frame_parse(int family, unsigned mtu, const uint8_t *packet, size_t len,
	void (*fn)(void *arg, const struct frame_record *record), void *arg)
{
	bool ip4 = family == AF_INET;
	const uint8_t *message = packet;
	const char *error = len > mtu ? "longer than the MTU"
			    : ip4     ? check_ip4(&message, &len)
				      : check_ip6(&message, &len);
	if (error)
		return error;

	struct sluice_addr dst = address(family, packet + (ip4 ? 16 : 24));
	uint8_t type = message[0];

	if (type == (ip4 ? 0x22 : 143)) {
		if (!sluice_addr_equal(&dst, ip4 ? &report_routers : &report_routers6))
			return "destination of a report";
		error = records(family, message, len, NULL, NULL);
		return error ? error : records(family, message, len, fn, arg);
	}

	bool report = ip4 ? type == 0x12 || type == 0x16 : type == 131;
	if (!report && type != (ip4 ? 0x17 : 132))
		return "message type";
	if (len != (ip4 ? 8 : 24))
		return "length of an old message";
	if (message[1] || (!ip4 && (get16(message + 4) || get16(message + 6))))
		return "unused fields of an old message";

	struct frame_record record = {
		.version = type == 0x12 ? 1 : 2,
		.type = report ? FRAME_IS_EX : FRAME_TO_IN,
		.group = address(family, message + (ip4 ? 4 : 8)),
	};
	const struct sluice_addr *expected = report ? &record.group
					     : ip4  ? &all_routers
						    : &all_routers6;
	if (!sluice_addr_equal(&dst, expected))
		return "destination of an old message";
	if (fn)
		fn(arg, &record);
	return NULL;
}

// The largest code of `mantissa` bits and 3 exponent bits that does not exceed the value (FRM-22).
static unsigned code(uint32_t value, unsigned mantissa)
{
	if (value < 8u << mantissa)
		return value;
	for (unsigned exponent = 0; exponent < 8; exponent++) {
		uint32_t m = value >> (exponent + 3);

		if (m < 2u << mantissa)
			return 8u << mantissa | exponent << mantissa | (m & ((1u << mantissa) - 1));
	}
	return (16u << mantissa) - 1;
}

// Writes the IP header in front of the message.
static size_t finish(uint8_t *packet, size_t message_len, const struct sluice_addr *src,
	const struct sluice_addr *dst)
{
	bool ip4 = src->family == AF_INET;
	size_t len = (ip4 ? IP4_HEADER : IP6_HEADER) + message_len;

	assert(len <= FRAME_PACKET_MAX);
	memset(packet, 0, ip4 ? IP4_HEADER : IP6_HEADER);
	if (ip4) {
		packet[0] = 0x46;
		packet[1] = 0xc0;
		packet[8] = 1;
		packet[9] = 2;
		memcpy(packet + 12, src->bytes, 4);
		memcpy(packet + 16, dst->bytes, 4);
		memcpy(packet + 20, router_alert, sizeof(router_alert));
	} else {
		packet[0] = 0x60;
		packet[7] = 1;
		memcpy(packet + 8, src->bytes, 16);
		memcpy(packet + 24, dst->bytes, 16);
		memcpy(packet + 40, "\x3a\0\5\2\0\0\1\0", 8);
	}
	router_frame_repair(packet, len);
	return len;
}

void router_frame_repair(uint8_t *packet, size_t len)
{
	if (len >= 20 && packet[0] >> 4 == 4) {
		size_t header = (packet[0] & 15) * 4;

		put16(packet + 2, len);
		if (header < 20 || header > len)
			return;
		put16(packet + 10, 0);
		put16(packet + 10, ~sum(packet, header, 0));
		if (len < header + 4)
			return;
		put16(packet + header + 2, 0);
		put16(packet + header + 2, ~sum(packet + header, len - header, 0));
	} else if (len >= IP6_HEADER + 4 && packet[0] >> 4 == 6) {
		uint8_t *message = packet + IP6_HEADER;
		size_t message_len = len - IP6_HEADER;

		put16(packet + 4, len - 40);
		put16(message + 2, 0);
		put16(message + 2, ~sum(message, message_len, pseudo(packet, message_len)));
	}
}

size_t router_frame_write_query(uint8_t packet[FRAME_PACKET_MAX], const struct frame_query *query)
{
	bool ip4 = query->src.family == AF_INET;
	bool general = query->group.family == AF_UNSPEC;
	unsigned addr_len = ip4 ? 4 : 16;
	uint8_t *message = packet + (ip4 ? IP4_HEADER : IP6_HEADER);
	uint8_t *p = message + (ip4 ? 8 : 24);
	uint32_t tenths = query->max_response_ms / 100;

	memset(message, 0, 28);
	if (ip4) {
		message[0] = 0x11;
		if (query->version == 2)
			message[1] = tenths > 255 ? 255 : tenths;
		else if (query->version == 3)
			message[1] = code(tenths, 4);
		memcpy(message + 4, query->group.bytes, 4);
	} else {
		message[0] = 130;
		put16(message + 4, query->version == 2 ? query->max_response_ms
						       : code(query->max_response_ms, 12));
		memcpy(message + 8, query->group.bytes, 16);
	}
	if (query->version == 3) {
		p[0] = query->suppress << 3 | query->robustness;
		p[1] = code(query->interval_s, 4);
		put16(p + 2, query->n_sources);
		p += 4;
		for (unsigned i = 0; i < query->n_sources; i++, p += addr_len)
			memcpy(p, query->sources[i].bytes, addr_len);
	}
	return finish(packet, p - message, &query->src,
		!general ? &query->group
		: ip4    ? &all_hosts
			 : &all_nodes6);
}

size_t router_frame_write_report(uint8_t packet[FRAME_PACKET_MAX], unsigned version,
	const struct sluice_addr *src, const struct sluice_addr *group)
{
	bool ip4 = src->family == AF_INET;
	uint8_t *message = packet + (ip4 ? IP4_HEADER : IP6_HEADER);

	memset(message, 0, 24);
	message[0] = !ip4 ? 131 : version == 1 ? 0x12 : 0x16;
	memcpy(message + (ip4 ? 4 : 8), group->bytes, ip4 ? 4 : 16);
	return finish(packet, ip4 ? 8 : 24, src, group);
}
