// SPDX-License-Identifier: BSD-3-Clause
// The search of a burst of groups: one algorithm, built once per way to search a bucket.
#ifndef DATAPLANE_GROUP_LOOKUP_H
#define DATAPLANE_GROUP_LOOKUP_H

#include "group_query.h"

#define GROUP_LOOKUPS_MAX 3

// One way to search the buckets, for one instruction set. Worker: each function finds groups number
// `first` to end - 1 of a query. A group that is not in the table gets index 0, whose record has no
// route.
struct group_lookup {
	const char *name;
	// Bit i of the result says whether group first + i is in the table.
	uint64_t (*find4)(const struct group_table *table, const struct group_query *query,
		unsigned first, unsigned end, uint32_t *index);
	uint64_t (*find6)(const struct group_table *table, unsigned worker,
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index);
	// These return the worker's records as well, and prefetch them.
	void (*records4)(const struct group_table *table, unsigned worker,
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
		struct group_record **records);
	void (*records6)(const struct group_table *table, unsigned worker,
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
		struct group_record **records);
};

// The lookups that this CPU can run. Rank 0 is the fastest, the last one is portable; NULL beyond.
const struct group_lookup *group_lookup(unsigned rank);

#endif
