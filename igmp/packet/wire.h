// SPDX-License-Identifier: BSD-3-Clause
// The encoding of IGMP and MLD: differences of the families, headers, checksums, float codes.
#ifndef IGMP_WIRE_H
#define IGMP_WIRE_H

#include <sluice/types.h>
#include <stddef.h>
#include <string.h>

enum {
	WIRE_IGMP_QUERY = 0x11,
	WIRE_IGMP_V1_REPORT = 0x12,
	WIRE_IGMP_V2_REPORT = 0x16,
	WIRE_IGMP_V2_LEAVE = 0x17,
	WIRE_IGMP_V3_REPORT = 0x22,
	WIRE_MLD_QUERY = 130,
	WIRE_MLD_V1_REPORT = 131,
	WIRE_MLD_V1_DONE = 132,
	WIRE_MLD_V2_REPORT = 143,
};

enum wire_record {
	WIRE_IS_IN = 1,
	WIRE_IS_EX,
	WIRE_TO_IN,
	WIRE_TO_EX,
	WIRE_ALLOW,
	WIRE_BLOCK,
};

#define WIRE_REPORT_HEADER 8 // header of an IGMPv3 or MLDv2 report, bytes

// The differences of the two families.
struct wire_family {
	int family;
	unsigned newest; // protocol version: IGMP 3, MLD 2
	unsigned addr_len;
	unsigned ip_len; // IP header with Router Alert, as sent
	unsigned record_len; // a group record without sources
	unsigned group_at; // offset of the group in queries and older messages
	unsigned older_len; // length of an older query, report or leave
	unsigned query_len; // length of a newest query without sources
	uint8_t report_type; // newest
	struct sluice_addr reports; // destination of newest reports
	struct sluice_addr nodes; // 224.0.0.1, ff02::1
	struct sluice_addr routers; // 224.0.0.2, ff02::2
};

const struct wire_family *wire_of(int family);

// Float codes: 8 bits (Max Resp Code, QQIC) and 16 bits (MLDv2 Maximum Response Code).
uint32_t wire_decode8(uint8_t code);
uint32_t wire_decode16(uint16_t code);
// A value without a code is rounded down to the next one that has a code (FRM-22).
uint8_t wire_encode8(uint32_t value);
uint16_t wire_encode16(uint32_t value);

// The one's complement sum of 16-bit words. Pass the result in again to continue it; every part but
// the last must have an even length.
uint32_t wire_sum(uint32_t sum, const uint8_t *bytes, size_t len);
// Returns zero if the summed bytes include a correct checksum.
uint16_t wire_fold(uint32_t sum);
// The sum of the pseudo-header of an ICMPv6 message; addresses have 16 bytes.
uint32_t wire_pseudo_sum(const uint8_t *src, const uint8_t *dst, size_t len);

// Completes a packet of `len` bytes whose message begins at wire->ip_len: IP header and checksums.
void wire_seal(const struct wire_family *wire, uint8_t *packet, size_t len,
	const struct sluice_addr *src, const struct sluice_addr *dst);

// Copies an address of the family. Two copies of a constant length are faster than a call.
static inline void wire_copy_address(
	const struct wire_family *wire, uint8_t *to, const uint8_t *from)
{
	if (wire->addr_len == 4)
		memcpy(to, from, 4);
	else
		memcpy(to, from, 16);
}

static inline uint16_t wire_get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline void wire_put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

#endif
