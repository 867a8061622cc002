// SPDX-License-Identifier: BSD-3-Clause
// The indices of a group table and the chunks of records behind them. A released index is reused
// only after a grace period, so that a worker never counts or delivers the frames of one group by
// the record of another.
#ifndef DATAPLANE_GROUP_INDEX_H
#define DATAPLANE_GROUP_INDEX_H

#include "group_growth.h"
#include "group_storage.h"
#include "reclaim.h"

union group_index_entry {
	struct fanout *fanout; // index in use
	uint32_t next; // index free or in limbo: the next one of its list; 0 ends the list
};

struct group_chunk {
	uint32_t free; // list of free indices
	uint32_t used; // indices allocated at least once
	uint32_t taken; // indices in use or in limbo
	union group_index_entry *entries; // of its indices
};

// Control thread only.
struct group_writer {
	struct reclaim *reclaim;
	unsigned count; // groups
	unsigned n_chunks;
	unsigned full_chunks; // number of leading chunks without a free index
	struct group_chunk chunks[GROUP_CHUNKS];
	// Limbo: released indices wait for a grace period. `ageing` is the list that waits for the
	// one of `limbo`, `released` the list that comes next.
	struct reclaim_item limbo;
	bool limbo_busy;
	uint32_t released, ageing;
	struct group_growth growth;
	struct group_table *table;
};

static inline union group_index_entry *group_index_entry(
	const struct group_writer *writer, uint32_t index)
{
	const struct group_spot spot = group_storage_spot(index);

	return &writer->chunks[spot.chunk].entries[spot.offset];
}

// Adds the first chunk. -ENOMEM
int group_index_init(struct group_table *table);
// Allocates an index with zeroed records. -ENOMEM, or -ENOSPC when all are in use.
int group_index_alloc(struct group_table *table, uint32_t *index);
// Releases an index; its records stay valid until no worker uses them.
void group_index_release(struct group_table *table, uint32_t index);
// Bytes used in addition to the records, without what was allocated and never used.
size_t group_index_memory(const struct group_table *table);
// Frees the chunks. Waits for a grace period if indices are in limbo.
void group_index_fini(struct group_table *table);

#endif
