// SPDX-License-Identifier: BSD-3-Clause
#include "punt_limit.h"
#include <rte_common.h>

#define DEPTH_MIN 64 // burst of frames that the limit always admits

void punt_limit_init(struct punt_limit *limit, uint64_t hz, unsigned rate)
{
	*limit = (struct punt_limit){.cost_tsc = hz / rate};
	limit->depth_tsc = RTE_MAX(DEPTH_MIN * limit->cost_tsc, hz / 10);
}

bool punt_limit_take(struct punt_limit *limit, uint64_t now_tsc)
{
	uint64_t full_tsc = RTE_MAX(limit->full_tsc, now_tsc) + limit->cost_tsc;

	if (full_tsc > now_tsc + limit->depth_tsc)
		return false;
	limit->full_tsc = full_tsc;
	return true;
}
