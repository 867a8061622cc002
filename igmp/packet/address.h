// SPDX-License-Identifier: BSD-3-Clause
// Address text and address classes (IGMP-17, RFC 4291, RFC 4607).
#ifndef IGMP_ADDRESS_H
#define IGMP_ADDRESS_H

#include <stddef.h>
#include <endian.h>
#include <sluice/types.h>

#define ADDRESS_TEXT_MAX 46 // INET6_ADDRSTRLEN

// Parses "239.1.1.1" or "ff0e::1"; returns false for any other text. No names, no zone ids.
bool address_parse(const char *text, struct sluice_addr *addr);

// Writes the address into `text` and returns `text`.
const char *address_format(const struct sluice_addr *addr, char text[ADDRESS_TEXT_MAX]);

static inline bool address_is_multicast(const struct sluice_addr *addr)
{
	if (addr->family == AF_INET)
		return addr->bytes[0] >> 4 == 0xe;
	return addr->family == AF_INET6 && addr->bytes[0] == 0xff;
}

bool address_is_link_local(const struct sluice_addr *addr); // fe80::/10
bool address_is_unspecified(const struct sluice_addr *addr); // 0.0.0.0, ::

// A source that a filter may name: unicast, and in none of the ranges that IGMP-17 excludes.
bool address_is_source(const struct sluice_addr *addr);

// A group that may be joined: multicast, and not the reserved base address of its range.
bool address_is_group(const struct sluice_addr *addr);

// A group that is received but never reported: 224.0.0.1, ff02::1, IPv6 scopes 0 and 1.
bool address_is_unreported(const struct sluice_addr *addr);

bool address_in_prefix(
	const struct sluice_addr *addr, const struct sluice_addr *prefix, unsigned length);

// The Ethernet destination of a multicast group (FRM-9, FRM-10).
void address_ethernet(const struct sluice_addr *group, uint8_t mac[6]);

// memcmp() of the bytes of two addresses. Inline, because searches do little else.
static inline int address_compare(const uint8_t a[16], const uint8_t b[16])
{
	for (unsigned at = 0; at < 16; at += 8) {
		uint64_t x, y;

		memcpy(&x, a + at, 8);
		memcpy(&y, b + at, 8);
		if (x != y)
			return be64toh(x) < be64toh(y) ? -1 : 1;
	}
	return 0;
}

#endif
