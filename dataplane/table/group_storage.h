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
	// Per chunk, the address that its first record would have if its index were 0. The records
	// are struct group_record, or group_record6 for IPv6.
	_Atomic uintptr_t records[GROUP_CHUNKS];
	_Atomic(_Atomic uint64_t *)
		filtered[GROUP_CHUNKS]; // counters of filtered frames, rarely used
};

struct group_buckets; // group_buckets.h
struct group_lookup; // group_lookup.h
struct group_writer; // group_index.h: what only the control thread uses

struct group_table {
	_Atomic(struct group_buckets *) buckets; // control: wo, worker: ro
	_Atomic bool joined; // there are groups; control: wo, worker: ro
	_Atomic bool has_fanouts; // a route may lead to a fan-out; control: wo, worker: ro
	// Const once created.
	const struct group_lookup *lookup;
	uint16_t family;
	uint16_t record_size; // bytes
	unsigned n_workers;
	struct group_writer *writer;
	struct group_slice slices[]; // one per worker
};

// The place of an index in the chunks.
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

// The entry of group_slice.records for the chunk that contains the index.
static inline uintptr_t group_storage_chunk(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	return atomic_load_explicit(&table->slices[worker].records[group_storage_spot(index).chunk],
		memory_order_relaxed);
}

// The record of an index for worker number `worker`, 0 to n_workers - 1. Does not read the record,
// which the caller may prefetch.
static inline struct group_record *group_storage_record(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	return (struct group_record *)(group_storage_chunk(table, worker, index) +
				       index * (uintptr_t)table->record_size);
}

#endif
