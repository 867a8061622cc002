// SPDX-License-Identifier: BSD-3-Clause
// Every packet passes in the same order: IP header, length, checksum, hops, Router Alert, then
// what it says. Nothing is believed before its length is.
#include <netinet/in.h>

#include "address.h"
#include "group.h"
#include "host_private.h"
#include "query.h"

#define V1_RESPONSE_MS 10000 // an IGMPv1 query says none

static const enum host_counter good = HOST_COUNTERS; // not yet found bad

// The payload of an IP packet.
struct payload {
	const uint8_t *bytes;
	size_t len;
	uint8_t hops;
};

static bool is_own(const struct host *host, const struct sluice_addr *addr)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		if (sluice_addr_equal(&host->addresses[i].addr, addr))
			return true;
	}
	return false;
}

static bool is_on_subnet(const struct host *host, const struct sluice_addr *addr)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *own = &host->addresses[i];

		if (address_in_prefix(addr, &own->addr, own->prefix_length))
			return true;
	}
	return false;
}

// A destination of ours: all nodes, an own address, a group we are in.
static bool is_for_us(const struct host *host, const struct sluice_addr *dst)
{
	const struct group *group;

	if (sluice_addr_equal(dst, &host->wire->nodes) || is_own(host, dst))
		return true;
	group = group_find(host, dst->bytes);
	return group != NULL && group_members(group) > 0;
}

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

static enum host_counter read_ipv4(
	const uint8_t *packet, size_t len, struct query *query, struct payload *payload)
{
	size_t header_len, total_len;

	if (len < 20 || packet[0] >> 4 != 4)
		return HOST_RX_BAD_IP;
	header_len = (packet[0] & 0xf) * 4u;
	total_len = wire_get16(packet + 2);
	if (header_len < 20 || total_len < header_len || total_len > len ||
		wire_fold(wire_sum(0, packet, header_len)) != 0 || packet[9] != IPPROTO_IGMP)
		return HOST_RX_BAD_IP;
	if ((wire_get16(packet + 6) & 0x3fff) != 0)
		return HOST_RX_FRAGMENT;
	query->src.family = query->dst.family = AF_INET;
	memcpy(query->src.bytes, packet + 12, 4);
	memcpy(query->dst.bytes, packet + 16, 4);
	query->router_alert = has_ipv4_router_alert(packet + 20, header_len - 20);
	*payload = (struct payload){packet + header_len, total_len - header_len, packet[8]};
	return good;
}

// A Router Alert of value 0, which means MLD; options is the whole Hop-by-Hop header.
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

static enum host_counter read_ipv6(
	const uint8_t *packet, size_t len, struct query *query, struct payload *payload)
{
	uint8_t next;
	size_t at = 40;
	size_t end;

	if (len < 40 || packet[0] >> 4 != 6)
		return HOST_RX_BAD_IP;
	end = 40u + wire_get16(packet + 4);
	if (end > len)
		return HOST_RX_BAD_IP;
	for (next = packet[6]; next != IPPROTO_ICMPV6;) {
		size_t header_len;

		if (next == IPPROTO_FRAGMENT)
			return HOST_RX_FRAGMENT;
		if ((next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS &&
			    next != IPPROTO_ROUTING) ||
			end - at < 8)
			return HOST_RX_BAD_IP;
		header_len = 8 + 8u * packet[at + 1];
		if (header_len > end - at || (next == IPPROTO_HOPOPTS && at != 40))
			return HOST_RX_BAD_IP;
		if (next == IPPROTO_HOPOPTS)
			query->router_alert = has_mld_router_alert(packet + at, header_len);
		next = packet[at];
		at += header_len;
	}
	query->src.family = query->dst.family = AF_INET6;
	memcpy(query->src.bytes, packet + 8, 16);
	memcpy(query->dst.bytes, packet + 24, 16);
	*payload = (struct payload){packet + at, end - at, packet[7]};
	return good;
}

// What is wrong with where it comes from; these checks hold for queries and reports.
static enum host_counter judge_origin(
	const struct host *host, const struct query *query, const struct payload *payload)
{
	const struct sluice_addr *src = &query->src;

	if (is_own(host, src))
		return HOST_RX_BAD_SOURCE;
	if (host->wire->family == AF_INET6) {
		if (payload->hops != 1)
			return HOST_RX_BAD_TTL;
		if (!query->router_alert)
			return HOST_RX_NO_ROUTER_ALERT;
		return address_is_link_local(src) ? good : HOST_RX_BAD_SOURCE;
	}
	if (host->config.strict_ttl && payload->hops != 1)
		return HOST_RX_BAD_TTL;
	// 0.0.0.0 is what switches without an address ask from (VAL-17).
	if (address_is_unspecified(src))
		return good;
	if (!address_is_source(src))
		return HOST_RX_BAD_SOURCE;
	if (host->config.ignore_off_subnet && !is_on_subnet(host, src))
		return HOST_RX_BAD_SOURCE;
	return good;
}

