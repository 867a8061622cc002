// SPDX-License-Identifier: BSD-3-Clause
// The far end of a veth: when did a report leave the near one? The kernel stamps a frame as it
// crosses, so that looking at it later, on whatever CPU, makes no difference.
#ifndef PERF_WIRE_H
#define PERF_WIRE_H

#include <stdint.h>

// CLOCK_REALTIME, which the kernel stamps frames with.
int64_t wire_now_ns(void);

// A descriptor for the frames that arrive at the interface. Exits with a message on failure, as the
// others do.
int wire_open(const char *interface);
// Forgets what has arrived.
void wire_discard(int fd);
// Waits, a second at most, for an IGMPv3 report of the group, and says when it arrived.
int64_t wire_report_ns(int fd, uint32_t group_be);

#endif
