// SPDX-License-Identifier: BSD-3-Clause
// Packets as the other end of the wire sees them: builds queries, reads reports and rejects every
// report that breaks a rule of sections FRM, IGMP and MLD. Deliberately shares nothing with igmp/.
//
// A version counts the way of IGMP for both families: 3 is IGMPv3 and MLDv2, 2 is IGMPv2 and
// MLDv1, 1 is IGMPv1.
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <sluice/types.h>

#define FRAME_PACKET_MAX 1500

enum frame_type {
	FRAME_IS_IN = 1,
	FRAME_IS_EX,
	FRAME_TO_IN,
	FRAME_TO_EX,
	FRAME_ALLOW,
	FRAME_BLOCK,
	FRAME_TYPES,
};
const char *frame_type_name(enum frame_type type);

// A report of version 1 or 2 reads as IS_EX{}, a leave or done as TO_IN{} (RTR-13).
struct frame_record {
	unsigned version;
	enum frame_type type;
	struct sluice_addr group;
	unsigned n_sources;
	const uint8_t *sources; // packed addresses of the group's family
};
void frame_record_source(const struct frame_record *record, unsigned i, struct sluice_addr *source);

// Reads one IP packet a host sent and hands its records to fn, unless that is NULL, in order.
// Returns NULL, or what is wrong with the packet; nothing was handed out then.
const char *frame_parse(int family, unsigned mtu, const uint8_t *packet, size_t len,
	void (*fn)(void *arg, const struct frame_record *record), void *arg);

struct frame_query {
	unsigned version;
	struct sluice_addr src;
	struct sluice_addr group; // unspecified: a general query
	const struct sluice_addr *sources;
	unsigned n_sources;
	uint32_t max_response_ms;
	uint32_t interval_s;
	unsigned robustness;
	bool suppress; // the S bit
};

// Writes the IP packet of a query, or of a foreign report of version 1 or 2; returns its length.
size_t frame_write_query(uint8_t packet[FRAME_PACKET_MAX], const struct frame_query *query);
size_t frame_write_report(uint8_t packet[FRAME_PACKET_MAX], unsigned version,
	const struct sluice_addr *src, const struct sluice_addr *group);

// Fills in the lengths and checksums of a packet whatever else it holds, as far as it has them.
void frame_repair(uint8_t *packet, size_t len);

#endif
