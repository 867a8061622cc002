// SPDX-License-Identifier: BSD-3-Clause
// rte_hash as the peer of the group table: lock-free for readers. A key holds group and interface
// in 16 bytes, the size at which rte_hash is fastest.
#ifndef PERF_PEER_HASH_H
#define PERF_PEER_HASH_H

#include <rte_hash.h>
#include "workload.h"

struct peer_key {
	_Alignas(16) uint32_t words[4];
};

// Creates a hash with the groups below n_groups. The data of a group is data + number * stride.
struct rte_hash *peer_hash_open(unsigned n_groups, char *data, size_t stride);

static inline struct peer_key peer_key(uint32_t group_be)
{
	return (struct peer_key){{group_be, 1}};
}

// Looks up a burst like the group table does.
static inline uint64_t peer_hash_burst(
	const struct rte_hash *hash, const uint32_t *groups_be, unsigned n, void **data)
{
	struct peer_key keys[RTE_HASH_LOOKUP_BULK_MAX];
	const void *pointers[RTE_HASH_LOOKUP_BULK_MAX];
	uint64_t hits = 0;

	for (unsigned i = 0; i < n; i++) {
		keys[i] = peer_key(groups_be[i]);
		pointers[i] = &keys[i];
	}
	rte_hash_lookup_bulk_data(hash, pointers, n, &hits, data);
	return hits;
}

#endif
