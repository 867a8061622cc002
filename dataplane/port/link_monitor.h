// SPDX-License-Identifier: BSD-3-Clause
// The link state of the kernel's interfaces, for drivers that do not know it, such as
// net_af_packet.
//
// Thread rule: control thread.
#ifndef DATAPLANE_LINK_MONITOR_H
#define DATAPLANE_LINK_MONITOR_H

#include <stdbool.h>

// A descriptor that gets the changes from now on, in the network namespace of the process, or
// -errno.
int link_monitor_open(void);

// Calls fn() for each change since the last call, in order. Returns false if there were too many,
// and some are lost.
bool link_monitor_read(int fd, void (*fn)(void *arg, unsigned if_index, bool up), void *arg);

// Whether the interface has a carrier now; false also if it is gone.
bool link_monitor_is_up(unsigned if_index);

#endif
