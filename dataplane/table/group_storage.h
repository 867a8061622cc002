// SPDX-License-Identifier: BSD-3-Clause
// The memory of a group table: struct group_table, and where the record of an index is.
//
// Each worker has a slice: its own record of every group, so that no two workers write one cache
// line. Records come in chunks that never move; each chunk is twice as long as the one before.
#ifndef DATAPLANE_GROUP_STORAGE_H
#define DATAPLANE_GROUP_STORAGE_H

#include "group_record.h"

#define GROUP_CHUNK_MIN 16
#define GROUP_CHUNKS 20

// One worker's records. control: wo, worker: ro
struct group_slice {
	// Chunks of struct group_record or group_record6, each as if it began with index 0.
	_Atomic uintptr_t records[GROUP_CHUNKS];
	_Atomic(_Atomic uint64_t *) filtered[GROUP_CHUNKS]; // apart, as it is seldom touched
};

struct group_buckets; // group_buckets.h
struct group_lookup; // group_lookup.h
struct group_writer; // group_index.h: what only the control thread uses

struct group_table {
	_Atomic(struct group_buckets *) buckets; // control: wo, worker: ro
	_Atomic bool joined; // whether it has any group; the same
	_Atomic bool has_fanouts; // whether a route leads to a fan-out; the same
	// Const once created.
	const struct group_lookup *lookup;
	uint16_t family;
	uint16_t record_size; // of a struct group_record or group_record6
	unsigned n_workers;
	struct group_writer *writer;
	struct group_slice slices[]; // one a worker
};

// Where the things of an index are.
struct group_spot {
	size_t chunk;
	uint32_t offset;
};

static inline struct group_spot group_storage_spot(uint32_t index)
{
	uint32_t number = index + GROUP_CHUNK_MIN;
	size_t chunk =
		(size_t)(63 ^ __builtin_clzll(number)) - (63 ^ __builtin_clzll(GROUP_CHUNK_MIN));

	return (struct group_spot){
		.chunk = chunk,
		.offset = number - (GROUP_CHUNK_MIN << chunk),
	};
}

// The chunk of a worker's records that has this index in it, as if it began with index 0.
static inline uintptr_t group_storage_chunk(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	return atomic_load_explicit(&table->slices[worker].records[group_storage_spot(index).chunk],
		memory_order_relaxed);
}

// Worker `worker` (its number, 0 to n_workers - 1). Touches nothing of the record: prefetch it.
static inline struct group_record *group_storage_record(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	return (struct group_record *)(group_storage_chunk(table, worker, index) +
				       index * (uintptr_t)table->record_size);
}

#endif
