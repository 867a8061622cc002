// SPDX-License-Identifier: BSD-3-Clause
// One block that is cut into chunks, first fit. It is rarely used, and then by few chunks at once.
#include "rpc_reserve.h"

#include <stdint.h>
#include <string.h>

#define SIZE (1u << 20) // bytes: the longest line and more parts of an answer than may be unread

struct chunk {
	size_t size; // with this header
	bool used;
	_Alignas(16) uint8_t bytes[];
};

static union {
	struct chunk first;
	uint8_t bytes[SIZE];
} block;

static struct chunk *next_of(struct chunk *chunk)
{
	uint8_t *next = (uint8_t *)chunk + chunk->size;

	return next < block.bytes + SIZE ? (struct chunk *)next : NULL;
}

static struct chunk *chunk_of(const void *memory)
{
	return (struct chunk *)((uint8_t *)memory - offsetof(struct chunk, bytes));
}

void rpc_reserve_open(void)
{
	if (block.first.size > 0)
		return;
	memset(&block, 0xff, sizeof(block));
	block.first = (struct chunk){.size = SIZE};
}

static void join_free(struct chunk *chunk)
{
	struct chunk *next;

	while ((next = next_of(chunk)) != NULL && !next->used)
		chunk->size += next->size;
}

static void split(struct chunk *chunk, size_t size)
{
	struct chunk *rest;

	if (chunk->size < size + sizeof(*rest) + sizeof(rest->bytes[0]))
		return;
	rest = (struct chunk *)((uint8_t *)chunk + size);
	*rest = (struct chunk){.size = chunk->size - size};
	chunk->size = size;
}

void *rpc_reserve_get(size_t size)
{
	size_t needed = (sizeof(struct chunk) + size + 15) & ~(size_t)15;

	if (block.first.size == 0 || size > SIZE)
		return NULL;
	for (struct chunk *chunk = &block.first; chunk != NULL; chunk = next_of(chunk)) {
		if (chunk->used)
			continue;
		join_free(chunk);
		if (chunk->size < needed)
			continue;
		split(chunk, needed);
		chunk->used = true;
		return chunk->bytes;
	}
	return NULL;
}

void rpc_reserve_put(void *memory)
{
	chunk_of(memory)->used = false;
}

bool rpc_reserve_owns(const void *memory)
{
	return (const uint8_t *)memory >= block.bytes &&
	       (const uint8_t *)memory < block.bytes + SIZE;
}

size_t rpc_reserve_size(const void *memory)
{
	return chunk_of(memory)->size - sizeof(struct chunk);
}
