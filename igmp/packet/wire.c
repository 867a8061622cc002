// SPDX-License-Identifier: BSD-3-Clause
#include <netinet/in.h>

#include "wire.h"

static const struct wire_family igmp = {
	.family = AF_INET,
	.newest = 3,
	.addr_len = 4,
	.ip_len = 24,
	.record_len = 8,
	.group_at = 4,
	.older_len = 8,
	.query_len = 12,
	.report_type = WIRE_IGMP_V3_REPORT,
	.reports = {AF_INET, {224, 0, 0, 22}},
	.nodes = {AF_INET, {224, 0, 0, 1}},
	.routers = {AF_INET, {224, 0, 0, 2}},
};

static const struct wire_family mld = {
	.family = AF_INET6,
	.newest = 2,
	.addr_len = 16,
	.ip_len = 48,
	.record_len = 20,
	.group_at = 8,
	.older_len = 24,
	.query_len = 28,
	.report_type = WIRE_MLD_V2_REPORT,
	.reports = {AF_INET6, {0xff, 2, [15] = 0x16}},
	.nodes = {AF_INET6, {0xff, 2, [15] = 1}},
	.routers = {AF_INET6, {0xff, 2, [15] = 2}},
};

const struct wire_family *wire_of(int family)
{
	return family == AF_INET ? &igmp : &mld;
}

uint32_t wire_decode8(uint8_t code)
{
	return code < 128 ? code : ((code & 15u) | 16u) << ((code >> 4 & 7) + 3);
}

uint32_t wire_decode16(uint16_t code)
{
	return code < 32768 ? code : ((code & 0xfffu) | 0x1000u) << ((code >> 12 & 7) + 3);
}

// The code of the largest encodable value that is not above `value`, with this many mantissa bits
// and three exponent bits.
static uint32_t encode(uint32_t value, unsigned mantissa_bits)
{
	uint32_t linear = UINT32_C(8) << mantissa_bits; // smaller values are encoded as themselves
	uint32_t implicit = UINT32_C(1) << mantissa_bits;
	unsigned exponent = 0;

	if (value < linear)
		return value;
	while (exponent < 7 && value >> (exponent + 3) >= 2 * implicit)
		exponent++;
	if (value >> (exponent + 3) >= 2 * implicit)
		return 2 * linear - 1;
	return linear | exponent << mantissa_bits | (value >> (exponent + 3) & (implicit - 1));
}

uint8_t wire_encode8(uint32_t value)
{
	return encode(value, 4);
}

uint16_t wire_encode16(uint32_t value)
{
	return encode(value, 12);
}

uint32_t wire_sum(uint32_t sum, const uint8_t *bytes, size_t len)
{
	uint64_t wide = sum;

	// One's complement addition may use words of any width. The byte order matters only for a
	// final swap.
	for (; len >= 4; bytes += 4, len -= 4)
		wide += (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
	if (len >= 2) {
		wide += wire_get16(bytes);
		bytes += 2;
		len -= 2;
	}
	if (len == 1)
		wide += (uint32_t)bytes[0] << 8;
	wide = (wide >> 32) + (uint32_t)wide;
	wide = (wide >> 16) + (wide & 0xffff);
	return (wide >> 16) + (wide & 0xffff);
}

uint16_t wire_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return ~sum;
}

uint32_t wire_pseudo_sum(const uint8_t *src, const uint8_t *dst, size_t len)
{
	return wire_sum(wire_sum(len + IPPROTO_ICMPV6, src, 16), dst, 16);
}

static void seal_igmp(
	uint8_t *packet, size_t len, const struct sluice_addr *src, const struct sluice_addr *dst)
{
	static const uint8_t header[24] = {
		[0] = 0x46, // version 4, six words
		[1] = 0xc0, // precedence Internetwork Control (FRM-3)
		[6] = 0x40, // Don't Fragment
		[8] = 1, // TTL
		[9] = IPPROTO_IGMP,
		[20] = 0x94, // Router Alert
		[21] = 4,
	};
	uint8_t *message = packet + sizeof(header);

	memcpy(packet, header, sizeof(header));
	wire_put16(packet + 2, len);
	memcpy(packet + 12, src->bytes, 4);
	memcpy(packet + 16, dst->bytes, 4);
	wire_put16(packet + 10, wire_fold(wire_sum(0, packet, sizeof(header))));
	wire_put16(message + 2, 0);
	wire_put16(message + 2, wire_fold(wire_sum(0, message, len - sizeof(header))));
}

static void seal_mld(
	uint8_t *packet, size_t len, const struct sluice_addr *src, const struct sluice_addr *dst)
{
	static const uint8_t header[48] = {
		[0] = 0x60,
		[6] = IPPROTO_HOPOPTS,
		[7] = 1, // hop limit
		[40] = IPPROTO_ICMPV6,
		[42] = 5, // Router Alert, value 0: MLD
		[43] = 2,
		[46] = 1, // PadN
	};
	uint8_t *message = packet + sizeof(header);
	size_t message_len = len - sizeof(header);

	memcpy(packet, header, sizeof(header));
	wire_put16(packet + 4, len - 40);
	memcpy(packet + 8, src->bytes, 16);
	memcpy(packet + 24, dst->bytes, 16);
	wire_put16(message + 2, 0);
	wire_put16(message + 2,
		wire_fold(wire_sum(wire_pseudo_sum(src->bytes, dst->bytes, message_len), message,
			message_len)));
}

void wire_seal(const struct wire_family *wire, uint8_t *packet, size_t len,
	const struct sluice_addr *src, const struct sluice_addr *dst)
{
	if (wire->family == AF_INET)
		seal_igmp(packet, len, src, dst);
	else
		seal_mld(packet, len, src, dst);
}
