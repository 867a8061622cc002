// SPDX-License-Identifier: BSD-3-Clause
// The time of the data plane, which is also that of the control thread.
#ifndef DATAPLANE_CLOCK_H
#define DATAPLANE_CLOCK_H

#include <stdint.h>
#include <time.h>

// CLOCK_MONOTONIC, some ms late, but without a system call.
static inline uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
