// SPDX-License-Identifier: BSD-3-Clause
#include <sluice/capl.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include "library_double_fixture.h"

// The first interface has ifIndex 1 and 2. The second, a VLAN, has 3. The third has no address and
// has 4.
static void three_interfaces(void)
{
	unsetenv("SLUICE_SOCKET");
	library_double_interface_add("tv", "10.9.0.2", "fe80::2");
	library_double_interface_add("tv20", "10.20.0.2", NULL);
	library_double_interface_add("other", NULL, NULL);
}

TestSuite(capl, .init = three_interfaces);

static IP_Address address(const char *text)
{
	return (IP_Address){.addr = library_double_addr(text)};
}

static dword ipv4_socket(void)
{
	dword socket = UdpOpen(0, 40001);

	cr_assert_neq(socket, INVALID_SOCKET);
	library_double_log();
	return socket;
}

static dword ipv6_socket(void)
{
	const byte any[16] = {0};
	dword socket = UdpOpen(any, 40001);

	cr_assert_neq(socket, INVALID_SOCKET);
	library_double_log();
	return socket;
}

#define EXPECT_SOCKET_ERROR(call, socket, code)                                                    \
	do {                                                                                       \
		cr_expect_eq(call, SOCKET_ERROR);                                                  \
		cr_expect_eq(IpGetLastSocketError(socket), code);                                  \
		cr_expect_eq(IpGetLastError(), code);                                              \
	} while (0)

