// SPDX-License-Identifier: BSD-3-Clause
// Allows one process per tap. The kernel would let a second process attach further queues to a tap
// as if it were part of the first, and would set the link of both down when one of them ends.
#ifndef DATAPLANE_PORT_LOCK_H
#define DATAPLANE_PORT_LOCK_H

#include "dataplane_error.h"

// Locks the tap in the device arguments, in this network namespace, until *fd is closed or the
// process ends. *fd is -1 for a device that needs no lock. -EBUSY: another process or another port
// has the tap.
int port_lock(const char *device, int *fd, struct dataplane_error *error);

#endif