// The version and the fields of a query, by its length (IGMP-3, MLD-2).
static enum host_counter read_query(
	const struct host *host, const struct payload *payload, struct query *query)
{
	const struct wire_family *wire = host->wire;
	bool igmp = wire->family == AF_INET;
	const uint8_t *message = payload->bytes;
	const uint8_t *tail = message + wire->query_len - 4; // flags, QQIC, number of sources

	if (payload->len < wire->older_len)
		return HOST_RX_BAD_LENGTH;
	query->group.family = wire->family;
	memcpy(query->group.bytes, message + wire->group_at, wire->addr_len);
	if (payload->len >= wire->query_len) {
		query->version = wire->newest;
		query->response_ms = igmp ? wire_decode8(message[1]) * 100
					  : wire_decode16(wire_get16(message + 4));
		query->qrv = tail[0] & 7;
		query->interval_s = wire_decode8(tail[1]);
		query->n_sources = wire_get16(tail + 2);
		query->sources = message + wire->query_len;
		if (query->n_sources * wire->addr_len > payload->len - wire->query_len)
			return HOST_RX_TRUNCATED;
	} else if (payload->len != wire->older_len) {
		return HOST_RX_BAD_LENGTH;
	} else if (!igmp) {
		query->version = 1;
		query->response_ms = wire_get16(message + 4);
	} else if (message[1] == 0) {
		query->version = 1;
		query->response_ms = V1_RESPONSE_MS;
		memset(query->group.bytes, 0, sizeof(query->group.bytes)); // RFC 1112: ignored
	} else {
		query->version = 2;
		query->response_ms = message[1] * 100u;
	}
	query->general = address_is_unspecified(&query->group);
	return good;
}

static enum host_counter judge_query(const struct host *host, const struct query *query)
{
	bool igmp = host->wire->family == AF_INET;

	if (host->config.ignore_older_versions && query->version < host->wire->newest)
		return HOST_RX_OLD_IGNORED;
	if (igmp && query->version > 1 && !query->router_alert && host->config.require_router_alert)
		return HOST_RX_NO_ROUTER_ALERT;
	if (query->general ? query->n_sources > 0 : !address_is_multicast(&query->group))
		return HOST_RX_BAD_GROUP;
	if (igmp && query->general && address_is_multicast(&query->dst) &&
		!sluice_addr_equal(&query->dst, &host->wire->nodes))
		return HOST_RX_BAD_DESTINATION;
	return is_for_us(host, &query->dst) ? HOST_RX_QUERY : HOST_RX_BAD_DESTINATION;
}

static bool is_checksum_right(
	const struct host *host, const struct query *query, const struct payload *payload)
{
	uint32_t sum = 0;

	if (host->wire->family == AF_INET6)
		sum = wire_pseudo_sum(query->src.bytes, query->dst.bytes, payload->len);
	return wire_fold(wire_sum(sum, payload->bytes, payload->len)) == 0;
}

static enum host_counter read_message(
	const struct host *host, const struct payload *payload, struct query *query)
{
	const struct wire_family *wire = host->wire;
	enum host_counter verdict;

	switch (payload->bytes[0]) {
	case WIRE_IGMP_QUERY:
	case WIRE_MLD_QUERY:
		if ((payload->bytes[0] == WIRE_IGMP_QUERY) != (wire->family == AF_INET))
			return HOST_RX_UNKNOWN_TYPE;
		verdict = read_query(host, payload, query);
		return verdict == good ? judge_query(host, query) : verdict;
	case WIRE_IGMP_V1_REPORT:
	case WIRE_IGMP_V2_REPORT:
	case WIRE_MLD_V1_REPORT:
		if (payload->len < wire->older_len)
			return HOST_RX_BAD_LENGTH;
		query->group.family = wire->family;
		memcpy(query->group.bytes, payload->bytes + wire->group_at, wire->addr_len);
		return HOST_RX_REPORT;
	case WIRE_IGMP_V2_LEAVE:
	case WIRE_IGMP_V3_REPORT:
	case WIRE_MLD_V1_DONE:
	case WIRE_MLD_V2_REPORT:
		return HOST_RX_REPORT;
	default:
		return HOST_RX_UNKNOWN_TYPE;
	}
}

enum host_counter query_read(
	const struct host *host, const uint8_t *packet, size_t len, struct query *query)
{
	struct payload payload;
	enum host_counter verdict;

	memset(query, 0, sizeof(*query));
	verdict = host->wire->family == AF_INET ? read_ipv4(packet, len, query, &payload)
						: read_ipv6(packet, len, query, &payload);
	if (verdict != good)
		return verdict;
	if (payload.len < 8)
		return HOST_RX_BAD_LENGTH;
	if (!is_checksum_right(host, query, &payload))
		return HOST_RX_BAD_CHECKSUM;
	query->is_query = payload.bytes[0] == WIRE_IGMP_QUERY || payload.bytes[0] == WIRE_MLD_QUERY;
	verdict = judge_origin(host, query, &payload);
	if (verdict != good)
		return verdict;
	return read_message(host, &payload, query);
}
