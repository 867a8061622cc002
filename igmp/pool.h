// SPDX-License-Identifier: BSD-3-Clause
// Objects of one size, carved from aligned chunks: a million of them cost no allocator headers,
// and a chunk goes back when its last object does. An object has a 32-bit number, half a pointer,
// for tables that must stay small. Objects got in a row lie in a row and have rising numbers.
#ifndef IGMP_POOL_H
#define IGMP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct pool_chunk;

struct pool {
	LIST_HEAD(, pool_chunk) partial; // chunks with a free object
	struct pool_chunk *spare; // one empty chunk kept back, so that a lone object cannot thrash
	struct pool_chunk **chunks; // by number
	unsigned chunks_room;
	unsigned free_number; // no chunk has a lower number free; a hint
	unsigned per_chunk; // objects
	unsigned chunk_bits; // the low bits of a number tell the place in the chunk
	uint32_t first; // where the objects begin in a chunk
	uint32_t object_size;
	uint32_t inverse; // 2^32 / object_size: divides without a division
	size_t n_used;
	size_t n_free;
	size_t *held;
};

void pool_init(struct pool *pool, size_t object_size, size_t *held);

// Gives back what is left; all objects must have been put.
void pool_close(struct pool *pool);

// Makes sure that the next n calls of pool_get() succeed, as long as nothing is put in between.
// This is what lets a transaction fail before it changes anything. False: out of memory.
bool pool_reserve(struct pool *pool, size_t n);

void *pool_get(struct pool *pool); // zeroed; NULL if out of memory
void pool_put(void *object);

// The object with the next higher number; of NULL, the first. NULL at the end.
void *pool_next(const struct pool *pool, const void *object);

// The pool an object came from.
struct pool *pool_of(const void *object);

// The number of an object, never 0, and back.
uint32_t pool_number(const void *object);

static inline void *pool_at(const struct pool *pool, uint32_t number)
{
	uint8_t *chunk = (uint8_t *)pool->chunks[(number - 1) >> pool->chunk_bits];
	uint32_t place = (number - 1) & ((1u << pool->chunk_bits) - 1);

	return chunk + pool->first + place * pool->object_size;
}

#endif