Test(capl, address_forms, .description = "a dword, a byte[16] and an IP_Address name a group")
{
	byte ipv6[16] = {0xff, 0x0e, [15] = 1};
	dword v4 = ipv4_socket(), v6 = ipv6_socket();

	cr_expect_eq(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_str_eq(library_double_log(), "join 1 239.1.1.1;+239.1.1.1;");
	cr_expect_eq(IpJoinMulticastGroup(v6, 1, ipv6), 0);
	cr_expect_str_eq(library_double_log(), "join 1 ff0e::1;+ff0e::1;");
	cr_expect_eq(IpJoinMulticastGroup(v4, 3, address("239.1.1.2")), 0);
	cr_expect_str_eq(library_double_log(), "join 2 239.1.1.2;+239.1.1.2;");
	cr_expect_eq(IpJoinMulticastGroup(v6, 1, address("ff0e::2")), 0);
	cr_expect_str_eq(library_double_log(), "join 1 ff0e::2;+ff0e::2;");

	cr_expect_eq(IpLeaveMulticastGroup(v4, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_str_eq(library_double_log(), "leave_flush 1 239.1.1.1;-239.1.1.1;");
	cr_expect_eq(IpLeaveMulticastGroup(v6, 1, (const byte *)ipv6), 0);
	cr_expect_str_eq(library_double_log(), "leave_flush 1 ff0e::1;-ff0e::1;");
	cr_expect_eq(IpLeaveMulticastGroup(v4, 3, address("239.1.1.2")), 0);
	cr_expect_eq(IpLeaveMulticastGroup(v6, 1, address("ff0e::2")), 0);
}

Test(capl, open_forms)
{
	const byte any[16] = {0};
	const IP_Endpoint endpoint = {address("0.0.0.0"), 40002};

	cr_expect_neq(UdpOpen(0, 0), INVALID_SOCKET);
	cr_expect_str_eq(library_double_log(), "session_open /run/sluice/sluice.sock 0;");
	setenv("SLUICE_SOCKET", "/tmp/environment", 1);
	cr_expect_neq(UdpOpen(inet_addr("10.9.0.2"), 40001), INVALID_SOCKET);
	cr_expect_str_eq(library_double_log(), "session_open /tmp/environment 40001;");
	sluice_capl_attach(NULL, "/tmp/attached");
	cr_expect_neq(UdpOpen(any, 40001), INVALID_SOCKET);
	cr_expect_str_eq(library_double_log(), "session_open /tmp/attached 40001;");
	sluice_capl_attach((struct sluice *)&library_double_session, NULL);
	cr_expect_neq(UdpOpen(endpoint), INVALID_SOCKET);
	cr_expect_str_eq(library_double_log(), "session_open engine 40002;");
}

Test(capl, open_fails)
{
	cr_expect_eq(IpGetLastError(), 0);
	cr_expect_eq(UdpOpen(0, 65536), INVALID_SOCKET);
	cr_expect_eq(IpGetLastError(), WSAEINVAL);
	cr_expect_eq(UdpOpen((byte *)NULL, 0), INVALID_SOCKET);
	cr_expect_eq(IpGetLastError(), WSAEFAULT);
	library_double_fail("session_open", -ENOENT);
	cr_expect_eq(UdpOpen(0, 0), INVALID_SOCKET);
	cr_expect_eq(IpGetLastError(), WSAENETDOWN);
	cr_expect_eq(library_double_sessions(), 0);
}

Test(capl, invalid_interface,
	.description = "API-35 API-41: index 0 and the index after the last give 87")
{
	const dword group = inet_addr("239.1.1.1");
	dword socket = ipv4_socket();

	cr_expect_eq(IpJoinMulticastGroup(socket, 0, group), WSA_INVALID_PARAMETER);
	cr_expect_eq(IpJoinMulticastGroup(socket, 5, group), WSA_INVALID_PARAMETER);
	cr_expect_eq(IpLeaveMulticastGroup(socket, 0, group), WSA_INVALID_PARAMETER);
	cr_expect_eq(IpLeaveMulticastGroup(socket, 5, group), WSA_INVALID_PARAMETER);
	cr_expect_eq(IpSetMulticastInterface(socket, 0), WSA_INVALID_PARAMETER);
	cr_expect_eq(IpSetMulticastInterface(socket, 5), WSA_INVALID_PARAMETER);
	// Takes precedence over other errors.
	cr_expect_eq(IpJoinMulticastGroup(socket, 5, address("ff02::1")), WSA_INVALID_PARAMETER);
	cr_expect_str_empty(library_double_log());
	cr_expect_eq(IpGetLastSocketError(socket), 0, "87 is not a socket error");
}

Test(capl, invalid_socket, .description = "API-41: an unknown or closed handle gives 87")
{
	const dword group = inet_addr("239.1.1.1");
	dword closed = ipv4_socket();
	const dword bad[] = {0, closed, closed + 1, INVALID_SOCKET};
	char text[8] = "as was";

	cr_expect_eq(UdpClose(closed), 0);
	library_double_log();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(IpJoinMulticastGroup(bad[i], 1, group), WSA_INVALID_PARAMETER);
		cr_expect_eq(IpLeaveMulticastGroup(bad[i], 1, group), WSA_INVALID_PARAMETER);
		cr_expect_eq(IpSetMulticastInterface(bad[i], 1), WSA_INVALID_PARAMETER);
		cr_expect_eq(UdpSendTo(bad[i], group, 1, "a", 1), WSA_INVALID_PARAMETER);
		cr_expect_eq(UdpSendTo(bad[i], (byte *)NULL, 1, "a", 1), WSA_INVALID_PARAMETER);
		cr_expect_eq(UdpReceiveFrom(bad[i], text, 8), WSA_INVALID_PARAMETER);
		cr_expect_eq(UdpClose(bad[i]), WSA_INVALID_PARAMETER);
		cr_expect_eq(IpGetLastSocketError(bad[i]), WSA_INVALID_PARAMETER);
		cr_expect_eq(IpGetLastSocketErrorAsString(bad[i], text, 8), WSA_INVALID_PARAMETER);
	}
	cr_expect_str_eq(text, "as was");
	cr_expect_str_empty(library_double_log());
	cr_expect_neq(UdpOpen(0, 0), closed, "a handle is not reused");
}

Test(capl, interface_numbers, .description = "ifIndex counts addresses, and interfaces without one")
{
	static const char *const logs[] = {"join 1 239.1.1.1;+239.1.1.1;",
		"join 1 239.1.1.1;+239.1.1.1;", "join 2 239.1.1.1;+239.1.1.1;",
		"join 3 239.1.1.1;+239.1.1.1;"};
	const dword group = inet_addr("239.1.1.1");

	for (dword i = 1; i <= 4; i++) {
		dword socket = ipv4_socket();

		cr_expect_eq(IpJoinMulticastGroup(socket, i, group), 0);
		cr_expect_str_eq(library_double_log(), logs[i - 1]);
	}
}

Test(capl, numbers_of_one_interface,
	.description = "API-11: a group joined by one address is also joined by the others")
{
	const dword group = inet_addr("239.1.1.1");
	dword socket = ipv4_socket();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, group), 0);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(socket, 2, group), socket, WSAEADDRNOTAVAIL);
	cr_expect_eq(IpLeaveMulticastGroup(socket, 2, group), 0);
}

