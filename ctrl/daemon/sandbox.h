// SPDX-License-Identifier: BSD-3-Clause
// The system calls of a running daemon: a seccomp filter on all its threads. Others fail with EPERM
// and are logged with their number, once each. Calls that start or trace programs end the daemon.
#ifndef CTRL_SANDBOX_H
#define CTRL_SANDBOX_H

#include <stdbool.h>
#include "error.h"

// Makes the filter, before other threads start. `bpf`: a port needs bpf().
int sandbox_prepare(bool bpf, struct error *error);
// Once the ports are open.
int sandbox_enter(struct error *error);

#endif
