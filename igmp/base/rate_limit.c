// SPDX-License-Identifier: BSD-3-Clause
#include "rate_limit.h"

#define FRAME 1000 // credit of one frame

void rate_limit_init(struct rate_limit *limit, uint32_t rate, uint32_t burst, uint64_t now_ms)
{
	*limit = (struct rate_limit){
		.rate = rate,
		.burst = burst,
		.credit = (int64_t)burst * FRAME,
		.at_ms = now_ms,
	};
}

bool rate_limit_allows(struct rate_limit *limit, bool urgent, uint64_t now_ms)
{
	int64_t full = (int64_t)limit->burst * FRAME;
	uint64_t elapsed = now_ms - limit->at_ms;

	// One second is more than enough to fill a bucket whose depth is a burst. This avoids an
	// overflow.
	if (elapsed > 1000 + 2 * (uint64_t)full / limit->rate)
		limit->credit = full;
	else
		limit->credit += (int64_t)elapsed * limit->rate;
	if (limit->credit > full)
		limit->credit = full;
	limit->at_ms = now_ms;
	return limit->credit >= FRAME - (urgent ? full / 2 : 0);
}

void rate_limit_spend(struct rate_limit *limit)
{
	limit->credit -= FRAME;
}
