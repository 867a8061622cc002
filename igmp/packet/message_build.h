// SPDX-License-Identifier: BSD-3-Clause
// Builds IGMP and MLD messages in a buffer, and completes them into IP packets.
#ifndef IGMP_MESSAGE_BUILD_H
#define IGMP_MESSAGE_BUILD_H

#include <string.h>

#include "message.h"
#include "wire.h"

// A packet under construction. The IP packet starts at `bytes`, the message at wire->ip_len.
struct message_build {
	const struct wire_family *wire;
	uint8_t *bytes;
	unsigned size; // largest packet, bytes
	unsigned len; // bytes so far
	unsigned record_at; // offset of the record under construction
	unsigned n_records;
	unsigned n_sources; // of that record
};

// Allocates a packet of `size` bytes, counted in `held`, and frees the previous one. Returns false
// and changes nothing if out of memory.
bool message_build_open(
	struct message_build *build, const struct wire_family *wire, unsigned size, size_t *held);
void message_build_close(struct message_build *build, size_t *held);

// Free bytes in the packet.
static inline unsigned message_build_room(const struct message_build *build)
{
	return build->size - build->len;
}

// ---- IGMPv3 and MLDv2 reports ----

void message_build_report(struct message_build *build); // without records
// Each of these adds to the report. They return false and change nothing if there is no room.
//
// They are inline, and know both lengths of an address, because a report has hundreds of records:
// the calls took a tenth of the time of a response.
static inline bool message_build_record(
	struct message_build *build, enum wire_record type, const uint8_t *group)
{
	const struct wire_family *wire = build->wire;
	unsigned len = build->len;
	uint8_t *record = build->bytes + len;

	if (build->size - len < wire->record_len)
		return false;
	build->record_at = len;
	build->len = len + wire->record_len;
	build->n_sources = 0;
	build->n_records++;
	wire_copy_address(wire, record + 4, group);
	memset(record, 0, 4);
	record[0] = type;
	return true;
}

static inline bool message_build_source(struct message_build *build, const uint8_t *addr)
{
	const struct wire_family *wire = build->wire;
	unsigned len = build->len;

	if (build->size - len < wire->addr_len)
		return false;
	build->len = len + wire->addr_len;
	build->n_sources++;
	wire_copy_address(wire, build->bytes + len, addr);
	wire_put16(build->bytes + build->record_at + 2, build->n_sources);
	return true;
}

static inline void message_build_undo_record(struct message_build *build)
{
	build->len = build->record_at;
	build->n_records--;
}

// Completes the report with its header, the IP header and the checksums.
void message_build_seal_report(struct message_build *build, const struct sluice_addr *src);

// ---- Messages that name one group ----

// An older report, leave or done; `type` is its first byte.
void message_build_older(struct message_build *build, uint8_t type, const uint8_t *group);
// Builds a query from version, group, response_ms, suppress, qrv, interval_s, n_sources and sources
// of `query`. Times without a code are rounded down (FRM-22). -EMSGSIZE if it does not fit.
int message_build_query(struct message_build *build, const struct message *query);

// Completes the packet with the IP header and the checksums.
static inline void message_build_seal(
	struct message_build *build, const struct sluice_addr *src, const struct sluice_addr *dst)
{
	wire_seal(build->wire, build->bytes, build->len, src, dst);
}

#endif
