// SPDX-License-Identifier: BSD-3-Clause
// A CAPL node that keeps receiving on its sockets and counts the datagrams.
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
	(void)remoteEndpoint;
	(void)data;
	(void)size;
	received++;
	last_result = result;
	UdpReceiveFrom(socket, buffer, sizeof(buffer));
}

// Returns a socket with a pending receive on PORT.
static inline dword receiver(void)
{
	dword socket = UdpOpen(0, PORT);

	cr_assert_neq(socket, INVALID_SOCKET);
	cr_assert_eq(UdpReceiveFrom(socket, buffer, sizeof(buffer)), SOCKET_ERROR);
	cr_assert_eq(IpGetLastSocketError(socket), WSA_IO_PENDING);
	return socket;
}

#endif
