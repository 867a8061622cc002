// SPDX-License-Identifier: BSD-3-Clause
// What the variants of the measurement share: pauses between joins, and samples, one per line.
#ifndef PERF_LATENCY_H
#define PERF_LATENCY_H

#include <stdint.h>

struct latency_config {
	const char *far; // interface at which reports arrive
	uint32_t stream; // the group that is streaming, host byte order
	unsigned joins;
};

// A group without a stream, one per join, host byte order.
uint32_t latency_group(unsigned number);
// Sleeps a random number of milliseconds, so that joins are not in phase with any timer.
void latency_pause(void);
// Prints a sample: the time from start_ns to end_ns.
void latency_sample(const char *name, int64_t start_ns, int64_t end_ns);
// Prints the interval between the frames of the stream, which limits the time to the first one.
void latency_interval(int64_t start_ns, int64_t end_ns, uint64_t frames);

// Joins by an engine in this process with a configuration file, or by the sluiced at `socket`.
void latency_sluice(const struct latency_config *config, const char *file, const char *socket);
// Joins by sockets on the interface, with a sender at its other end.
void latency_kernel(const struct latency_config *config, const char *near);

#endif
