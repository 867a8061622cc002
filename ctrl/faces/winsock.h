// SPDX-License-Identifier: BSD-3-Clause
// The Winsock codes of the errors of the native API. Any thread.
#ifndef FACES_WINSOCK_H
#define FACES_WINSOCK_H

#include <stddef.h>

// Returns the code of a negative errno; WSAENETDOWN if the errno has no code of its own.
long winsock_code(int error);
// Writes the text of the code, cut to `size` bytes with the terminating zero.
void winsock_text(long code, char *text, size_t size);

#endif
