// SPDX-License-Identifier: BSD-3-Clause
// Finds out why a device cannot be probed. DPDK's virtual drivers return the same errno for all
// errors and only log the cause, so that it is determined from the device string.
#ifndef DATAPLANE_PORT_DIAGNOSIS_H
#define DATAPLANE_PORT_DIAGNOSIS_H

#include "dataplane.h"

#define PORT_DIAGNOSIS_TEXT_MAX 192

// The value of a device argument, such as "sl0" for "iface"; false if it is absent.
bool port_diagnosis_argument(
	const char *device, const char *name, char value[PORT_DIAGNOSIS_TEXT_MAX]);

// Control thread. Explains in one line why probing `device`, a device string such as
// "net_tap0,iface=sl0", failed with `code`, a positive errno, and what to do about it. Returns the
// negative errno of the cause; -code when the cause is unknown.
int port_diagnosis(const char *device, int code, struct dataplane_error *error);

#endif
