// SPDX-License-Identifier: BSD-3-Clause
#include "group_index.h"
#include "memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t chunk_size(unsigned chunk)
{
	return (uint32_t)GROUP_CHUNK_MIN << chunk / 4;
}

// The inverse of group_spot(). Index 0 is given to nobody: it is the end of a list.
static uint32_t chunk_first(unsigned chunk)
{
	return ((4 + chunk % 4) << chunk / 4) * GROUP_CHUNK_MIN - 4 * GROUP_CHUNK_MIN;
}

// Works on a chunk that is half allocated, too.
static void chunk_free(struct group_table *table, unsigned chunk)
{
	free(table->writer->chunks[chunk].entries);
	for (unsigned worker = 0; worker < table->n_workers; worker++) {
		struct group_slice *slice = &table->slices[worker];

		free(atomic_load_explicit(&slice->groups[chunk], memory_order_relaxed));
		free(atomic_load_explicit(&slice->filtered[chunk], memory_order_relaxed));
	}
}

static int slice_alloc(struct group_slice *slice, unsigned chunk)
{
	struct group *groups = memory_alloc(chunk_size(chunk) * sizeof(*groups));
	_Atomic uint64_t *filtered = memory_alloc(chunk_size(chunk) * sizeof(*filtered));

	// The index that leads here is published later, with release.
	atomic_store_explicit(&slice->groups[chunk], groups, memory_order_relaxed);
	atomic_store_explicit(&slice->filtered[chunk], filtered, memory_order_relaxed);
	return groups && filtered ? 0 : -ENOMEM;
}

static void keys_free(struct reclaim_item *item)
{
	free((char *)item - offsetof(struct group_keys, reclaim));
}

// Publishes a copy of the keys with room for the indices below n. Keys never change while a worker
// may look at them, so the old and the new are equally good.
static int keys_resize(struct group_table *table, uint32_t n)
{
	struct group_keys *keys = atomic_load_explicit(&table->keys, memory_order_relaxed), *next;

	if (table->family == AF_INET)
		return 0;
	next = memory_alloc(sizeof(*next) + n * sizeof(next->keys[0]));
	if (!next)
		return -ENOMEM;
	next->n = n;
	if (keys)
		memcpy(next->keys, keys->keys, (n < keys->n ? n : keys->n) * sizeof(keys->keys[0]));
	atomic_store_explicit(&table->keys, next, memory_order_release);
	if (keys) {
		keys->reclaim.free = keys_free;
		reclaim_retire(table->writer->reclaim, &keys->reclaim);
	}
	return 0;
}

// A table without groups has the key of index 0 all the same, for lookups to miss.
int group_index_init(struct group_table *table)
{
	return keys_resize(table, 1);
}

static int chunk_add(struct group_table *table)
{
	struct group_writer *writer = table->writer;
	unsigned n = writer->n_chunks;
	struct group_chunk *chunk = &writer->chunks[n];
	int rc;

	if (n == GROUP_CHUNKS)
		return -ENOSPC;
	rc = keys_resize(table, chunk_first(n + 1));
	if (rc)
		return rc;
	*chunk = (struct group_chunk){
		.used = n == 0,
		.entries = memory_alloc(chunk_size(n) * sizeof(*chunk->entries)),
	};
	if (!chunk->entries)
		rc = -ENOMEM;
	for (unsigned worker = 0; worker < table->n_workers; worker++)
		if (slice_alloc(&table->slices[worker], n))
			rc = -ENOMEM;
	if (rc) {
		chunk_free(table, n);
		return rc;
	}
	writer->n_chunks++;
	return 0;
}

// Low chunks first, so that the high ones can be freed. 0: all are taken.
static uint32_t take_free(struct group_writer *writer)
{
	for (unsigned i = writer->full_chunks; i < writer->n_chunks; i++) {
		struct group_chunk *chunk = &writer->chunks[i];
		uint32_t index = chunk->free;

		writer->full_chunks = i;
		if (index)
			chunk->free = group_entry(writer, index)->next;
		else if (chunk->used < chunk_size(i))
			index = chunk_first(i) + chunk->used++;
		else
			continue;
		chunk->taken++;
		return index;
	}
	return 0;
}

static void records_clear(struct group_table *table, uint32_t index)
{
	struct group_spot spot = group_spot(index);

	for (unsigned worker = 0; worker < table->n_workers; worker++) {
		struct group *group = group_table_group(table, worker, index);
		_Atomic uint64_t *filtered = atomic_load_explicit(
			&table->slices[worker].filtered[spot.chunk], memory_order_relaxed);

		atomic_store_explicit(&group->packets, 0, memory_order_relaxed);
		atomic_store_explicit(&group->bytes, 0, memory_order_relaxed);
		atomic_store_explicit(&group->last_ms, 0, memory_order_relaxed);
		atomic_store_explicit(&filtered[spot.offset], 0, memory_order_relaxed);
	}
}

int group_index_alloc(struct group_table *table, uint32_t *index)
{
	struct group_writer *writer = table->writer;
	int rc;

	*index = take_free(writer);
	if (!*index) {
		// What is in limbo may be ripe; that is cheaper than another chunk.
		reclaim_poll(writer->reclaim);
		*index = take_free(writer);
	}
	if (!*index) {
		rc = chunk_add(table);
		if (rc)
			return rc;
		*index = take_free(writer);
	}
	records_clear(table, *index);
	return 0;
}

// Frees the highest chunks once nothing is in them. Keeps one when the chunk below is more than
// half full: it would soon be needed again.
static void chunks_trim(struct group_table *table)
{
	struct group_writer *writer = table->writer;
	unsigned n = writer->n_chunks;

	while (writer->n_chunks > 1 && !writer->chunks[writer->n_chunks - 1].taken &&
		writer->chunks[writer->n_chunks - 2].taken <= chunk_size(writer->n_chunks - 2) / 2)
		chunk_free(table, --writer->n_chunks);
	// Without memory for shorter keys the long ones stay.
	if (writer->n_chunks < n)
		keys_resize(table, chunk_first(writer->n_chunks));
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

	while (writer->ageing) {
		uint32_t index = writer->ageing;
		unsigned number = group_spot(index).chunk;
		struct group_chunk *chunk = &writer->chunks[number];
		union group_entry *entry = group_entry(writer, index);

		writer->ageing = entry->next;
		entry->next = chunk->free;
		chunk->free = index;
		chunk->taken--;
		if (number < writer->full_chunks)
			writer->full_chunks = number;
	}
	writer->limbo_busy = false;
	chunks_trim(writer->table);
	if (writer->released)
		limbo_start(writer);
}

void group_index_release(struct group_table *table, uint32_t index)
{
	struct group_writer *writer = table->writer;

	group_entry(writer, index)->next = writer->released;
	writer->released = index;
	writer->limbo.free = limbo_end;
	if (!writer->limbo_busy)
		limbo_start(writer);
}

size_t group_index_capacity(const struct group_table *table)
{
	size_t n = 0;

	for (unsigned i = 0; i < table->writer->n_chunks; i++)
		n += chunk_size(i);
	return n;
}

void group_index_fini(struct group_table *table)
{
	while (table->writer->limbo_busy)
		reclaim_synchronize(table->writer->reclaim);
	while (table->writer->n_chunks)
		chunk_free(table, --table->writer->n_chunks);
	free(atomic_load_explicit(&table->keys, memory_order_relaxed));
}
