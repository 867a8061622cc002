// SPDX-License-Identifier: BSD-3-Clause
#include "group_index.h"
#include "aligned_memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PART 4096u // indices that leave the limbo at once

static uint32_t chunk_size(unsigned chunk)
{
	return (uint32_t)GROUP_CHUNK_MIN << chunk;
}

// The first index of a chunk, the inverse of group_storage_spot(). Index 0 is never handed out: it
// ends a list.
static uint32_t chunk_first(unsigned chunk)
{
	return chunk_size(chunk) - GROUP_CHUNK_MIN;
}

// Convert between a chunk of records and its entry in struct group_slice. NULL stays NULL.
static uintptr_t records_base(const struct group_table *table, unsigned chunk, void *records)
{
	return records ? (uintptr_t)records - (uintptr_t)chunk_first(chunk) * table->record_size
		       : 0;
}

static void *records_of(const struct group_table *table, unsigned chunk, uintptr_t base)
{
	return base ? (void *)(base + (uintptr_t)chunk_first(chunk) * table->record_size) : NULL;
}

// Also frees a chunk that is only partly allocated.
static void chunk_free(struct group_table *table, unsigned chunk)
{
	free(table->writer->chunks[chunk].entries);
	for (unsigned worker = 0; worker < table->n_workers; worker++)
		free(records_of(table, chunk,
			atomic_load_explicit(
				&table->slices[worker].records[chunk], memory_order_relaxed)));
}

// The counters of filtered frames follow the records.
static int slice_alloc(struct group_table *table, struct group_slice *slice, unsigned chunk)
{
	size_t size = (size_t)chunk_size(chunk) * table->record_size;
	uint8_t *records = aligned_memory_alloc_lazy(size + chunk_size(chunk) * sizeof(uint64_t));

	// An index of this chunk is published later, with release.
	atomic_store_explicit(
		&slice->records[chunk], records_base(table, chunk, records), memory_order_relaxed);
	if (!records)
		return -ENOMEM;
	atomic_store_explicit(&slice->filtered[chunk], (_Atomic uint64_t *)(records + size),
		memory_order_relaxed);
	return 0;
}

static int chunk_add(struct group_table *table)
{
	struct group_writer *writer = table->writer;
	unsigned n = writer->n_chunks;
	int rc = 0;

	if (n >= GROUP_CHUNKS)
		return -ENOSPC;
	writer->chunks[n] = (struct group_chunk){.used = n == 0};
	writer->chunks[n].entries =
		aligned_memory_alloc_lazy(chunk_size(n) * sizeof(union group_index_entry));
	if (!writer->chunks[n].entries)
		return -ENOMEM;
	for (unsigned worker = 0; worker < table->n_workers; worker++)
		if (slice_alloc(table, &table->slices[worker], n))
			rc = -ENOMEM;
	if (rc) {
		chunk_free(table, n);
		return rc;
	}
	writer->n_chunks++;
	return 0;
}

// Allocates an index of the chunk. -ENOSPC when all are in use or in limbo.
static int take_from(struct group_writer *writer, unsigned number, uint32_t *index)
{
	struct group_chunk *chunk = &writer->chunks[number];

	*index = chunk->free;
	if (*index) {
		chunk->free = group_index_entry(writer, *index)->next;
	} else {
		if (chunk->used == chunk_size(number))
			return -ENOSPC;
		*index = chunk_first(number) + chunk->used++;
	}
	chunk->taken++;
	return 0;
}

// Prefers low chunks, so that the high ones can be freed.
static int take_free(struct group_writer *writer, uint32_t *index)
{
	int rc = -ENOSPC;

	for (unsigned i = writer->full_chunks; rc == -ENOSPC && i < writer->n_chunks; i++) {
		writer->full_chunks = i;
		rc = take_from(writer, i, index);
	}
	return rc;
}

static void records_clear(struct group_table *table, uint32_t index)
{
	struct group_spot spot = group_storage_spot(index);

	for (unsigned worker = 0; worker < table->n_workers; worker++) {
		_Atomic uint64_t *filtered = atomic_load_explicit(
			&table->slices[worker].filtered[spot.chunk], memory_order_relaxed);

		group_record_clear(group_storage_record(table, worker, index), table->family);
		atomic_store_explicit(&filtered[spot.offset], 0, memory_order_relaxed);
	}
}

// An empty table needs the record of index 0 as well, which lookups return for a miss.
int group_index_init(struct group_table *table)
{
	return chunk_add(table);
}

int group_index_alloc(struct group_table *table, uint32_t *index)
{
	struct group_writer *writer = table->writer;
	int rc;

	rc = take_free(writer, index);
	if (rc == -ENOSPC) {
		// The grace period of the limbo may be over, which is cheaper than another chunk.
		reclaim_poll(writer->reclaim);
		rc = take_free(writer, index);
	}
	if (rc == -ENOSPC) {
		rc = chunk_add(table);
		if (!rc)
			rc = take_free(writer, index);
	}
	if (!rc)
		records_clear(table, *index);
	return rc;
}

// Frees the highest chunks when they are empty. Keeps one if the chunk below is more than half
// full, because it would soon be needed again.
static void chunks_trim(struct group_table *table)
{
	struct group_writer *writer = table->writer;

	while (writer->n_chunks > 1 && !writer->chunks[writer->n_chunks - 1].taken &&
		writer->chunks[writer->n_chunks - 2].taken <= chunk_size(writer->n_chunks - 2) / 2)
		chunk_free(table, --writer->n_chunks);
}

static void limbo_start(struct group_writer *writer)
{
	writer->ageing = writer->released;
	writer->released = 0;
	writer->limbo_busy = true;
	reclaim_retire(writer->reclaim, &writer->limbo);
}

static void limbo_end(struct reclaim_item *item)
{
	struct group_writer *writer =
		(struct group_writer *)((char *)item - offsetof(struct group_writer, limbo));

	for (unsigned n = 0; writer->ageing && n < PART; n++) {
		uint32_t index = writer->ageing;
		unsigned number = group_storage_spot(index).chunk;
		struct group_chunk *chunk = &writer->chunks[number];
		union group_index_entry *entry = group_index_entry(writer, index);

		writer->ageing = entry->next;
		entry->next = chunk->free;
		chunk->free = index;
		chunk->taken--;
		if (number < writer->full_chunks)
			writer->full_chunks = number;
	}
	if (writer->ageing) {
		reclaim_retire(writer->reclaim, item);
		return;
	}
	writer->limbo_busy = false;
	chunks_trim(writer->table);
	if (writer->released)
		limbo_start(writer);
}

void group_index_release(struct group_table *table, uint32_t index)
{
	struct group_writer *writer = table->writer;

	group_index_entry(writer, index)->next = writer->released;
	writer->released = index;
	writer->limbo.free = limbo_end;
	if (!writer->limbo_busy)
		limbo_start(writer);
}

size_t group_index_memory(const struct group_table *table)
{
	const struct group_writer *writer = table->writer;
	size_t n = 0;

	for (unsigned i = 0; i < writer->n_chunks; i++)
		n += writer->chunks[i].used;
	return n * sizeof(union group_index_entry);
}

void group_index_fini(struct group_table *table)
{
	while (table->writer->limbo_busy)
		reclaim_synchronize(table->writer->reclaim);
	while (table->writer->n_chunks)
		chunk_free(table, --table->writer->n_chunks);
}
