// SPDX-License-Identifier: BSD-3-Clause
// The root parent of an unprivileged daemon. It starts the daemon as another user with a few
// capabilities, forwards signals to it, tells systemd its states, and ends with it. It reads no
// configuration and no socket: its only inputs are signals and the numbers of enum notify_state.
#ifndef CTRL_PARENT_H
#define CTRL_PARENT_H

#include <stdbool.h>
#include "error.h"

// Where an unprivileged daemon can have its socket and the files of DPDK.
#define PARENT_RUNTIME_DIRECTORY "/run/sluice"

// Whether another process has to run as root to start the daemon as this user. -EPERM if this one
// is neither root nor the user, -ENOENT without such a user.
int parent_needed(const char *user, bool *needed, struct error *error);

// Starts the program once more, as the user and with "--parent FD" before its other arguments.
// Returns the exit status when that process has ended, and ends by the same signal as it; -errno
// if it cannot be started.
int parent_run(const char *user, char **argv, struct error *error);

// In the daemon: FD is the pipe where the states go. It is readable when the parent has died. Not
// by PR_SET_PDEATHSIG: a parent without CAP_KILL may not signal another user's process.
int parent_join(int fd, struct error *error);

#endif
