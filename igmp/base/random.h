// SPDX-License-Identifier: BSD-3-Clause
// Seeded random numbers for delays, by the SplitMix64 recurrence: equal seeds give equal runs. Not
// suitable where the numbers must be hard to guess.
#ifndef IGMP_RANDOM_H
#define IGMP_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

// Uniform in 1 to max: a delay in (0, max] on a clock of whole milliseconds.
static inline uint32_t random_delay(uint64_t *state, uint32_t max)
{
	return max <= 1 ? 1 : 1 + (uint32_t)((random_next(state) >> 32) * max >> 32);
}

#endif
