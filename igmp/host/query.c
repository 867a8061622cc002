// SPDX-License-Identifier: BSD-3-Clause
// The checks run in this order: IP header, length, checksum, source and hops, then what the message
// says. Each check returns false and sets *drop if it fails.
#include "address.h"
#include "group.h"
#include "host_private.h"
#include "query.h"

static bool is_own(const struct host *host, const struct sluice_addr *addr)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		if (sluice_addr_equal(&host->addresses[i].addr, addr))
			return true;
	}
	return false;
}

bool query_is_on_subnet(const struct host *host, const struct sluice_addr *addr)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *own = &host->addresses[i];

		if (address_in_prefix(addr, &own->addr, own->prefix_length))
			return true;
	}
	return false;
}

// All nodes, an own address, or a group with members.
static bool is_own_destination(const struct host *host, const struct sluice_addr *dst)
{
	const struct group *group;

	if (sluice_addr_equal(dst, &host->wire->nodes) || is_own(host, dst))
		return true;
	group = group_find(host, dst->bytes);
	return group != NULL && group_members(group) > 0;
}

static bool fail(enum host_drop *drop, enum host_drop reason)
{
	*drop = reason;
	return false;
}

static bool check_packet(
	const struct message *message, enum message_status status, enum host_drop *drop)
{
	switch (status) {
	case MESSAGE_OK:
		break;
	case MESSAGE_BAD_IP:
		return fail(drop, HOST_RX_BAD_IP);
	case MESSAGE_FRAGMENT:
		return fail(drop, HOST_RX_FRAGMENT);
	case MESSAGE_SHORT:
		return fail(drop, HOST_RX_BAD_LENGTH);
	}
	return message->checksum_ok || fail(drop, HOST_RX_BAD_CHECKSUM);
}

// These checks hold for queries and reports.
static bool check_origin(
	const struct host *host, const struct message *message, enum host_drop *drop)
{
	const struct sluice_addr *src = &message->src;

	if (is_own(host, src))
		return fail(drop, HOST_RX_BAD_SOURCE);
	if (host->wire->family == AF_INET6) {
		if (message->hops != 1)
			return fail(drop, HOST_RX_BAD_TTL);
		if (!message->router_alert)
			return fail(drop, HOST_RX_NO_ROUTER_ALERT);
		return address_is_link_local(src) || fail(drop, HOST_RX_BAD_SOURCE);
	}
	if (host->config.strict_ttl && message->hops != 1)
		return fail(drop, HOST_RX_BAD_TTL);
	// Switches without an address query from 0.0.0.0 (VAL-17).
	if (address_is_unspecified(src))
		return true;
	if (!address_is_source(src))
		return fail(drop, HOST_RX_BAD_SOURCE);
	if (host->config.ignore_off_subnet && !query_is_on_subnet(host, src))
		return fail(drop, HOST_RX_BAD_SOURCE);
	return true;
}

static bool check_format(const struct message *message, enum host_drop *drop)
{
	if (message->kind == MESSAGE_UNKNOWN)
		return fail(drop, HOST_RX_UNKNOWN_TYPE);
	if (message->format == MESSAGE_BAD_LENGTH)
		return fail(drop, HOST_RX_BAD_LENGTH);
	return message->format == MESSAGE_COMPLETE || fail(drop, HOST_RX_TRUNCATED);
}

static bool check_query(const struct host *host, const struct message *query, enum host_drop *drop)
{
	bool igmp = host->wire->family == AF_INET;

	if (host->config.ignore_older_versions && query->version < host->wire->newest)
		return fail(drop, HOST_RX_OLD_IGNORED);
	if (igmp && query->version > 1 && !query->router_alert && host->config.require_router_alert)
		return fail(drop, HOST_RX_NO_ROUTER_ALERT);
	if (query->general ? query->n_sources > 0 : !address_is_multicast(&query->group))
		return fail(drop, HOST_RX_BAD_GROUP);
	if (igmp && query->general && address_is_multicast(&query->dst) &&
		!sluice_addr_equal(&query->dst, &host->wire->nodes))
		return fail(drop, HOST_RX_BAD_DESTINATION);
	return is_own_destination(host, &query->dst) || fail(drop, HOST_RX_BAD_DESTINATION);
}

enum host_drop query_judge(
	const struct host *host, const uint8_t *packet, size_t len, struct message *message)
{
	enum message_status status = message_parse(message, host->wire->family, packet, len);
	enum host_drop drop;

	if (!check_packet(message, status, &drop) || !check_origin(host, message, &drop) ||
		!check_format(message, &drop))
		return drop;
	if (message->kind == MESSAGE_QUERY && !check_query(host, message, &drop))
		return drop;
	return HOST_DROP_NONE;
}
