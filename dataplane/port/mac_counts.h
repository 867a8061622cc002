// SPDX-License-Identifier: BSD-3-Clause
// Counts of MAC addresses in use. A hash table of many small segments: each grows and shrinks by
// itself, so that no call moves more than a small part of a million addresses.
#ifndef DATAPLANE_MAC_COUNTS_H
#define DATAPLANE_MAC_COUNTS_H

#include <rte_ether.h>
#include <stdbool.h>

#define MAC_COUNTS_SEGMENTS 256

struct mac_count;

struct mac_segment {
	struct mac_count *slots; // open addressing; NULL while empty
	unsigned n_slots; // a power of two
	unsigned n;
};

struct mac_counts {
	struct mac_segment segments[MAC_COUNTS_SEGMENTS];
	unsigned n; // distinct addresses
};

// Returns the new count, or -ENOMEM, which changes nothing.
int mac_counts_add(struct mac_counts *counts, const struct rte_ether_addr *mac);
// Returns the new count, or -ENOENT.
int mac_counts_remove(struct mac_counts *counts, const struct rte_ether_addr *mac);
// Writes up to `max` addresses. Returns their number.
unsigned mac_counts_list(
	const struct mac_counts *counts, struct rte_ether_addr *macs, unsigned max);
void mac_counts_fini(struct mac_counts *counts);

#endif
