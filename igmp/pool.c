// SPDX-License-Identifier: BSD-3-Clause
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "pool.h"

#define CHUNK_ALIGN ((size_t)32768)
// Short of the alignment by what the allocator puts between two chunks, or it would leave every
// second slot of the heap empty.
#define CHUNK_SIZE (CHUNK_ALIGN - 128)

struct slot {
	struct slot *next;
};

struct pool_chunk {
	struct pool *pool;
	LIST_ENTRY(pool_chunk) entry;
	struct slot *free;
	uint32_t n_used;
	uint32_t n_fresh; // objects at the end that were never handed out
	uint32_t number;
};

static struct pool_chunk *chunk_of(const void *object)
{
	return (struct pool_chunk *)((uintptr_t)object & ~(CHUNK_ALIGN - 1));
}

void pool_init(struct pool *pool, size_t object_size, size_t *held)
{
	*pool = (struct pool){
		.object_size = object_size,
		.per_chunk = (CHUNK_SIZE - sizeof(struct pool_chunk)) / object_size,
		.held = held,
	};
	LIST_INIT(&pool->partial);
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
	chunk = memory_get_aligned(pool->held, CHUNK_ALIGN, CHUNK_SIZE);
	if (chunk == NULL)
		return false;
	*chunk = (struct pool_chunk){
		.pool = pool,
		.number = number,
		.n_fresh = pool->per_chunk,
	};
	pool->chunks[number] = chunk;
	pool->n_free += chunk->n_fresh;
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
	memory_put(pool->held, chunk, CHUNK_SIZE);
}

void pool_close(struct pool *pool)
{
	struct pool_chunk *chunk;

	while ((chunk = LIST_FIRST(&pool->partial)) != NULL)
		chunk_drop(pool, chunk);
	memory_put(pool->held, pool->chunks, pool->chunks_room * sizeof(*pool->chunks));
	pool_init(pool, pool->object_size, pool->held);
}

bool pool_reserve(struct pool *pool, size_t n)
{
	while (pool->n_free < n) {
		if (!chunk_add(pool))
			return false;
	}
	return true;
}

void *pool_get(struct pool *pool)
{
	struct pool_chunk *chunk;
	void *object;

	if (!pool_reserve(pool, 1))
		return NULL;
	chunk = LIST_FIRST(&pool->partial);
	if (chunk->free != NULL) {
		object = chunk->free;
		chunk->free = chunk->free->next;
	} else {
		object = (uint8_t *)chunk + CHUNK_SIZE - chunk->n_fresh-- * pool->object_size;
	}
	memset(object, 0, pool->object_size);
	if (chunk == pool->spare)
		pool->spare = NULL;
	pool->n_free--;
	pool->n_used++;
	if (++chunk->n_used == pool->per_chunk)
		LIST_REMOVE(chunk, entry);
	return object;
}

void pool_put(void *object)
{
	struct pool_chunk *chunk = chunk_of(object);
	struct pool *pool = chunk->pool;
	struct slot *slot = object;

	if (chunk->n_used == pool->per_chunk)
		LIST_INSERT_HEAD(&pool->partial, chunk, entry);
	slot->next = chunk->free;
	chunk->free = slot;
	pool->n_free++;
	pool->n_used--;
	if (--chunk->n_used > 0)
		return;
	if (pool->spare != NULL)
		chunk_drop(pool, pool->spare);
	pool->spare = chunk;
}

struct pool *pool_of(const void *object)
{
	return chunk_of(object)->pool;
}

static uint8_t *first_object(const struct pool *pool, const struct pool_chunk *chunk)
{
	return (uint8_t *)chunk + CHUNK_SIZE - pool->per_chunk * pool->object_size;
}

uint32_t pool_number(const void *object)
{
	const struct pool_chunk *chunk = chunk_of(object);
	const struct pool *pool = chunk->pool;
	size_t offset = (const uint8_t *)object - first_object(pool, chunk);

	return chunk->number * pool->per_chunk + offset / pool->object_size + 1;
}

void *pool_at(const struct pool *pool, uint32_t number)
{
	const struct pool_chunk *chunk = pool->chunks[(number - 1) / pool->per_chunk];

	return first_object(pool, chunk) + (number - 1) % pool->per_chunk * pool->object_size;
}
