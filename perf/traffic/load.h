// SPDX-License-Identifier: BSD-3-Clause
// What sluice-load was asked to do.
#ifndef PERF_LOAD_H
#define PERF_LOAD_H

#include "traffic.h"

struct load {
	struct traffic_config traffic;
	uint64_t rate; // frames per second; 0: as fast as the device takes them
	uint64_t count; // frames; 0: until a signal
	unsigned seconds; // 0: until a signal
	unsigned cpu;
	const char *device;
};

// Reads the command line. 0; 1 when it asked for help, which was printed; -EINVAL with a message on
// standard error.
int load_options(struct load *load, int argc, char **argv);

#endif
