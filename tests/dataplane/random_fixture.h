// SPDX-License-Identifier: BSD-3-Clause
// A small random number generator: a random test is the same on every machine.
#ifndef TESTS_DATAPLANE_RANDOM_FIXTURE_H
#define TESTS_DATAPLANE_RANDOM_FIXTURE_H

#include <stdint.h>

struct random {
	uint64_t state; // not 0
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t x = random->state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	random->state = x;
	return x * 0x2545f4914f6cdd1d;
}

// 0 to n - 1
static inline uint32_t random_below(struct random *random, uint32_t n)
{
	return (uint32_t)((random_next(random) >> 32) * n >> 32);
}

#endif
