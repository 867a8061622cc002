// SPDX-License-Identifier: BSD-3-Clause
// Reads one IGMP or MLD message from an IP packet. The parser reports facts. The host or the router
// decides how to process the message and which packets to drop.
//
// Map of igmp/packet:
// message.h		an IP packet to a struct message, and the records of a report
// message_build.h	reports, older messages and queries to packets
// wire.h		constants of the two families, checksums, float codes
// address.h		address text, address classes, Ethernet addresses of groups
#ifndef IGMP_MESSAGE_H
#define IGMP_MESSAGE_H

#include <stddef.h>
#include <sluice/types.h>

// Whether the packet is an IP packet and carries a message.
enum message_status {
	MESSAGE_OK = 0,
	MESSAGE_BAD_IP, // version, lengths, IPv4 header checksum, or another protocol
	MESSAGE_FRAGMENT,
	MESSAGE_SHORT, // shorter than the 8 bytes that every message has
};

enum message_kind {
	MESSAGE_UNKNOWN, // the type does not exist in this family
	MESSAGE_QUERY,
	MESSAGE_REPORT, // IGMPv1, IGMPv2 or MLDv1 report of one group
	MESSAGE_LEAVE, // IGMPv2 leave, MLDv1 done
	MESSAGE_RECORDS, // IGMPv3 or MLDv2 report
};

// Whether the message is as long as its type and its fields say.
enum message_format {
	MESSAGE_COMPLETE = 0,
	MESSAGE_BAD_LENGTH, // no message of this type has this length (IGMP-3, MLD-2)
	MESSAGE_TRUNCATED, // the number of sources exceeds the message
};

// The pointers point into the packet. All numbers are in host byte order.
struct message {
	struct sluice_addr src, dst;
	uint8_t hops; // TTL or hop limit
	bool router_alert; // IPv6: of value 0, which means MLD
	bool checksum_ok; // if false, the fields below are not reliable
	enum message_kind kind;
	enum message_format format; // the fields below are set only if it is MESSAGE_COMPLETE
	uint8_t type; // first byte of the message
	unsigned version; // protocol version: IGMP 1 to 3, MLD 1 to 2
	const uint8_t *bytes; // the message, including trailing bytes
	size_t len;
	struct sluice_addr group; // family 0 in MESSAGE_RECORDS

	// Queries. An IGMPv1 query has no group field and is general.
	bool general;
	uint32_t response_ms; // maximum response time, decoded
	bool suppress; // S flag; newest version only, like the next three fields
	uint8_t qrv;
	uint32_t interval_s; // QQIC decoded
	unsigned n_sources;
	const uint8_t *sources;

	unsigned n_records; // MESSAGE_RECORDS: from the header
};

// `family` is AF_INET or AF_INET6. Bytes after the IP packet are padding and are ignored. If the
// result is not MESSAGE_OK, only src, dst, hops and router_alert may be set.
enum message_status message_parse(
	struct message *message, int family, const uint8_t *packet, size_t len);

// One group record of an IGMPv3 or MLDv2 report. Its type may be unknown.
struct message_record {
	uint8_t type; // enum wire_record
	struct sluice_addr group;
	unsigned n_sources;
	const uint8_t *sources;
	const uint8_t *aux;
	unsigned aux_len; // bytes

	// For message_next_record().
	unsigned number; // counted from 1
	const uint8_t *end;
};

// Advances to the next record; a zeroed record is before the first. Returns 1 if there is one, 0 at
// the end, -EBADMSG if the message ends within the record.
int message_next_record(const struct message *message, struct message_record *record);

// Whether all records are complete. *trailing is the number of bytes after the last one.
bool message_check_records(const struct message *message, size_t *trailing);

// The i-th source of a query or record.
static inline struct sluice_addr message_source(
	const struct message *message, const uint8_t *sources, unsigned i)
{
	struct sluice_addr source = {.family = message->src.family};
	unsigned len = sluice_addr_len(&source);

	memcpy(source.bytes, sources + (size_t)i * len, len);
	return source;
}

#endif
