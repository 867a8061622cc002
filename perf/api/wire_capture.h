// SPDX-License-Identifier: BSD-3-Clause
// Captures at the far end of a veth when a report left the near end. The kernel stamps the frame as
// it crosses, so that it does not matter when and on which CPU it is read.
#ifndef PERF_WIRE_H
#define PERF_WIRE_H

#include <stdint.h>

// CLOCK_REALTIME, the clock of the kernel's time stamps.
int64_t wire_capture_now_ns(void);

// Returns a descriptor for the frames that arrive at the interface. This and the functions below
// exit with a message on failure.
int wire_capture_open(const char *interface);
// Discards the frames that have arrived.
void wire_capture_discard(int fd);
// Waits up to one second for an IGMPv3 report of the group and returns its time of arrival.
int64_t wire_capture_report_ns(int fd, uint32_t group_be);

#endif
