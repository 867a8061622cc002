// SPDX-License-Identifier: BSD-3-Clause
// Memory that workers read: zeroed, on cache lines of its own, on huge pages when it is large.
#ifndef DATAPLANE_ALIGNED_MEMORY_H
#define DATAPLANE_ALIGNED_MEMORY_H

#include <stddef.h>

#define ALIGNED_MEMORY_LINE 64

// NULL when there is none; to be freed with free().
void *aligned_memory_alloc(size_t size);
// The same for what fills up little by little: large memory is not there before it is written.
void *aligned_memory_alloc_lazy(size_t size);

#endif