Test(capl, leave_without_join, .description = "API-12 API-41: -1 and 10022")
{
	dword socket = ipv4_socket(), other = ipv4_socket();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	library_double_log();
	EXPECT_SOCKET_ERROR(
		IpLeaveMulticastGroup(socket, 1, inet_addr("239.1.1.2")), socket, WSAEINVAL);
	EXPECT_SOCKET_ERROR(
		IpLeaveMulticastGroup(socket, 3, inet_addr("239.1.1.1")), socket, WSAEINVAL);
	EXPECT_SOCKET_ERROR(
		IpLeaveMulticastGroup(other, 1, inet_addr("239.1.1.1")), other, WSAEINVAL);
	cr_expect_str_empty(library_double_log());
}

Test(capl, join_errors, .description = "API-11 API-34 API-37 API-38 API-41")
{
	dword v4 = ipv4_socket(), v6 = ipv6_socket();

	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, inet_addr("10.0.0.1")), v4, WSAEINVAL);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, 0), v4, WSAEINVAL);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v6, 1, address("fe80::1")), v6, WSAEINVAL);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, address("ff02::1")), v4, WSAEAFNOSUPPORT);
	EXPECT_SOCKET_ERROR(
		IpJoinMulticastGroup(v6, 1, inet_addr("239.1.1.1")), v6, WSAEAFNOSUPPORT);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v6, 1, (byte *)NULL), v6, WSAEFAULT);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v6, 1, NULL), v6, WSAEFAULT);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, (IP_Address){0}), v4, WSAEFAULT);
	EXPECT_SOCKET_ERROR(IpLeaveMulticastGroup(v4, 1, (IP_Address){0}), v4, WSAEFAULT);
	library_double_fail("join", -ENOBUFS);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), v4, WSAENOBUFS);
	library_double_fail("join", -EDQUOT);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), v4, WSAENOBUFS);
	library_double_fail("join", -ENOMEM);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), v4, WSAENOBUFS);
	library_double_fail("get_filter", -EPIPE);
	EXPECT_SOCKET_ERROR(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), v4, WSAENETDOWN);
	cr_expect_str_empty(library_double_log());
}

Test(capl, repeat_join, .description = "API-11: 10049 on the same socket, not on another one")
{
	dword first = ipv4_socket(), second = ipv4_socket();

	cr_expect_eq(IpJoinMulticastGroup(first, 1, inet_addr("239.1.1.1")), 0);
	library_double_log();
	EXPECT_SOCKET_ERROR(
		IpJoinMulticastGroup(first, 1, inet_addr("239.1.1.1")), first, WSAEADDRNOTAVAIL);
	cr_expect_str_empty(library_double_log());
	cr_expect_eq(IpJoinMulticastGroup(first, 3, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpJoinMulticastGroup(second, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpLeaveMulticastGroup(first, 1, inet_addr("239.1.1.1")), 0);
	EXPECT_SOCKET_ERROR(
		IpLeaveMulticastGroup(first, 1, inet_addr("239.1.1.1")), first, WSAEINVAL);
	cr_expect_eq(IpJoinMulticastGroup(first, 1, inet_addr("239.1.1.1")), 0);
}

Test(capl, close_leaves, .description = "API-42: closing the socket leaves all its groups")
{
	dword socket = ipv4_socket();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.2")), 0);
	library_double_log();
	cr_expect_eq(UdpClose(socket), 0);
	cr_expect_str_eq(library_double_log(), "session_close;-239.1.1.2;-239.1.1.1;");
	cr_expect_eq(library_double_sessions(), 0);
}

Test(capl, send_needs_interface)
{
	dword socket = ipv4_socket();

	EXPECT_SOCKET_ERROR(UdpSendTo(socket, inet_addr("239.1.1.1"), 1234, "Hello", 5), socket,
		WSAENETUNREACH);
	cr_expect_str_empty(library_double_log());
	cr_expect_eq(IpSetMulticastInterface(socket, 3), 0);
	cr_expect_eq(UdpSendTo(socket, inet_addr("239.1.1.1"), 1234, "Hello", 5), 0);
	cr_expect_str_eq(library_double_log(), "set_multicast_if 2;send 239.1.1.1 1234 Hello;");
}

Test(capl, send_scope_id, .description = "an IPv6 destination's scope id is the interface's")
{
	byte group[16] = {0xff, 0x03, [15] = 1};
	IP_Endpoint remote = {address("ff03::1"), 1234};
	dword socket = ipv6_socket();

	cr_expect_eq(IpSetMulticastInterface(socket, 2), 0);
	library_double_log();
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, remote, "Hello", 5), socket, WSAEADDRNOTAVAIL);
	remote.Address.ScopeID = 1;
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, remote, "Hello", 5), socket, WSAEADDRNOTAVAIL);
	cr_expect_str_empty(library_double_log());
	remote.Address.ScopeID = 2;
	cr_expect_eq(UdpSendTo(socket, remote, "Hello", 5), 0);
	cr_expect_str_eq(library_double_log(), "send ff03::1 1234 Hello;");
	cr_expect_eq(UdpSendTo(socket, group, 1234, "Hello", 5), 0);
	cr_expect_str_eq(library_double_log(), "send ff03::1 1234 Hello;");
}

