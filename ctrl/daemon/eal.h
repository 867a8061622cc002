// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment, as sluiced wants it: lcores from the configuration, log lines into the log.
#ifndef CTRL_EAL_H
#define CTRL_EAL_H

#include "config.h"
#include "error.h"

// Starts EAL; once a process.
int eal_start(const struct config *config, struct error *error);
void eal_stop(void);

// Until here, what EAL and the drivers complain of is kept for eal_complaint(), because a failed
// start is told in one line; from here on it goes to the log.
void eal_running(void);

// The last complaint, "" if there was none.
const char *eal_complaint(void);

#endif
