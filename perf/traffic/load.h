// SPDX-License-Identifier: BSD-3-Clause
// The options of the command line of sluice-load.
#ifndef PERF_LOAD_H
#define PERF_LOAD_H

#include "traffic.h"

struct load {
	struct traffic_config traffic;
	uint64_t rate; // frames per second; 0: as many as the device takes
	uint64_t count; // frames; 0: until a signal
	unsigned seconds; // 0: until a signal
	unsigned cpu;
	const char *device;
};

// Reads the command line. Returns 0; 1 after printing the help; -EINVAL after printing a message to
// standard error.
int load_options(struct load *load, int argc, char **argv);

#endif
