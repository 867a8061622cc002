// SPDX-License-Identifier: BSD-3-Clause
// One process per tap: the kernel lets a second one attach further queues to a tap, takes it for a
// part of the first, and takes the link of both down when one of them ends.
#ifndef DATAPLANE_PORT_LOCK_H
#define DATAPLANE_PORT_LOCK_H

#include "dataplane_error.h"

// Locks the tap that the device arguments name, in this network namespace, until *fd is closed or
// the process ends. *fd is -1 for a device that needs no lock. -EBUSY: another process, or another
// port, has the tap.
int port_lock(const char *device, int *fd, struct dataplane_error *error);

#endif
