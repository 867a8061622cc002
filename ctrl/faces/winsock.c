// SPDX-License-Identifier: BSD-3-Clause
#include "winsock.h"
#include <sluice/capl.h>
#include <errno.h>
#include <stdio.h>

static const struct {
	int error;
	long code;
	const char *text;
} codes[] = {
	{0, 0, "No error"},
	{-EINPROGRESS, WSA_IO_PENDING, "Overlapped operation in progress"},
	{-EFAULT, WSAEFAULT, "Bad address"},
	{-EINVAL, WSAEINVAL, "Invalid argument"},
	{-EAGAIN, WSAEWOULDBLOCK, "Resource temporarily unavailable"},
	{-EALREADY, WSAEALREADY, "Operation already in progress"},
	{-EMSGSIZE, WSAEMSGSIZE, "Message too long"},
	{-EAFNOSUPPORT, WSAEAFNOSUPPORT, "Address family not supported"},
	{-EADDRNOTAVAIL, WSAEADDRNOTAVAIL, "Cannot assign requested address"},
	{-ENETDOWN, WSAENETDOWN, "Network is down"},
	{-ENETUNREACH, WSAENETUNREACH, "Network is unreachable"},
	{-ENOBUFS, WSAENOBUFS, "No buffer space available"},
	{-EDQUOT, WSAENOBUFS, "No buffer space available"},
	{-ENOMEM, WSAENOBUFS, "No buffer space available"},
};
#define N_CODES (sizeof(codes) / sizeof(codes[0]))

long winsock_code(int error)
{
	for (size_t i = 0; i < N_CODES; i++)
		if (codes[i].error == error)
			return codes[i].code;
	return WSAENETDOWN;
}

void winsock_text(long code, char *text, size_t size)
{
	for (size_t i = 0; i < N_CODES; i++)
		if (codes[i].code == code) {
			snprintf(text, size, "%s", codes[i].text);
			return;
		}
	snprintf(text, size, "Unknown error: %ld", code);
}
