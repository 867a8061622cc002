// SPDX-License-Identifier: BSD-3-Clause
// Counters with one writer and any number of readers: relaxed atomics, no locked instruction.
#ifndef DATAPLANE_COUNTER_H
#define DATAPLANE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter_t;

static inline void counter_add(counter_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

static inline uint64_t counter_read(const counter_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
