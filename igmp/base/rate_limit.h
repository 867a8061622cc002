// SPDX-License-Identifier: BSD-3-Clause
// A token bucket for frames: a burst leaves back to back, a flood at the rate the link was given.
#ifndef IGMP_PACE_H
#define IGMP_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint32_t rate; // frames a second
	uint32_t burst; // frames
	int64_t credit; // thousandths of a frame
	uint64_t at_ms;
};

void pace_init(struct pace *pace, uint32_t rate, uint32_t burst, uint64_t now_ms);

// Whether a frame may leave. An urgent one may also run up a debt of half a burst, so that a lone
// join is never held up by a flood before it.
bool pace_allows(struct pace *pace, bool urgent, uint64_t now_ms);
void pace_spend(struct pace *pace);

#endif
