// SPDX-License-Identifier: BSD-3-Clause
// A test node that keeps receiving what comes to its sockets, and counts it.
#ifndef TESTS_FACES_CAPL_FIXTURE_H
#define TESTS_FACES_CAPL_FIXTURE_H

#include <sluice/capl.h>
#include <criterion/criterion.h>

#define PORT 40001

static char buffer[2048];
static unsigned received;
static long last_result;

void OnUdpReceiveFrom(
	dword socket, long result, IP_Endpoint remoteEndpoint, char data[], dword size)
{
	received++;
	last_result = result;
	UdpReceiveFrom(socket, buffer, sizeof(buffer));
}

// A socket that is waiting for what comes to PORT.
static inline dword receiver(void)
{
	dword socket = UdpOpen(0, PORT);

	cr_assert_neq(socket, INVALID_SOCKET);
	cr_assert_eq(UdpReceiveFrom(socket, buffer, sizeof(buffer)), SOCKET_ERROR);
	cr_assert_eq(IpGetLastSocketError(socket), WSA_IO_PENDING);
	return socket;
}

#endif
