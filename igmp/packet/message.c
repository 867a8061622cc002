// SPDX-License-Identifier: BSD-3-Clause
// No byte is read before the length that covers it has been checked.
#include <errno.h>
#include <netinet/in.h>

#include "address.h"
#include "message.h"
#include "wire.h"

#define V1_RESPONSE_MS 10000 // an IGMPv1 query has no response time (RFC 2236 section 4)

// ---- IP -----------------------------------------------------------------------------------------

static bool has_ipv4_router_alert(const uint8_t *options, size_t len)
{
	for (size_t i = 0; i < len && options[i] != 0;) {
		if (options[i] == 1) {
			i++;
			continue;
		}
		if (len - i < 2 || options[i + 1] < 2 || options[i + 1] > len - i)
			return false;
		if (options[i] == 0x94)
			return options[i + 1] == 4;
		i += options[i + 1];
	}
	return false;
}

static enum message_status parse_ipv4(struct message *message, const uint8_t *packet, size_t len)
{
	size_t header_len, total_len;

	if (len < 20 || packet[0] >> 4 != 4)
		return MESSAGE_BAD_IP;
	header_len = (packet[0] & 0xf) * 4u;
	total_len = wire_get16(packet + 2);
	if (header_len < 20 || total_len < header_len || total_len > len ||
		wire_fold(wire_sum(0, packet, header_len)) != 0 || packet[9] != IPPROTO_IGMP)
		return MESSAGE_BAD_IP;
	if ((wire_get16(packet + 6) & 0x3fff) != 0)
		return MESSAGE_FRAGMENT;
	message->src.family = message->dst.family = AF_INET;
	memcpy(message->src.bytes, packet + 12, 4);
	memcpy(message->dst.bytes, packet + 16, 4);
	message->hops = packet[8];
	message->router_alert = has_ipv4_router_alert(packet + 20, header_len - 20);
	message->bytes = packet + header_len;
	message->len = total_len - header_len;
	return MESSAGE_OK;
}

// A Router Alert of value 0, which means MLD. `options` is the whole Hop-by-Hop header.
static bool has_mld_router_alert(const uint8_t *options, size_t len)
{
	for (size_t i = 2; i < len;) {
		if (options[i] == 0) { // Pad1
			i++;
			continue;
		}
		if (len - i < 2 || options[i + 1] + 2u > len - i)
			return false;
		if (options[i] == 5)
			return options[i + 1] == 2 && wire_get16(options + i + 2) == 0;
		i += options[i + 1] + 2u;
	}
	return false;
}

static enum message_status parse_ipv6(struct message *message, const uint8_t *packet, size_t len)
{
	uint8_t next;
	size_t at = 40;
	size_t end;

	if (len < 40 || packet[0] >> 4 != 6)
		return MESSAGE_BAD_IP;
	end = 40u + wire_get16(packet + 4);
	if (end > len)
		return MESSAGE_BAD_IP;
	for (next = packet[6]; next != IPPROTO_ICMPV6;) {
		size_t header_len;

		if (next == IPPROTO_FRAGMENT)
			return MESSAGE_FRAGMENT;
		if ((next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS &&
			    next != IPPROTO_ROUTING) ||
			end - at < 8)
			return MESSAGE_BAD_IP;
		header_len = 8 + 8u * packet[at + 1];
		if (header_len > end - at || (next == IPPROTO_HOPOPTS && at != 40))
			return MESSAGE_BAD_IP;
		if (next == IPPROTO_HOPOPTS)
			message->router_alert = has_mld_router_alert(packet + at, header_len);
		next = packet[at];
		at += header_len;
	}
	message->src.family = message->dst.family = AF_INET6;
	memcpy(message->src.bytes, packet + 8, 16);
	memcpy(message->dst.bytes, packet + 24, 16);
	message->hops = packet[7];
	message->bytes = packet + at;
	message->len = end - at;
	return MESSAGE_OK;
}

static bool is_checksum_right(const struct message *message)
{
	uint32_t sum = 0;

	if (message->src.family == AF_INET6)
		sum = wire_pseudo_sum(message->src.bytes, message->dst.bytes, message->len);
	return wire_fold(wire_sum(sum, message->bytes, message->len)) == 0;
}

// ---- Messages -----------------------------------------------------------------------------------

static void parse_group(struct message *message, const struct wire_family *wire)
{
	message->group.family = wire->family;
	memcpy(message->group.bytes, message->bytes + wire->group_at, wire->addr_len);
}

static enum message_format parse_newest_query(
	struct message *message, const struct wire_family *wire)
{
	const uint8_t *bytes = message->bytes;
	const uint8_t *tail = bytes + wire->query_len - 4; // flags, QQIC, number of sources

	message->version = wire->newest;
	message->response_ms = wire->family == AF_INET ? wire_decode8(bytes[1]) * 100
						       : wire_decode16(wire_get16(bytes + 4));
	message->suppress = (tail[0] & 8) != 0;
	message->qrv = tail[0] & 7;
	message->interval_s = wire_decode8(tail[1]);
	message->n_sources = wire_get16(tail + 2);
	message->sources = bytes + wire->query_len;
	if (message->n_sources * wire->addr_len > message->len - wire->query_len)
		return MESSAGE_TRUNCATED;
	return MESSAGE_COMPLETE;
}

