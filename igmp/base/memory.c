// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <sys/mman.h>

#include "memory.h"

bool (*memory_refuse)(size_t size);

static void *count(size_t *held, void *block, size_t size)
{
	if (block != NULL)
		*held += size;
	return block;
}

void *memory_get(size_t *held, size_t size)
{
	if (memory_refuse != NULL && memory_refuse(size))
		return NULL;
	return count(held, calloc(1, size), size);
}

void *memory_get_aligned(size_t *held, size_t align, size_t size)
{
	void *block;

	if (memory_refuse != NULL && memory_refuse(size))
		return NULL;
	if (size >= MEMORY_HUGE)
		align = MEMORY_HUGE;
	if (posix_memalign(&block, align, size) != 0)
		return NULL;
	// Advice only. With small pages random reads would miss the TLB as well as the cache.
	if (size >= MEMORY_HUGE)
		madvise(block, size, MADV_HUGEPAGE);
	return count(held, block, size);
}

void memory_put(size_t *held, void *block, size_t size)
{
	if (block == NULL)
		return;
	*held -= size;
	free(block);
}
