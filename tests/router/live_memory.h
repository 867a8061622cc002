// SPDX-License-Identifier: BSD-3-Clause
// Counts the memory of the process exactly, as requested by its callers. live_memory.c defines
// malloc() and the like, and so takes the place of libc's; with AddressSanitizer that counts.
#ifndef LIVE_MEMORY_H
#define LIVE_MEMORY_H

#include <stddef.h>

size_t live_memory_bytes(void);

#endif
