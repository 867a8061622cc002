// SPDX-License-Identifier: BSD-3-Clause
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "pool.h"

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

static bool chunk_add(struct pool *pool)
{
	struct pool_chunk *chunk;
	unsigned number = pool->free_number;

	while (number < pool->chunks_room && pool->chunks[number] != NULL)
		number++;
	pool->free_number = number;
	if (number == pool->chunks_room && !grow_directory(pool))
		return false;
	chunk = memory_get_aligned(pool->held, POOL_CHUNK, POOL_CHUNK_SIZE);
	if (chunk == NULL)
		return false;
	memset(chunk, 0, sizeof(*chunk));
	chunk->pool = pool;
	chunk->number = number;
	pool->chunks[number] = chunk;
	pool->n_free += pool->per_chunk;
	LIST_INSERT_HEAD(&pool->partial, chunk, entry);
	return true;
}

static void chunk_drop(struct pool *pool, struct pool_chunk *chunk)
{
	LIST_REMOVE(chunk, entry);
	pool->n_free -= pool->per_chunk;
	pool->chunks[chunk->number] = NULL;
	if (chunk->number < pool->free_number)
		pool->free_number = chunk->number;
	memory_put(pool->held, chunk, POOL_CHUNK_SIZE);
}

void pool_close(struct pool *pool)
{
	struct pool_chunk *chunk;

	while ((chunk = LIST_FIRST(&pool->partial)) != NULL)
		chunk_drop(pool, chunk);
	memory_put(pool->held, pool->chunks, pool->chunks_room * sizeof(*pool->chunks));
	pool_init_split(pool, pool->object_size, pool->rest_size, pool->held);
}

bool pool_reserve(struct pool *pool, size_t n)
{
	while (pool->n_free < n) {
		if (!chunk_add(pool))
			return false;
	}
	return true;
}

static uint8_t *object_at(const struct pool *pool, const struct pool_chunk *chunk, unsigned place)
{
	return (uint8_t *)chunk + pool->first + place * pool->object_size;
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
	if (chunk == pool->spare)
		pool->spare = NULL;
	pool->n_free--;
	pool->n_used++;
	if (++chunk->n_used == pool->per_chunk)
		LIST_REMOVE(chunk, entry);
	object = object_at(pool, chunk, word * POOL_WORD + bit);
	if (pool->rest_size > 0)
		memset(pool_rest(object, pool->object_size, pool->rest_size), 0, pool->rest_size);
	return memset(object, 0, pool->object_size);
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
	if (--chunk->n_used > 0)
		return;
	if (pool->spare != NULL)
		chunk_drop(pool, pool->spare);
	pool->spare = chunk;
}

// The first object of a chunk that is used and at this place or after it, NULL if none is.
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

void *pool_find_next(const struct pool *pool, const void *object)
{
	unsigned number = object != NULL ? pool_chunk_of(object)->number : 0;
	unsigned place = object != NULL ? pool_place(pool, object) + 1 : 0;

	for (; number < pool->chunks_room; number++, place = 0) {
		void *next = pool->chunks[number] != NULL
				     ? used_from(pool, pool->chunks[number], place)
				     : NULL;

		if (next != NULL)
			return next;
	}
	return NULL;
}
