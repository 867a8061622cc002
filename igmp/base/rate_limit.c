// SPDX-License-Identifier: BSD-3-Clause
#include "rate_limit.h"

#define FRAME 1000 // credit of one frame

void pace_init(struct pace *pace, uint32_t rate, uint32_t burst, uint64_t now_ms)
{
	*pace = (struct pace){
		.rate = rate,
		.burst = burst,
		.credit = (int64_t)burst * FRAME,
		.at_ms = now_ms,
	};
}

bool pace_allows(struct pace *pace, bool urgent, uint64_t now_ms)
{
	int64_t full = (int64_t)pace->burst * FRAME;
	uint64_t elapsed = now_ms - pace->at_ms;

	// A second is more than enough to fill a bucket whose depth is a burst: no overflow.
	if (elapsed > 1000 + 2 * (uint64_t)full / pace->rate)
		pace->credit = full;
	else
		pace->credit += (int64_t)elapsed * pace->rate;
	if (pace->credit > full)
		pace->credit = full;
	pace->at_ms = now_ms;
	return pace->credit >= FRAME - (urgent ? full / 2 : 0);
}

void pace_spend(struct pace *pace)
{
	pace->credit -= FRAME;
}
