// SPDX-License-Identifier: BSD-3-Clause
// The group table: group -> fan-out, one table per interface and address family, with the counters
// of each group. The folder, from the control thread's call to the worker's read:
//   subscription.c   who gets the frames of a group: builds, publishes and retires fan-outs
//   fanout.c         one group's subscribers: filters, outputs, hook; immutable
//   group_table.c    the table: put, remove, get, statistics, burst lookup
//   group_index.c    hands out indices and allocates the chunks of records
//   group_buckets.c  the hash table behind it: group -> index (bucket.h, group_key.h)
//   group_growth.c   replaces the buckets by more or fewer, a few per call
//   group_lookup.c   the search of a burst of groups, once per instruction set (group_query.h)
//   group_record.c   what a worker does with the frames of a group: route, filter, counters
//   group_storage.h  struct group_table, and where the record of an index is
//   reclaim.c        frees what workers may still read, after a grace period (RCU)
//   aligned_memory.c zeroed memory on cache lines or huge pages
//
// A lookup turns the groups of a burst into indices. group_storage_record() turns an index into the
// calling worker's own record of the group, so that a frame costs two cache lines: a bucket and a
// record. Indices and records are valid until the worker's next quiescent state (reclaim.h).
//
// Thread rule: any number of workers may look up at once, without a lock. Everything else belongs
// to the control thread, except where noted. A lookup that runs while the table changes, grows or
// shrinks sees the old state or the new one, and never misses a group that stays.
#ifndef DATAPLANE_GROUP_TABLE_H
#define DATAPLANE_GROUP_TABLE_H

#include "dataplane.h"
#include "group_query.h"
#include "group_storage.h"
#include "reclaim.h"

#define GROUP_TABLE_GROUPS_MAX (1u << 23)

// Creates an empty table for AF_INET or AF_INET6, with records for n_workers workers. -ENOMEM
int group_table_create(
	uint16_t family, unsigned n_workers, struct reclaim *reclaim, struct group_table **table);
// Frees the table and the fan-outs in it. No worker may use it any more. Waits for a grace period
// if groups were removed recently.
void group_table_destroy(struct group_table *table);

// Publishes the fan-out of a group in place of the present one, which the caller retires. Takes the
// fan-out over on success. A new group starts with zeroed counters and can fail with -ENOMEM, or
// -ENOSPC when the table is full; a replacement never fails.
int group_table_put(
	struct group_table *table, const struct sluice_addr *group, struct fanout *fanout);
// Removes the group and returns its fan-out, which the caller retires. NULL if the group is not in
// the table. Never fails.
struct fanout *group_table_remove(struct group_table *table, const struct sluice_addr *group);
// NULL if the group is not in the table.
struct fanout *group_table_get(const struct group_table *table, const struct sluice_addr *group);
// Number of groups.
unsigned group_table_count(const struct group_table *table);
// Sums the counters of all workers. now_ms: clock_ms(). -ENOENT if the group is not in the table.
int group_table_stats(const struct group_table *table, const struct sluice_addr *group,
	uint64_t now_ms, struct group_stats *stats);
// Bytes of the hash table and the control thread's entries, without records and fan-outs.
size_t group_table_memory(const struct group_table *table);

// Worker. False: the table has no group, a lookup finds nothing.
static inline bool group_table_is_joined(const struct group_table *table)
{
	return atomic_load_explicit(&table->joined, memory_order_acquire);
}

// Worker. False: every route is direct, so that there is no fan-out to prefetch.
static inline bool group_table_has_fanouts(const struct group_table *table)
{
	return atomic_load_explicit(&table->has_fanouts, memory_order_relaxed);
}

// Worker. Looks up n <= GROUP_QUERY_MAX multicast groups. Bit i of the result says whether group i
// is in the table; index[i] is then its index, else 0.
uint64_t group_table_lookup4_burst(
	const struct group_table *table, const uint32_t *groups_be, unsigned n, uint32_t *index);
uint64_t group_table_lookup6_burst(const struct group_table *table, unsigned worker,
	const struct group_key *groups, unsigned n, uint32_t *index);

// Worker. Counts a frame of the group that no subscriber wanted.
void group_table_count_filtered(const struct group_table *table, unsigned worker, uint32_t index);

#endif
