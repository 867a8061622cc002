// SPDX-License-Identifier: BSD-3-Clause
// Winsock's codes for the errors of the native API.
#ifndef FACES_WINSOCK_H
#define FACES_WINSOCK_H

#include <stddef.h>

// The code of a negative errno; WSAENETDOWN for one that has no code of its own.
long winsock_code(int error);
// Writes the code in words, cut to `size` bytes with the terminating zero.
void winsock_text(long code, char *text, size_t size);

#endif
