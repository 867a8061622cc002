// SPDX-License-Identifier: BSD-3-Clause
// Objects of one size, allocated from aligned chunks without a header per object. Chunks are
// allocated in blocks, and a block is freed with its last object. A block has one chunk at first.
// In a large pool it has as many as fill a huge page, because with small pages many objects would
// miss the TLB as well as the cache. An object has a 32-bit number, half the size of a pointer, for
// tables that must stay small. Objects allocated in sequence are contiguous and have rising
// numbers.
#ifndef IGMP_POOL_H
#define IGMP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define POOL_CHUNK ((size_t)32768) // alignment of chunks, bytes
// Less than the alignment by what the allocator puts between two chunks. Otherwise it would leave
// every second slot of the heap empty.
#define POOL_CHUNK_SIZE (POOL_CHUNK - 128)
#define POOL_BLOCK_CHUNKS 64 // chunks of a large block
#define POOL_LARGE_CHUNKS (4 * POOL_BLOCK_CHUNKS) // a pool this large grows by large blocks
#define POOL_WORD 64 // objects
#define POOL_OBJECT_MIN 16 // bytes

struct pool_chunk {
	struct pool *pool;
	LIST_ENTRY(pool_chunk) entry;
	struct pool_chunk *block; // its first chunk
	uint32_t block_chunks; // valid in the first chunk of a block, like the next field
	uint32_t block_used; // objects
	uint32_t n_used;
	uint32_t number;
	unsigned free_word; // no word of `used` has a free object before this one
	uint64_t used[POOL_CHUNK / POOL_OBJECT_MIN / POOL_WORD]; // a bit for each object
};

struct pool {
	LIST_HEAD(, pool_chunk) partial; // chunks with a free object
	struct pool_chunk *spare; // one empty block in reserve, against thrashing
	struct pool_chunk **chunks; // by number
	unsigned chunks_room;
	unsigned n_chunks;
	unsigned free_number; // a hint: no lower number is free
	unsigned per_chunk; // objects
	unsigned chunk_bits; // low bits of a number that are the place in the chunk
	uint32_t first; // where the objects begin in a chunk
	uint32_t object_size;
	uint32_t rest_size;
	uint32_t inverse; // 2^32 / object_size, to divide by multiplication
	size_t n_used;
	size_t n_free;
	size_t *held;
};

void pool_init(struct pool *pool, size_t object_size, size_t *held);
// Objects with a second part that is stored apart, so that the first parts are dense.
void pool_init_split(struct pool *pool, size_t object_size, size_t rest_size, size_t *held);

// Frees the memory of the pool. All objects must have been put.
void pool_close(struct pool *pool);

// Makes sure that the next n calls of pool_get() succeed, as long as no object is put in between.
// This lets a transaction fail before it changes anything. Returns false if out of memory.
bool pool_reserve(struct pool *pool, size_t n);

void *pool_get(struct pool *pool); // zeroed; NULL if out of memory
void pool_put(void *object);

static inline struct pool_chunk *pool_chunk_of(const void *object)
{
	return (struct pool_chunk *)((uintptr_t)object & ~(POOL_CHUNK - 1));
}

// The pool an object came from.
static inline struct pool *pool_of(const void *object)
{
	return pool_chunk_of(object)->pool;
}

// The place of an object in its chunk. Exact, as offsets are below 2^15.
static inline unsigned pool_place(const struct pool *pool, const void *object)
{
	uint32_t offset = ((uintptr_t)object & (POOL_CHUNK - 1)) - pool->first;

	return (uint64_t)offset * pool->inverse >> 32;
}

// The number of objects of this size, both parts included, that fit into a chunk.
static inline uint32_t pool_per_chunk(size_t size)
{
	return (POOL_CHUNK_SIZE - sizeof(struct pool_chunk)) / size;
}

// Convert between the two parts of an object. The objects are at the end of the chunk: first all
// second parts, then all first parts. If the compiler knows the sizes, nothing is read.
static inline void *pool_rest(const void *object, size_t object_size, size_t rest_size)
{
	uint32_t n = pool_per_chunk(object_size + rest_size);
	uint32_t from_end = POOL_CHUNK_SIZE - (uint32_t)((uintptr_t)object & (POOL_CHUNK - 1));

	return (uint8_t *)pool_chunk_of(object) + POOL_CHUNK_SIZE - n * object_size -
	       from_end / object_size * rest_size;
}

static inline void *pool_front(const void *rest, size_t object_size, size_t rest_size)
{
	uint32_t n = pool_per_chunk(object_size + rest_size);
	uint32_t from_end = POOL_CHUNK_SIZE - n * (uint32_t)object_size -
			    (uint32_t)((uintptr_t)rest & (POOL_CHUNK - 1));

	return (uint8_t *)pool_chunk_of(rest) + POOL_CHUNK_SIZE -
	       from_end / rest_size * object_size;
}

// Returns the first object with this number (at least 1) or a higher one, NULL at the end.
void *pool_find_from(const struct pool *pool, uint32_t number);

// No object has this number or a higher one until the pool grows.
static inline uint32_t pool_end(const struct pool *pool)
{
	return (pool->chunks_room << pool->chunk_bits) + 1;
}

// Returns the first object with a higher number; NULL returns the first object. NULL at the end.
void *pool_find_next(const struct pool *pool, const void *object);

// The same. If the next object is in use, only its used bit is read.
static inline void *pool_next(const struct pool *pool, const void *object)
{
	unsigned next = object != NULL ? pool_place(pool, object) + 1 : 0;

	if (next == 0 || next == pool->per_chunk ||
		(pool_chunk_of(object)->used[next / POOL_WORD] >> next % POOL_WORD & 1) == 0)
		return pool_find_next(pool, object);
	return (uint8_t *)object + pool->object_size;
}

// Convert between an object and its number, which is never 0.
static inline uint32_t pool_number(const void *object)
{
	const struct pool_chunk *chunk = pool_chunk_of(object);

	return (chunk->number << chunk->pool->chunk_bits) + pool_place(chunk->pool, object) + 1;
}

static inline void *pool_at(const struct pool *pool, uint32_t number)
{
	uint8_t *chunk = (uint8_t *)pool->chunks[(number - 1) >> pool->chunk_bits];
	uint32_t place = (number - 1) & ((1u << pool->chunk_bits) - 1);

	return chunk + pool->first + place * pool->object_size;
}

#endif
