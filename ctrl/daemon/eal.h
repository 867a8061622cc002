// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment abstraction layer for sluiced: lcores from the configuration, messages to the
// log.
#ifndef CTRL_EAL_H
#define CTRL_EAL_H

#include "config.h"
#include "error.h"

// Starts EAL, once per process. The error says what to do.
int eal_start(const struct config *config, struct error *error);
void eal_stop(void);

// After this call errors that EAL and the drivers log are warnings. Before, they are debug lines,
// because a failed start is reported in one line.
void eal_running(void);

#endif
