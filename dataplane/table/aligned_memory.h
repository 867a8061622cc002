// SPDX-License-Identifier: BSD-3-Clause
// Memory for data that workers read: zeroed, aligned to cache lines, on huge pages if it is large.
#ifndef DATAPLANE_ALIGNED_MEMORY_H
#define DATAPLANE_ALIGNED_MEMORY_H

#include <stddef.h>

#define ALIGNED_MEMORY_LINE 64 // bytes of a cache line

// NULL if out of memory. Free with free().
void *aligned_memory_alloc(size_t size);
// The same for memory that fills up slowly: pages of a large block are allocated when first
// written.
void *aligned_memory_alloc_lazy(size_t size);

#endif
