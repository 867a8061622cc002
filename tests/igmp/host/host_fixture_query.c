// SPDX-License-Identifier: BSD-3-Clause
// What the fixture sends to the host.
#include <netinet/in.h>

#include "host_fixture.h"

uint16_t fixture_checksum(uint32_t sum, const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

uint32_t fixture_pseudo_sum(const uint8_t *packet, unsigned len)
{
	uint32_t sum = len + IPPROTO_ICMPV6;

	for (unsigned i = 8; i < 40; i += 2)
		sum += (packet[i] << 8 | packet[i + 1]);
	return sum;
}

// The largest code whose float value is not above v (FRM-22).
static unsigned float_code(unsigned v, unsigned mantissa_bits)
{
	unsigned exp = 0;
	unsigned limit = 1u << (mantissa_bits + 4);

	if (v < limit / 2)
		return v;
	while (exp < 7 && v >> (exp + 3) >= 2u << mantissa_bits)
		exp++;
	if (v >> (exp + 3) >= 2u << mantissa_bits)
		return limit - 1;
	return limit / 2 | exp << mantissa_bits | ((v >> (exp + 3)) & ((1u << mantissa_bits) - 1));
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static struct host_fixture_packet start(
	const struct host_fixture *fixture, const char *src, const struct sluice_addr *dst)
{
	struct host_fixture_packet packet = {.len = 0};
	struct sluice_addr addr;
	uint8_t *b = packet.bytes;

	address_parse(src, &addr);
	if (fixture->family == AF_INET) {
		memcpy(b, "\x46\xc0\0\0\0\0\x40\0\x01\x02", 10);
		memcpy(b + 12, addr.bytes, 4);
		memcpy(b + 16, dst->bytes, 4);
		memcpy(b + 20, "\x94\x04\0\0", 4);
		packet.message = 24;
	} else {
		b[0] = 0x60;
		b[6] = IPPROTO_HOPOPTS;
		b[7] = 1;
		memcpy(b + 8, addr.bytes, 16);
		memcpy(b + 24, dst->bytes, 16);
		memcpy(b + 40, "\x3a\0\x05\x02\0\0\x01\0", 8);
		packet.message = 48;
	}
	return packet;
}

struct host_fixture_packet fixture_query_packet(const struct host_fixture *fixture,
	unsigned version, const char *group, const char *sources, unsigned response)
{
	bool igmp = fixture->family == AF_INET;
	unsigned addr_len = igmp ? 4 : 16;
	bool newest = version == (igmp ? 3 : 2);
	struct sluice_addr dst;
	struct host_fixture_packet packet;
	uint8_t *m;

	address_parse(igmp ? "224.0.0.1" : "ff02::1", &dst);
	if (group != NULL)
		dst = fixture_group(fixture, group);
	packet = start(fixture, igmp ? "192.0.2.254" : "fe80::99", &dst);
	m = packet.bytes + packet.message;
	m[0] = igmp ? 0x11 : 130;
	if (igmp && version == 3)
		m[1] = float_code(response / 100, 4);
	else if (igmp && version == 2)
		m[1] = response / 100;
	else if (!igmp)
		put16(m + 4, version == 2 ? float_code(response, 12) : response);
	if (group != NULL)
		memcpy(m + (igmp ? 4 : 8), dst.bytes, addr_len);
	packet.len = packet.message + (igmp ? 8 : 24);
	if (newest) {
		uint8_t *tail = packet.bytes + packet.len;

		tail[0] = 2;
		tail[1] = 125;
		packet.len += 4;
		for (; *sources != '\0'; sources++, packet.len += addr_len) {
			struct sluice_addr source = fixture_source(fixture, *sources);

			memcpy(packet.bytes + packet.len, source.bytes, addr_len);
			put16(tail + 2, tail[2] * 256 + tail[3] + 1);
		}
	}
	fixture_seal(fixture, &packet);
	return packet;
}

struct host_fixture_packet fixture_report_packet(
	const struct host_fixture *fixture, uint8_t type, const char *group)
{
	bool igmp = fixture->family == AF_INET;
	struct sluice_addr addr = fixture_group(fixture, group);
	struct host_fixture_packet packet = start(fixture, igmp ? "192.0.2.77" : "fe80::77", &addr);
	uint8_t *m = packet.bytes + packet.message;

	m[0] = type;
	memcpy(m + (igmp ? 4 : 8), addr.bytes, igmp ? 4 : 16);
	packet.len = packet.message + (igmp ? 8 : 24);
	fixture_seal(fixture, &packet);
	return packet;
}

void fixture_seal(const struct host_fixture *fixture, struct host_fixture_packet *packet)
{
	uint8_t *b = packet->bytes;
	uint8_t *m = b + packet->message;
	unsigned len = packet->len - packet->message;

	put16(m + 2, 0);
	if (fixture->family == AF_INET) {
		put16(b + 2, packet->len);
		put16(b + 10, 0);
		put16(b + 10, fixture_checksum(0, b, (b[0] & 0xf) * 4));
		put16(m + 2, fixture_checksum(0, m, len));
	} else {
		put16(b + 4, packet->len - 40);
		put16(m + 2, fixture_checksum(fixture_pseudo_sum(b, len), m, len));
	}
}

static void put_address(
	struct host_fixture_packet *packet, unsigned igmp_at, unsigned mld_at, const char *text)
{
	struct sluice_addr addr;

	cr_assert(address_parse(text, &addr));
	memcpy(packet->bytes + (addr.family == AF_INET ? igmp_at : mld_at), addr.bytes,
		sluice_addr_len(&addr));
}

void fixture_from(struct host_fixture_packet *packet, const char *text)
{
	put_address(packet, 12, 8, text);
}

void fixture_to(struct host_fixture_packet *packet, const char *text)
{
	put_address(packet, 16, 24, text);
}

void fixture_send(struct host_fixture *fixture, const struct host_fixture_packet *packet)
{
	host_input(fixture->host, packet->bytes, packet->len, fixture->now_ms);
}

void fixture_query(struct host_fixture *fixture, unsigned version, const char *group,
	const char *sources, unsigned response)
{
	struct host_fixture_packet packet =
		fixture_query_packet(fixture, version, group, sources, response);

	fixture_send(fixture, &packet);
}

void fixture_report(struct host_fixture *fixture, uint8_t type, const char *group)
{
	struct host_fixture_packet packet = fixture_report_packet(fixture, type, group);

	fixture_send(fixture, &packet);
}

void fixture_get_old(struct host_fixture *fixture)
{
	fixture_query(fixture, OLDER(fixture), NULL, "", 1000);
	cr_assert_eq(fixture_version(fixture), OLDER(fixture));
	fixture_run(fixture, 1000);
	fixture_take(fixture);
}
