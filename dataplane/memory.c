// SPDX-License-Identifier: BSD-3-Clause
#include "memory.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *memory_alloc(size_t size)
{
	size_t align = size < HUGE_PAGE ? MEMORY_LINE : HUGE_PAGE;
	void *memory;

	size = (size + align - 1) / align * align;
	memory = aligned_alloc(align, size);
	if (!memory)
		return NULL;
	// Advice only: lookups at random in small pages would miss the TLB as well as the cache.
	if (align == HUGE_PAGE)
		madvise(memory, size, MADV_HUGEPAGE);
	return memset(memory, 0, size);
}
