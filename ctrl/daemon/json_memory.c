// SPDX-License-Identifier: BSD-3-Clause
// Chunks are allocated from blocks one after the other. A freed chunk is reused for the same size.
// When no chunk is in use any more, allocation starts again at the first block.
#include "json_memory.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// With AddressSanitizer each chunk is a separate allocation.
#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER true
#else
#define ADDRESS_SANITIZER false
#endif

#define BLOCK_SIZE (256u << 10)
#define BLOCKS_KEPT 16u
#define CLASS_SIZE 16u // the sizes of a class differ by less
#define CLASSES 32u // larger chunks come from the heap

union chunk {
	uint64_t class; // of a chunk in use
	union chunk *next; // of a free chunk
};

struct block {
	struct block *next;
	uint8_t bytes[BLOCK_SIZE];
};

static struct block *first, *current;
static size_t used; // bytes used of the current block
static union chunk *free_chunks[CLASSES];
static size_t in_use; // chunks in use

static bool next_block(void)
{
	struct block **link = current != NULL ? &current->next : &first;

	if (*link == NULL)
		*link = calloc(1, sizeof(**link));
	if (*link == NULL)
		return false;
	current = *link;
	used = 0;
	return true;
}

static union chunk *cut(size_t size)
{
	union chunk *chunk;

	if ((current == NULL || used + size > BLOCK_SIZE) && !next_block())
		return NULL;
	chunk = (union chunk *)&current->bytes[used];
	used += size;
	return chunk;
}

static void *allocate(size_t size)
{
	uint64_t class = (sizeof(union chunk) + size + CLASS_SIZE - 1) / CLASS_SIZE;
	union chunk *chunk;

	if (class >= CLASSES) {
		class = CLASSES;
		chunk = malloc(sizeof(*chunk) + size);
	} else if (free_chunks[class] != NULL) {
		chunk = free_chunks[class];
		free_chunks[class] = chunk->next;
	} else {
		chunk = cut(class * CLASS_SIZE);
	}
	if (chunk == NULL)
		return NULL;
	chunk->class = class;
	in_use += class < CLASSES;
	return chunk + 1;
}

static void start_again(void)
{
	struct block *block = first, *next;

	memset(free_chunks, 0, sizeof(free_chunks));
	current = first;
	used = 0;
	for (unsigned n = 1; n < BLOCKS_KEPT && block != NULL; n++)
		block = block->next;
	if (block == NULL)
		return;
	next = block->next;
	block->next = NULL;
	for (block = next; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
}

static void release(void *memory)
{
	union chunk *chunk = memory;
	uint64_t class;

	if (memory == NULL)
		return;
	chunk--;
	class = chunk->class;
	if (class == CLASSES) {
		free(chunk);
		return;
	}
	chunk->next = free_chunks[class];
	free_chunks[class] = chunk;
	if (--in_use == 0)
		start_again();
}

void json_memory_use(void)
{
	if (!ADDRESS_SANITIZER)
		json_set_alloc_funcs(allocate, release);
}
