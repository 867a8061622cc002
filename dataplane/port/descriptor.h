// SPDX-License-Identifier: BSD-3-Clause
// The limit of open files. The kernel returns the lowest free descriptor, so that the last ones
// below the limit are used only when all others are in use. They are reserved: code that may not
// use them closes such a descriptor and fails with EMFILE.
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
