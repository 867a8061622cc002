// SPDX-License-Identifier: BSD-3-Clause
// The group table: group -> fan-out, one table per interface and family, and the group's counters.
//
// A lookup turns the groups of a burst into indices; group_table_record() turns an index into the
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
#include "group_record.h"
#include "reclaim.h"

#define GROUP_TABLE_BURST 64 // most groups in one lookup
#define GROUP_TABLE_GROUPS_MAX (1u << 23)

// Records come in chunks that never move, each twice as long as the one before.
#define GROUP_CHUNK_MIN 16
#define GROUP_CHUNKS 20

// One worker's records. control: wo, worker: ro
struct group_slice {
	// Chunks of struct group_record or group6, each as if it began with index 0.
	_Atomic uintptr_t records[GROUP_CHUNKS];
	_Atomic(_Atomic uint64_t *) filtered[GROUP_CHUNKS]; // apart, as it is seldom touched
};

struct group_buckets; // the hash table proper
struct group_table;

// A burst of groups to be looked up in one table.
struct group_query {
	const struct group_buckets *buckets;
	const struct bucket *homes[GROUP_TABLE_BURST]; // where each would be
	uint32_t tags[GROUP_TABLE_BURST]; // IPv4: the group
	struct group_key keys[GROUP_TABLE_BURST]; // IPv6 only
};

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

struct group_writer; // what only the control thread knows

struct group_table {
	_Atomic(struct group_buckets *) buckets; // control: wo, worker: ro
	_Atomic bool joined; // whether it has any group; the same
	_Atomic bool has_fanouts; // whether a route leads to a fan-out; the same
	// Const.
	const struct group_lookup *lookup;
	uint16_t family;
	uint16_t record_size; // of a struct group_record or group6
	unsigned n_workers;
	struct group_writer *writer;
	struct group_slice slices[]; // one a worker
};

// Where the things of an index are.
struct group_spot {
	size_t chunk;
	uint32_t offset;
};

static inline struct group_spot group_spot(uint32_t index)
{
	uint32_t number = index + GROUP_CHUNK_MIN;
	size_t chunk =
		(size_t)(63 ^ __builtin_clzll(number)) - (63 ^ __builtin_clzll(GROUP_CHUNK_MIN));

	return (struct group_spot){
		.chunk = chunk,
		.offset = number - (GROUP_CHUNK_MIN << chunk),
	};
}

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

// The chunk of a worker's records that has this index in it, as if it began with index 0.
static inline uintptr_t group_table_chunk(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	return atomic_load_explicit(
		&table->slices[worker].records[group_spot(index).chunk], memory_order_relaxed);
}

// Worker `worker` (its number, 0 to n_workers - 1). Touches nothing of the record: prefetch it.
static inline struct group_record *group_table_record(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	return (struct group_record *)(group_table_chunk(table, worker, index) +
				       index * (uintptr_t)table->record_size);
}

// Worker. Looks n <= GROUP_TABLE_BURST multicast groups up at once. Bit i of the result tells
// whether group i is there, index[i] is then its index.
uint64_t group_table_lookup4_burst(
	const struct group_table *table, const uint32_t *groups_be, unsigned n, uint32_t *index);
uint64_t group_table_lookup6_burst(const struct group_table *table, unsigned worker,
	const struct group_key *groups, unsigned n, uint32_t *index);

// Worker. Counts a frame of the group that nobody wanted.
void group_table_count_filtered(const struct group_table *table, unsigned worker, uint32_t index);

#endif
