// SPDX-License-Identifier: BSD-3-Clause
// What the two ways to join have in common: when to begin, and the samples, a line each.
#ifndef PERF_LATENCY_H
#define PERF_LATENCY_H

#include <stdint.h>

struct latency_config {
	const char *far; // the interface reports arrive at
	uint32_t stream; // the group that is streaming, host order
	unsigned joins;
};

// Groups nobody streams, one for each join, host order.
uint32_t latency_group(unsigned number);
// Sleeps some random milliseconds, so that joins come at no particular time of anybody's tick.
void latency_pause(void);
// Prints how long after `start_ns` something was.
void latency_sample(const char *name, int64_t start_ns, int64_t end_ns);
// Prints how far apart the stream's frames were: what the time to the first of them is to be seen
// beside.
void latency_interval(int64_t start_ns, int64_t end_ns, uint64_t frames);

// An engine of this process, of a configuration file, or a sluiced on `socket`.
void latency_sluice(const struct latency_config *config, const char *file, const char *socket);
// Sockets on the interface, with a sender beyond it.
void latency_kernel(const struct latency_config *config, const char *near);

#endif
