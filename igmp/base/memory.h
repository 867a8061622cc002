// SPDX-License-Identifier: BSD-3-Clause
// Allocation that is counted and that a test can refuse.
#ifndef IGMP_MEMORY_H
#define IGMP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

// Set by fault-injecting tests: true makes the allocation fail. NULL refuses nothing.
extern bool (*memory_refuse)(size_t size);

#define MEMORY_HUGE ((size_t)2 << 20) // a huge page

// `held` counts the bytes of one owner. NULL if there is no memory.
void *memory_get(size_t *held, size_t size); // zeroed
// From MEMORY_HUGE on it is aligned to that at least, and asks for huge pages.
void *memory_get_aligned(size_t *held, size_t align, size_t size);
void memory_put(size_t *held, void *block, size_t size);

#endif
