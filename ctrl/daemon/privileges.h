// SPDX-License-Identifier: BSD-3-Clause
// Capabilities: which the root parent keeps, which it gives to the daemon, and which of those the
// daemon keeps for the ports of its configuration.
#ifndef CTRL_PRIVILEGES_H
#define CTRL_PRIVILEGES_H

#include <pwd.h>
#include "config.h"
#include "error.h"

// The parent keeps what it gives to the daemon and what it needs to start one. -1 and errno.
int privileges_limit_parent(void);

// Becomes the user with all groups of that user, and with the capabilities that any port can need:
// ambient, so that they outlast execve(), and no others can be had. -1 and errno.
int privileges_become(const struct passwd *user);

// In a daemon that is not root: drops what the ports of the configuration do not need.
int privileges_keep_needed(const struct config *config, struct error *error);

// Whether a port needs bpf().
bool privileges_need_bpf(const struct config *config);

#endif
