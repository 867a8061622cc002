// SPDX-License-Identifier: BSD-3-Clause
#include "aligned_memory.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

// Rounds *size up. The contents are undefined.
static void *alloc(size_t *size)
{
	size_t align = *size < HUGE_PAGE ? ALIGNED_MEMORY_LINE : HUGE_PAGE;
	void *memory;

	*size = (*size + align - 1) / align * align;
	memory = aligned_alloc(align, *size);
	// Advice only. With small pages random lookups would miss the TLB as well as the cache.
	if (memory && align == HUGE_PAGE)
		madvise(memory, *size, MADV_HUGEPAGE);
	return memory;
}

void *aligned_memory_alloc(size_t size)
{
	void *memory = alloc(&size);

	return memory ? memset(memory, 0, size) : NULL;
}

void *aligned_memory_alloc_lazy(size_t size)
{
	void *memory = alloc(&size);

	if (!memory)
		return NULL;
	// Pages returned to the kernel are zeroed when they are next accessed.
	if (size < HUGE_PAGE || madvise(memory, size, MADV_DONTNEED))
		memset(memory, 0, size);
	return memory;
}