// The version of a query follows from its length (IGMP-3, MLD-2).
static enum message_format parse_query(struct message *message, const struct wire_family *wire)
{
	const uint8_t *bytes = message->bytes;
	enum message_format format = MESSAGE_COMPLETE;

	if (message->len < wire->older_len)
		return MESSAGE_BAD_LENGTH;
	parse_group(message, wire);
	if (message->len >= wire->query_len) {
		format = parse_newest_query(message, wire);
	} else if (message->len != wire->older_len) {
		return MESSAGE_BAD_LENGTH;
	} else if (wire->family == AF_INET6) {
		message->version = 1;
		message->response_ms = wire_get16(bytes + 4);
	} else if (bytes[1] == 0) {
		message->version = 1;
		message->response_ms = V1_RESPONSE_MS;
		memset(message->group.bytes, 0, sizeof(message->group.bytes));
	} else {
		message->version = 2;
		message->response_ms = bytes[1] * 100u;
	}
	message->general = address_is_unspecified(&message->group);
	return format;
}

static enum message_format parse_older(
	struct message *message, const struct wire_family *wire, unsigned version)
{
	message->version = version;
	if (message->len < wire->older_len)
		return MESSAGE_BAD_LENGTH;
	parse_group(message, wire);
	return MESSAGE_COMPLETE;
}

static enum message_kind kind_of(int family, uint8_t type)
{
	if (family == AF_INET) {
		switch (type) {
		case WIRE_IGMP_QUERY:
			return MESSAGE_QUERY;
		case WIRE_IGMP_V1_REPORT:
		case WIRE_IGMP_V2_REPORT:
			return MESSAGE_REPORT;
		case WIRE_IGMP_V2_LEAVE:
			return MESSAGE_LEAVE;
		case WIRE_IGMP_V3_REPORT:
			return MESSAGE_RECORDS;
		}
		return MESSAGE_UNKNOWN;
	}
	switch (type) {
	case WIRE_MLD_QUERY:
		return MESSAGE_QUERY;
	case WIRE_MLD_V1_REPORT:
		return MESSAGE_REPORT;
	case WIRE_MLD_V1_DONE:
		return MESSAGE_LEAVE;
	case WIRE_MLD_V2_REPORT:
		return MESSAGE_RECORDS;
	}
	return MESSAGE_UNKNOWN;
}

static enum message_format parse_body(struct message *message, const struct wire_family *wire)
{
	switch (message->kind) {
	case MESSAGE_QUERY:
		return parse_query(message, wire);
	case MESSAGE_REPORT:
		return parse_older(message, wire, message->type == WIRE_IGMP_V2_REPORT ? 2 : 1);
	case MESSAGE_LEAVE:
		return parse_older(message, wire, wire->newest - 1);
	case MESSAGE_RECORDS:
		message->version = wire->newest;
		message->n_records = wire_get16(message->bytes + 6);
		break;
	case MESSAGE_UNKNOWN:
		break;
	}
	return MESSAGE_COMPLETE;
}

enum message_status message_parse(
	struct message *message, int family, const uint8_t *packet, size_t len)
{
	enum message_status status;

	memset(message, 0, sizeof(*message));
	status = family == AF_INET ? parse_ipv4(message, packet, len)
				   : parse_ipv6(message, packet, len);
	if (status != MESSAGE_OK)
		return status;
	if (message->len < WIRE_REPORT_HEADER)
		return MESSAGE_SHORT;
	message->checksum_ok = is_checksum_right(message);
	message->type = message->bytes[0];
	message->kind = kind_of(family, message->type);
	message->format = parse_body(message, wire_of(family));
	return MESSAGE_OK;
}

// ---- Records ------------------------------------------------------------------------------------

int message_next_record(const struct message *message, struct message_record *record)
{
	const struct wire_family *wire = wire_of(message->src.family);
	const uint8_t *end = message->bytes + message->len;
	const uint8_t *at = record->end != NULL ? record->end : message->bytes + WIRE_REPORT_HEADER;
	size_t sources_len;

	if (message->kind != MESSAGE_RECORDS || record->number >= message->n_records)
		return 0;
	if ((size_t)(end - at) < wire->record_len)
		return -EBADMSG;
	record->number++;
	record->type = at[0];
	record->aux_len = at[1] * 4u;
	record->n_sources = wire_get16(at + 2);
	record->group = (struct sluice_addr){.family = wire->family};
	memcpy(record->group.bytes, at + 4, wire->addr_len);
	at += wire->record_len;
	sources_len = (size_t)record->n_sources * wire->addr_len;
	if ((size_t)(end - at) < sources_len + record->aux_len)
		return -EBADMSG;
	record->sources = at;
	record->aux = at + sources_len;
	record->end = record->aux + record->aux_len;
	return 1;
}

bool message_check_records(const struct message *message, size_t *trailing)
{
	struct message_record record = {.end = NULL};
	const uint8_t *end = message->bytes + WIRE_REPORT_HEADER;
	int rc;

	while ((rc = message_next_record(message, &record)) > 0)
		end = record.end;
	*trailing = message->bytes + message->len - end;
	return rc == 0;
}
