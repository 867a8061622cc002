// SPDX-License-Identifier: BSD-3-Clause
// The packets of the routers: builds queries, parses reports, and rejects every report that breaks
// a rule of sections FRM, IGMP and MLD. It deliberately shares no code with igmp/.
//
// Versions are numbered like those of IGMP in both families: 3 is IGMPv3 and MLDv2, 2 is IGMPv2
// and MLDv1, 1 is IGMPv1.
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
const char *router_frame_type_name(enum frame_type type);

// A report of version 1 or 2 becomes IS_EX{}, a leave or done becomes TO_IN{} (RTR-13).
struct frame_record {
	unsigned version;
	enum frame_type type;
	struct sluice_addr group;
	unsigned n_sources;
	const uint8_t *sources; // packed addresses of the group's family
};
void router_frame_record_source(
	const struct frame_record *record, unsigned i, struct sluice_addr *source);

// Parses an IP packet that a host sent and passes its records to fn in order, unless fn is NULL.
// Returns NULL, or the error in the packet; then fn was not called.
const char *router_frame_parse(int family, unsigned mtu, const uint8_t *packet, size_t len,
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

// Writes the IP packet of a query, or of another host's report of version 1 or 2. Returns its
// length.
size_t router_frame_write_query(uint8_t packet[FRAME_PACKET_MAX], const struct frame_query *query);
size_t router_frame_write_report(uint8_t packet[FRAME_PACKET_MAX], unsigned version,
	const struct sluice_addr *src, const struct sluice_addr *group);

// Fills in the lengths and checksums of a packet with any content, as far as it has them.
void router_frame_repair(uint8_t *packet, size_t len);

#endif
