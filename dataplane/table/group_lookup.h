// SPDX-License-Identifier: BSD-3-Clause
// The burst lookups: one algorithm, built once for each way to search a bucket.
#ifndef DATAPLANE_GROUP_LOOKUP_H
#define DATAPLANE_GROUP_LOOKUP_H

#include "group_query.h"

#define GROUP_LOOKUPS_MAX 3

// One way to search the buckets, made for some instruction set: finds groups number `first` to
// end - 1 of a query. The index of a group that is not there is 0, that of a record without a
// route.
struct group_lookup {
	const char *name;
	// Bit i of the result tells whether group first + i is there.
	uint64_t (*find4)(const struct group_table *table, const struct group_query *query,
		unsigned first, unsigned end, uint32_t *index);
	uint64_t (*find6)(const struct group_table *table, unsigned worker,
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index);
	// The same with the worker's records, which are fetched.
	void (*records4)(const struct group_table *table, unsigned worker,
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
		struct group_record **records);
	void (*records6)(const struct group_table *table, unsigned worker,
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
		struct group_record **records);
};

// Those this CPU can run, the fastest being number 0, the portable one the last; NULL beyond.
const struct group_lookup *group_lookup(unsigned rank);

#endif
