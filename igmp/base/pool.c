// SPDX-License-Identifier: BSD-3-Clause
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "pool.h"

#define FETCH_AHEAD 8 // objects

static unsigned words(const struct pool *pool)
{
	return (pool->per_chunk + POOL_WORD - 1) / POOL_WORD;
}

void pool_init_split(struct pool *pool, size_t object_size, size_t rest_size, size_t *held)
{
	unsigned per_chunk = pool_per_chunk(object_size + rest_size);

	*pool = (struct pool){
		.object_size = object_size,
		.rest_size = rest_size,
		.inverse = UINT32_MAX / object_size + 1,
		.per_chunk = per_chunk,
		.chunk_bits = 32 - __builtin_clz(per_chunk - 1),
		.first = POOL_CHUNK_SIZE - per_chunk * object_size,
		.held = held,
	};
	LIST_INIT(&pool->partial);
}

void pool_init(struct pool *pool, size_t object_size, size_t *held)
{
	pool_init_split(pool, object_size, 0, held);
}

static bool grow_directory(struct pool *pool)
{
	unsigned room = pool->chunks_room > 0 ? 2 * pool->chunks_room : 4;
	struct pool_chunk **chunks = memory_get(pool->held, room * sizeof(*chunks));

	if (chunks == NULL)
		return false;
	for (unsigned i = 0; i < pool->chunks_room; i++)
		chunks[i] = pool->chunks[i];
	memory_put(pool->held, pool->chunks, pool->chunks_room * sizeof(*chunks));
	pool->chunks = chunks;
	pool->chunks_room = room;
	return true;
}

static size_t block_size(unsigned n_chunks)
{
	return n_chunks > 1 ? n_chunks * POOL_CHUNK : POOL_CHUNK_SIZE;
}

static struct pool_chunk *block_chunk(struct pool_chunk *block, unsigned i)
{
	return (struct pool_chunk *)((uint8_t *)block + i * POOL_CHUNK);
}

static void chunk_open(struct pool *pool, struct pool_chunk *chunk, struct pool_chunk *block)
{
	unsigned number = pool->free_number;

	while (pool->chunks[number] != NULL)
		number++;
	pool->free_number = number;
	memset(chunk, 0, sizeof(*chunk));
	chunk->pool = pool;
	chunk->block = block;
	chunk->number = number;
	pool->chunks[number] = chunk;
}

static bool block_add(struct pool *pool, unsigned n_chunks)
{
	struct pool_chunk *block;

	while (pool->chunks_room < pool->n_chunks + n_chunks) {
		if (!grow_directory(pool))
			return false;
	}
	block = memory_get_aligned(pool->held, POOL_CHUNK, block_size(n_chunks));
	if (block == NULL)
		return false;
	for (unsigned i = 0; i < n_chunks; i++)
		chunk_open(pool, block_chunk(block, i), block);
	// The first chunk is filled first.
	for (unsigned i = n_chunks; i-- > 0;)
		LIST_INSERT_HEAD(&pool->partial, block_chunk(block, i), entry);
	block->block_chunks = n_chunks;
	pool->n_chunks += n_chunks;
	pool->n_free += n_chunks * pool->per_chunk;
	return true;
}

static bool grow(struct pool *pool)
{
	if (pool->n_chunks >= POOL_LARGE_CHUNKS && block_add(pool, POOL_BLOCK_CHUNKS))
		return true;
	return block_add(pool, 1);
}

static void block_drop(struct pool *pool, struct pool_chunk *block)
{
	unsigned n_chunks = block->block_chunks;

	for (unsigned i = 0; i < n_chunks; i++) {
		struct pool_chunk *chunk = block_chunk(block, i);

		LIST_REMOVE(chunk, entry);
		pool->chunks[chunk->number] = NULL;
		if (chunk->number < pool->free_number)
			pool->free_number = chunk->number;
	}
	pool->n_chunks -= n_chunks;
	pool->n_free -= n_chunks * pool->per_chunk;
	memory_put(pool->held, block, block_size(n_chunks));
}

// Keeps the smaller of two empty blocks.
static void block_spare(struct pool *pool, struct pool_chunk *block)
{
	struct pool_chunk *spare = pool->spare;

	if (spare != NULL && spare->block_chunks < block->block_chunks) {
		block_drop(pool, block);
		return;
	}
	if (spare != NULL)
		block_drop(pool, spare);
	pool->spare = block;
}

