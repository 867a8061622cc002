// SPDX-License-Identifier: BSD-3-Clause
// A token bucket for frames: a burst is sent back to back, a flood at the configured rate.
#ifndef IGMP_RATE_LIMIT_H
#define IGMP_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint32_t rate; // frames per second
	uint32_t burst; // frames
	int64_t credit; // thousandths of a frame
	uint64_t at_ms;
};

void rate_limit_init(struct rate_limit *limit, uint32_t rate, uint32_t burst, uint64_t now_ms);

// Whether a frame may be sent. An urgent frame may also go into debt by half a burst, so that a
// single join is never delayed by a flood before it.
bool rate_limit_allows(struct rate_limit *limit, bool urgent, uint64_t now_ms);
void rate_limit_spend(struct rate_limit *limit);

#endif
