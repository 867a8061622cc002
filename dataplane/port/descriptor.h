// SPDX-License-Identifier: BSD-3-Clause
// The limit of open files. The kernel gives the lowest descriptor that is free, so that the last
// ones below the limit are given out only when all others are in use. They are kept: whoever may
// not use them closes one that was given and is told EMFILE.
//
// Thread rule: any thread.
#ifndef DATAPLANE_DESCRIPTOR_H
#define DATAPLANE_DESCRIPTOR_H

#include <stdbool.h>

#define DESCRIPTOR_KEPT 16u

// Whether the descriptor is one of the last ones, which are for operators and for a reload.
bool descriptor_is_kept(int fd);

// Raises the limit of the process to what it may be.
void descriptor_raise_limit(void);

#endif
