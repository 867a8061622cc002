// SPDX-License-Identifier: BSD-3-Clause
// Memory that workers read: zeroed, on cache lines of its own, on huge pages when it is large.
#ifndef DATAPLANE_MEMORY_H
#define DATAPLANE_MEMORY_H

#include <stddef.h>

#define MEMORY_LINE 64

// NULL when there is none; to be freed with free().
void *memory_alloc(size_t size);
// The same for what fills up little by little: large memory is not there before it is written.
void *memory_alloc_lazy(size_t size);

#endif
