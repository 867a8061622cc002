// SPDX-License-Identifier: BSD-3-Clause
// Limits the rate of frames.
#ifndef DATAPLANE_PUNT_LIMIT_H
#define DATAPLANE_PUNT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

// A token bucket, stored as the time at which it is full again.
struct punt_limit {
	uint64_t cost_tsc; // per frame
	uint64_t depth_tsc; // how far full_tsc may be ahead of the clock
	uint64_t full_tsc;
};

// rate: frames per second; hz: frequency of the clock.
void punt_limit_init(struct punt_limit *limit, uint64_t hz, unsigned rate);
// Worker. False: the frame exceeds the rate.
bool punt_limit_take(struct punt_limit *limit, uint64_t now_tsc);

#endif