void pool_close(struct pool *pool)
{
	struct pool_chunk *chunk;

	while ((chunk = LIST_FIRST(&pool->partial)) != NULL)
		block_drop(pool, chunk->block);
	memory_put(pool->held, pool->chunks, pool->chunks_room * sizeof(*pool->chunks));
	pool_init_split(pool, pool->object_size, pool->rest_size, pool->held);
}

static_assert(POOL_BLOCK_CHUNKS * POOL_CHUNK == MEMORY_HUGE, "a large block is a huge page");

bool pool_reserve(struct pool *pool, size_t n)
{
	while (pool->n_free < n) {
		if (!grow(pool))
			return false;
	}
	return true;
}

static uint8_t *object_at(const struct pool *pool, const struct pool_chunk *chunk, unsigned place)
{
	return (uint8_t *)chunk + pool->first + place * pool->object_size;
}

// Objects allocated in sequence are contiguous, so this prefetches a later one.
static void *clear(void *part, size_t size)
{
	__builtin_prefetch((void *)((uintptr_t)part + FETCH_AHEAD * size), 1);
	return memset(part, 0, size);
}

void *pool_get(struct pool *pool)
{
	struct pool_chunk *chunk;
	unsigned word, bit;
	void *object;

	if (!pool_reserve(pool, 1))
		return NULL;
	chunk = LIST_FIRST(&pool->partial);
	word = chunk->free_word;
	while (chunk->used[word] == UINT64_MAX)
		word++;
	chunk->free_word = word;
	bit = __builtin_ctzll(~chunk->used[word]);
	chunk->used[word] |= UINT64_C(1) << bit;
	if (chunk->block == pool->spare)
		pool->spare = NULL;
	chunk->block->block_used++;
	pool->n_free--;
	pool->n_used++;
	if (++chunk->n_used == pool->per_chunk)
		LIST_REMOVE(chunk, entry);
	object = object_at(pool, chunk, word * POOL_WORD + bit);
	if (pool->rest_size > 0)
		clear(pool_rest(object, pool->object_size, pool->rest_size), pool->rest_size);
	return clear(object, pool->object_size);
}

void pool_put(void *object)
{
	struct pool_chunk *chunk = pool_chunk_of(object);
	struct pool *pool = chunk->pool;
	unsigned place = pool_place(pool, object);

	if (chunk->n_used == pool->per_chunk)
		LIST_INSERT_HEAD(&pool->partial, chunk, entry);
	chunk->used[place / POOL_WORD] &= ~(UINT64_C(1) << place % POOL_WORD);
	if (place / POOL_WORD < chunk->free_word)
		chunk->free_word = place / POOL_WORD;
	pool->n_free++;
	pool->n_used--;
	chunk->n_used--;
	if (--chunk->block->block_used == 0)
		block_spare(pool, chunk->block);
}

// Returns the first used object of the chunk at `place` or after it, or NULL.
static void *used_from(const struct pool *pool, const struct pool_chunk *chunk, unsigned place)
{
	uint64_t mask = UINT64_MAX << place % POOL_WORD;

	for (unsigned word = place / POOL_WORD; word < words(pool); word++, mask = UINT64_MAX) {
		uint64_t used = chunk->used[word] & mask;

		if (used != 0)
			return object_at(pool, chunk, word * POOL_WORD + __builtin_ctzll(used));
	}
	return NULL;
}

static void *find_from(const struct pool *pool, unsigned chunk, unsigned place)
{
	for (; chunk < pool->chunks_room; chunk++, place = 0) {
		void *object = pool->chunks[chunk] != NULL
				       ? used_from(pool, pool->chunks[chunk], place)
				       : NULL;

		if (object != NULL)
			return object;
	}
	return NULL;
}

void *pool_find_from(const struct pool *pool, uint32_t number)
{
	return find_from(pool, (number - 1) >> pool->chunk_bits,
		(number - 1) & ((1u << pool->chunk_bits) - 1));
}

void *pool_find_next(const struct pool *pool, const void *object)
{
	return object != NULL ? find_from(pool, pool_chunk_of(object)->number,
					pool_place(pool, object) + 1)
			      : find_from(pool, 0, 0);
}
