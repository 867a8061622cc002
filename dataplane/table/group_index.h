// SPDX-License-Identifier: BSD-3-Clause
// The indices of a group table and the chunks of records behind them. An index that was released is
// given out again only after a grace period, so that a worker never counts one group's frames on,
// or delivers them by, another's record.
#ifndef DATAPLANE_GROUP_INDEX_H
#define DATAPLANE_GROUP_INDEX_H

#include "group_storage.h"
#include "reclaim.h"

union group_index_entry {
	struct fanout *fanout; // index in use
	uint32_t next; // index free or in limbo; 0 ends the list
};

struct group_chunk {
	uint32_t free; // list
	uint32_t used; // entries that were ever given out
	uint32_t taken; // entries in use or in limbo
};

// All of it: control thread only.
struct group_writer {
	struct reclaim *reclaim;
	unsigned count; // groups
	unsigned n_chunks;
	unsigned full_chunks; // the first so many have nothing free
	struct group_chunk chunks[GROUP_CHUNKS];
	union group_index_entry *entries; // of all indices that were ever given out
	uint32_t n_entries; // allocated
	// Limbo: lists of released indices; `ageing` waits for the grace period of `limbo`.
	struct reclaim_item limbo;
	bool limbo_busy;
	uint32_t released, ageing;
	struct group_table *table;
};

static inline union group_index_entry *group_index_entry(
	const struct group_writer *writer, uint32_t index)
{
	return &writer->entries[index];
}

int group_index_init(struct group_table *table);
// Gives out an index whose records are zeroed. -ENOMEM, or -ENOSPC when all are given out.
int group_index_alloc(struct group_table *table, uint32_t *index);
void group_index_release(struct group_table *table, uint32_t index);
// Bytes held beside the records.
size_t group_index_memory(const struct group_table *table);
// Frees the chunks. Waits for a grace period while indices are in limbo.
void group_index_fini(struct group_table *table);

#endif
