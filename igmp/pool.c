// SPDX-License-Identifier: BSD-3-Clause
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "pool.h"

#define CHUNK_ALIGN ((size_t)16384)
// Short of the alignment by an allocator header, or every second slot of the heap would be lost.
#define CHUNK_SIZE (CHUNK_ALIGN - 64)

struct slot {
	struct slot *next;
};

struct pool_chunk {
	struct pool *pool;
	LIST_ENTRY(pool_chunk) entry;
	struct slot *free;
	uint32_t n_used;
	uint32_t n_fresh; // objects at the end that were never handed out
};

static size_t chunk_objects(const struct pool *pool)
{
	return (CHUNK_SIZE - sizeof(struct pool_chunk)) / pool->object_size;
}

static struct pool_chunk *chunk_of(const void *object)
{
	return (struct pool_chunk *)((uintptr_t)object & ~(CHUNK_ALIGN - 1));
}

void pool_init(struct pool *pool, size_t object_size, size_t *held)
{
	*pool = (struct pool){.object_size = object_size, .held = held};
	LIST_INIT(&pool->partial);
}

static bool chunk_add(struct pool *pool)
{
	struct pool_chunk *chunk = memory_get_aligned(pool->held, CHUNK_ALIGN, CHUNK_SIZE);

	if (chunk == NULL)
		return false;
	chunk->pool = pool;
	chunk->n_fresh = chunk_objects(pool);
	pool->n_free += chunk->n_fresh;
	LIST_INSERT_HEAD(&pool->partial, chunk, entry);
	return true;
}

static void chunk_drop(struct pool *pool, struct pool_chunk *chunk)
{
	LIST_REMOVE(chunk, entry);
	pool->n_free -= chunk_objects(pool);
	memory_put(pool->held, chunk, CHUNK_SIZE);
}

void pool_close(struct pool *pool)
{
	struct pool_chunk *chunk;

	while ((chunk = LIST_FIRST(&pool->partial)) != NULL)
		chunk_drop(pool, chunk);
	pool->spare = NULL;
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
		memset(object, 0, pool->object_size);
	} else {
		object = (uint8_t *)chunk + CHUNK_SIZE - chunk->n_fresh-- * pool->object_size;
	}
	if (chunk == pool->spare)
		pool->spare = NULL;
	pool->n_free--;
	pool->n_used++;
	if (++chunk->n_used == chunk_objects(pool))
		LIST_REMOVE(chunk, entry);
	return object;
}

void pool_put(void *object)
{
	struct pool_chunk *chunk = chunk_of(object);
	struct pool *pool = chunk->pool;
	struct slot *slot = object;

	if (chunk->n_used == chunk_objects(pool))
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
