// SPDX-License-Identifier: BSD-3-Clause
// Allocation that counts bytes and that a test can make fail. All of igmp/base uses it:
//
//   memory.c      allocation
//   pool.c        objects of one size
//   hash_table.c  a hash table of pool objects
//   wheel.c       timers
//   rate_limit.c  a token bucket for frames
//   random.h      seeded randomness
#ifndef IGMP_MEMORY_H
#define IGMP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

// Set by fault-injecting tests: returning true makes the allocation fail. NULL makes none fail.
extern bool (*memory_refuse)(size_t size);

#define MEMORY_HUGE ((size_t)2 << 20) // a huge page

// `held` counts the bytes of one owner. Returns NULL if out of memory.
void *memory_get(size_t *held, size_t size); // zeroed
// A block of MEMORY_HUGE bytes or more is aligned to at least MEMORY_HUGE and requests huge pages.
void *memory_get_aligned(size_t *held, size_t align, size_t size);
void memory_put(size_t *held, void *block, size_t size);

#endif
