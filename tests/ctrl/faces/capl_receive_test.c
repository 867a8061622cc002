// SPDX-License-Identifier: BSD-3-Clause
#include <sluice/capl.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include "library_double_fixture.h"

static char buffer[16];

// The arguments of the last OnUdpReceiveFrom(), and whether it receives again.
static struct {
	unsigned calls;
	dword socket;
	long result;
	IP_Endpoint remote;
	char *buffer;
	dword size;
	bool again;
} seen;

void OnUdpReceiveFrom(
	dword socket, long result, IP_Endpoint remoteEndpoint, char data[], dword size)
{
	seen.calls++;
	seen.socket = socket;
	seen.result = result;
	seen.remote = remoteEndpoint;
	seen.buffer = data;
	seen.size = size;
	if (seen.again)
		UdpReceiveFrom(socket, buffer, sizeof(buffer));
}

static void interface_and_eal(void)
{
	library_double_eal_init();
	library_double_interface_add("tv", "10.9.0.2", "fe80::2");
}

TestSuite(capl_receive, .init = interface_and_eal);

static void expect_pending(dword socket)
{
	cr_assert_eq(UdpReceiveFrom(socket, buffer, sizeof(buffer)), SOCKET_ERROR);
	cr_assert_eq(IpGetLastSocketError(socket), WSA_IO_PENDING);
}

static void push(const char *payload)
{
	library_double_frame_push(
		library_double_session(), "239.1.1.1", "10.9.0.50", 5004, 40001, payload);
}

Test(capl_receive, one)
{
	const struct sluice_addr source = library_double_addr("10.9.0.50");
	dword socket = UdpOpen(0, 40001);

	expect_pending(socket);
	cr_expect_eq(sluice_capl_poll(), 0);
	push("Hello");
	cr_expect_eq(sluice_capl_poll(), 1);
	cr_expect_eq(seen.calls, 1);
	cr_expect_eq(seen.socket, socket);
	cr_expect_eq(seen.result, 0);
	cr_expect_eq(seen.buffer, buffer);
	cr_expect_eq(seen.size, 5);
	cr_expect_arr_eq(buffer, "Hello", 5);
	cr_expect(sluice_addr_equal(&seen.remote.Address.addr, &source));
	cr_expect_eq(seen.remote.Port, 5004);
}

Test(capl_receive, only_what_was_asked_for)
{
	dword socket = UdpOpen(0, 40001);

	push("one");
	push("two");
	cr_expect_eq(sluice_capl_poll(), 0);
	expect_pending(socket);
	cr_expect_eq(sluice_capl_poll(), 1);
	cr_expect_arr_eq(buffer, "one", 3);
	cr_expect_eq(sluice_capl_poll(), 0);
	seen.again = true;
	expect_pending(socket);
	cr_expect_eq(sluice_capl_poll(), 1);
	cr_expect_arr_eq(buffer, "two", 3);
	push("three");
	cr_expect_eq(sluice_capl_poll(), 1, "the callback received again");
}

Test(capl_receive, several_sockets)
{
	dword first = UdpOpen(0, 40001), second;
	struct sluice_session *session = library_double_session();

	second = UdpOpen(0, 40001);
	expect_pending(second);
	library_double_frame_push(session, "239.1.1.1", "10.9.0.50", 5004, 40001, "first");
	cr_expect_eq(sluice_capl_poll(), 0);
	push("second");
	expect_pending(first);
	cr_expect_eq(sluice_capl_poll(), 2);
	cr_expect_eq(seen.socket, second);
}

Test(capl_receive, errors)
{
	dword socket = UdpOpen(0, 40001);

	cr_expect_eq(UdpReceiveFrom(socket, NULL, 1), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAEFAULT);
	expect_pending(socket);
	cr_expect_eq(UdpReceiveFrom(socket, buffer, 1), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAEALREADY);
}

Test(capl_receive, too_long, .description = "a datagram longer than the buffer is truncated")
{
	dword socket = UdpOpen(0, 40001);

	expect_pending(socket);
	push("0123456789abcdefghij");
	cr_expect_eq(sluice_capl_poll(), 1);
	cr_expect_eq(seen.result, WSAEMSGSIZE);
	cr_expect_eq(seen.size, sizeof(buffer));
	cr_expect_arr_eq(buffer, "0123456789abcdef", 16);
}

Test(capl_receive, not_udp, .description = "frames without a complete datagram are skipped")
{
	dword socket = UdpOpen(0, 0);

	expect_pending(socket);
	for (unsigned i = 0; i < 100; i++) {
		library_double_frame_push(
			library_double_session(), "239.1.1.1", "10.9.0.50", 0, 0, "piece");
		cr_assert_eq(sluice_capl_poll(), 0);
	}
	push("whole");
	cr_expect_eq(sluice_capl_poll(), 1);
	cr_expect_arr_eq(buffer, "whole", 5);
}

Test(capl_receive, close_forgets)
{
	dword socket = UdpOpen(0, 40001);

	expect_pending(socket);
	cr_expect_eq(UdpClose(socket), 0);
	cr_expect_eq(sluice_capl_poll(), 0);
	cr_expect_eq(seen.calls, 0);
}

Test(capl_receive, lost, .description = "a pending receive reports a lost group once")
{
	const dword group = inet_addr("239.1.1.1");
	dword socket = UdpOpen(0, 40001);

	cr_assert_eq(IpJoinMulticastGroup(socket, 1, group), 0);
	library_double_lose(library_double_session(), "239.1.1.1", -ENETDOWN);
	cr_expect_eq(sluice_capl_poll(), 0, "no receive is pending");
	expect_pending(socket);
	push("Hello");
	cr_expect_eq(sluice_capl_poll(), 1, "earlier datagrams come first");
	cr_expect(seen.result == 0 && seen.size == 5);
	expect_pending(socket);
	cr_expect_eq(sluice_capl_poll(), 1);
	cr_expect(seen.result == WSAENETDOWN && seen.size == 0 && seen.buffer == buffer);
	cr_expect_eq(IpGetLastSocketError(socket), WSAENETDOWN);
	expect_pending(socket);
	cr_expect_eq(sluice_capl_poll(), 0);
}
