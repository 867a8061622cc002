// SPDX-License-Identifier: BSD-3-Clause
// What every part of Sluice shares: an IP address and a source filter. Any thread may call the
// functions, which change nothing.
#ifndef SLUICE_TYPES_H
#define SLUICE_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

// An IPv4 or IPv6 address. Unused bytes are zero, so that two addresses are equal if all their
// bytes are, and memcmp() orders them.
struct sluice_addr {
	uint16_t family; // AF_INET or AF_INET6 in host order; 0 (AF_UNSPEC) is "no address"
	uint8_t bytes[16]; // network byte order; an IPv4 address takes the first four
};

// The filter modes of RFC 3678, with the values of MCAST_EXCLUDE and MCAST_INCLUDE.
enum sluice_filter_mode {
	SLUICE_EXCLUDE = 0,
	SLUICE_INCLUDE = 1,
};

// INCLUDE lets through the frames of the sources, EXCLUDE those of all other sources. EXCLUDE
// without sources stands for any source.
struct sluice_source_filter {
	enum sluice_filter_mode mode;
	unsigned n_sources;
	const struct sluice_addr *sources; // may be NULL without sources
};

// Returns whether the filter lets nothing through: INCLUDE without sources. A membership ends with
// it.
static inline bool sluice_source_filter_is_empty(const struct sluice_source_filter *filter)
{
	return filter->mode == SLUICE_INCLUDE && filter->n_sources == 0;
}

// Compares two filters with sorted sources and no duplicates.
static inline bool sluice_source_filter_equal(
	const struct sluice_source_filter *a, const struct sluice_source_filter *b)
{
	return a->mode == b->mode && a->n_sources == b->n_sources &&
	       (a->n_sources == 0 ||
		       memcmp(a->sources, b->sources, a->n_sources * sizeof(*a->sources)) == 0);
}

static inline bool sluice_addr_equal(const struct sluice_addr *a, const struct sluice_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

// Returns the length of the address in bytes, 4 or 16.
static inline unsigned sluice_addr_len(const struct sluice_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

#ifdef __cplusplus
}
#endif

#endif
