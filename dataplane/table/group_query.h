// SPDX-License-Identifier: BSD-3-Clause
// A lookup in progress. It has two steps, so that a worker can do other work while the buckets are
// fetched: group_query_ask4() or _ask6() for each group as soon as it is known, then one search for
// all of them by a function of struct group_lookup.
#ifndef DATAPLANE_GROUP_QUERY_H
#define DATAPLANE_GROUP_QUERY_H

#include <rte_prefetch.h>
#include "group_buckets.h"

#define GROUP_QUERY_MAX 64 // groups

// Groups to be looked up in one table.
struct group_query {
	const struct group_buckets *buckets;
	const struct bucket *homes[GROUP_QUERY_MAX]; // home bucket of each group
	uint32_t tags[GROUP_QUERY_MAX]; // IPv4: the group, network byte order
	struct group_key keys[GROUP_QUERY_MAX]; // IPv6 only
};

// Worker. Begins a lookup. The later steps must use the same table.
static inline void group_query_start(struct group_query *query, const struct group_table *table)
{
	query->buckets = atomic_load_explicit(&table->buckets, memory_order_acquire);
}

// Worker. Makes an IPv4 group, in network byte order, group number i of the query. Prefetches its
// home bucket.
static inline void group_query_ask4(struct group_query *query, unsigned i, uint32_t group_be)
{
	struct group_place place = group_buckets_place4(query->buckets, group_be);

	query->tags[i] = place.tag;
	query->homes[i] = &query->buckets->buckets[place.home];
	rte_prefetch0(query->homes[i]);
}

// Worker. The same for an IPv6 group.
static inline void group_query_ask6(
	struct group_query *query, unsigned i, const struct group_key *group)
{
	struct group_place place = group_buckets_place6(query->buckets, group);

	query->keys[i] = *group;
	query->tags[i] = place.tag;
	query->homes[i] = &query->buckets->buckets[place.home];
	rte_prefetch0(query->homes[i]);
}

#endif