Test(capl, send_errors)
{
	const IP_Endpoint v6 = {address("ff03::1"), 1234};
	const dword group = inet_addr("239.1.1.1");
	dword socket = ipv4_socket();

	cr_expect_eq(IpSetMulticastInterface(socket, 1), 0);
	library_double_log();
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, v6, "a", 1), socket, WSAEAFNOSUPPORT);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, (byte *)NULL, 1, "a", 1), socket, WSAEFAULT);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, group, 1, NULL, 1), socket, WSAEFAULT);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, group, 65536, "a", 1), socket, WSAEINVAL);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, inet_addr("10.0.0.1"), 1, "a", 1), socket, WSAEINVAL);
	library_double_fail("send", -EMSGSIZE);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, group, 1, "a", 1), socket, WSAEMSGSIZE);
	library_double_fail("send", -EAGAIN);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, group, 1, "a", 1), socket, WSAEWOULDBLOCK);
	library_double_fail("send", -EADDRNOTAVAIL);
	EXPECT_SOCKET_ERROR(UdpSendTo(socket, group, 1, "a", 1), socket, WSAEADDRNOTAVAIL);
	cr_expect_str_empty(library_double_log());
	cr_expect_eq(UdpSendTo(socket, group, 1, NULL, 0), 0);
}

Test(capl, error_texts)
{
	static const struct {
		int rc;
		const char *text;
	} rows[] = {
		{-EINVAL, "Invalid argument"},
		{-ENOBUFS, "No buffer space available"},
		{-EPIPE, "Network is down"},
		{-EADDRNOTAVAIL, "Cannot assign requested address"},
		{-EAFNOSUPPORT, "Address family not supported"},
		{-EFAULT, "Bad address"},
		{-EMSGSIZE, "Message too long"},
		{-EAGAIN, "Resource temporarily unavailable"},
		{-ENETUNREACH, "Network is unreachable"},
		{-EALREADY, "Operation already in progress"},
		{-EINPROGRESS, "Overlapped operation in progress"},
	};
	dword socket = ipv4_socket();
	char text[64];

	cr_expect_eq(IpGetLastSocketErrorAsString(socket, text, sizeof(text)), 0);
	cr_expect_str_eq(text, "No error");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		library_double_fail("join", rows[i].rc);
		cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), SOCKET_ERROR);
		cr_expect_eq(IpGetLastSocketErrorAsString(socket, text, sizeof(text)), 0);
		cr_expect_str_eq(text, rows[i].text);
	}
	cr_expect_eq(IpGetLastSocketErrorAsString(socket, text, 6), 0);
	cr_expect_str_eq(text, "Overl");
}
