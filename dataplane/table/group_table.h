// SPDX-License-Identifier: BSD-3-Clause
// The group table: group -> fan-out, one table per interface and family, and the group's counters.
//
// A lookup turns the groups of a burst into indices; group_storage_record() turns an index into the
// calling worker's own record of the group (group_record.h), so that a frame costs two cache lines:
// a bucket and a record. An index or a record is good until the worker's next quiescent state
// (reclaim.h). A lookup has two steps, so that a worker does something else while the buckets
// come: each group is asked for as soon as it is known, and all are found together.
//
// Thread rule: lookups are for workers, any number at once, without a lock. The rest belongs to the
// one control thread, except where it says otherwise. A lookup running while the table changes,
// grows or shrinks sees the old or the new, and never misses a group that stays.
#ifndef DATAPLANE_GROUP_TABLE_H
#define DATAPLANE_GROUP_TABLE_H

#include "dataplane.h"
#include "group_query.h"
#include "group_storage.h"
#include "reclaim.h"

#define GROUP_TABLE_GROUPS_MAX (1u << 23)

int group_table_create(
	uint16_t family, unsigned n_workers, struct reclaim *reclaim, struct group_table **table);
// Frees the table and the fan-outs in it. No worker may look into it any more; waits for a grace
// period if groups were withdrawn lately.
void group_table_destroy(struct group_table *table);

// Puts the fan-out in place of the group's present one, which the caller retires; takes it over on
// success. -ENOMEM or -ENOSPC (the table is full) for a group that is new; a replacement never
// fails. A group that is new starts with zeroed counters.
int group_table_put(
	struct group_table *table, const struct sluice_addr *group, struct fanout *fanout);
// Withdraws the group; the caller retires the fan-out. NULL if there is none. Never fails.
struct fanout *group_table_remove(struct group_table *table, const struct sluice_addr *group);
struct fanout *group_table_get(const struct group_table *table, const struct sluice_addr *group);
unsigned group_table_count(const struct group_table *table);
// Sums the slices. -ENOENT
int group_table_stats(const struct group_table *table, const struct sluice_addr *group,
	uint64_t now_ms, struct group_stats *stats);
// Bytes held for groups: the buckets and what the control thread keeps; not the workers' records,
// not the fan-outs.
size_t group_table_memory(const struct group_table *table);

// Worker. Whether the table may have any group; if not, there is nothing to look up.
static inline bool group_table_is_joined(const struct group_table *table)
{
	return atomic_load_explicit(&table->joined, memory_order_acquire);
}

// Worker. Whether it is worth looking for fan-outs ahead.
static inline bool group_table_has_fanouts(const struct group_table *table)
{
	return atomic_load_explicit(&table->has_fanouts, memory_order_relaxed);
}

// Worker. Looks n <= GROUP_QUERY_MAX multicast groups up at once. Bit i of the result tells
// whether group i is there, index[i] is then its index.
uint64_t group_table_lookup4_burst(
	const struct group_table *table, const uint32_t *groups_be, unsigned n, uint32_t *index);
uint64_t group_table_lookup6_burst(const struct group_table *table, unsigned worker,
	const struct group_key *groups, unsigned n, uint32_t *index);

// Worker. Counts a frame of the group that nobody wanted.
void group_table_count_filtered(const struct group_table *table, unsigned worker, uint32_t index);

#endif
