// SPDX-License-Identifier: BSD-3-Clause
// The CAPL face as a client of a sluiced in another process.
#include <arpa/inet.h>
#include <sched.h>
#include <time.h>
#include "capl_fixture.h"
#include "daemon_fixture.h"

#define PATIENCE_S 60

static struct daemon_process served;

static void client(void)
{
	daemon_fork(&served);
	library_fixture_eal();
	sluice_capl_attach(NULL, served.path);
}

static void close_all(void)
{
	if (served.pid > 0)
		daemon_end(&served, true);
}

TestSuite(capl_remote, .init = client, .fini = close_all, .timeout = 300);

static unsigned receive(unsigned n)
{
	time_t until = time(NULL) + PATIENCE_S;

	for (received = 0; received < n && time(NULL) < until;)
		if (sluice_capl_poll() == 0)
			sched_yield();
	return received;
}

Test(capl_remote, many_sockets, .description = "20 sockets receive at the same time")
{
	dword sockets[20];

	for (unsigned i = 0; i < 20; i++) {
		sockets[i] = receiver();
		cr_expect_eq(IpJoinMulticastGroup(sockets[i], 1, inet_addr("239.1.1.1")), 0);
	}
	daemon_stream(&served, "239.1.1.1", PORT + 1, 0, 5);
	daemon_stream(&served, "239.1.1.1", PORT, 0, 5);
	cr_expect_eq(receive(100), 100);
	cr_expect_eq(sluice_capl_poll(), 0);
	for (unsigned i = 0; i < 20; i++)
		cr_expect_eq(UdpClose(sockets[i]), 0);
}

Test(capl_remote, leave_under_load, .description = "promise 1: nothing is received after a leave")
{
	const dword group = inet_addr("239.1.1.1");
	dword socket = receiver();

	daemon_load(&served, "239.1.1.1", PORT);
	for (unsigned i = 0; i < 20; i++) {
		cr_assert_eq(IpJoinMulticastGroup(socket, 1, group), 0);
		cr_assert_geq(receive(100), 100);
		cr_assert_eq(IpLeaveMulticastGroup(socket, 1, group), 0);
		for (unsigned polls = 0; polls < 1000; polls++)
			cr_assert_eq(sluice_capl_poll(), 0, "round %u", i);
	}
	daemon_unload(&served);
	cr_expect_eq(UdpClose(socket), 0);
}

Test(capl_remote, lost,
	.description = "a pending receive ends with WSAENETDOWN when the device is removed")
{
	dword socket = receiver();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	daemon_remove(&served);
	cr_expect_eq(receive(1), 1);
	cr_expect_eq(last_result, WSAENETDOWN);
	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.2")), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAENETDOWN);
	cr_expect_eq(UdpClose(socket), 0);
}

Test(capl_remote, gone, .description = "a pending receive ends with WSAENETDOWN when sluiced dies")
{
	dword socket = receiver();

	daemon_end(&served, false);
	served.pid = 0;
	cr_expect_eq(receive(1), 1);
	cr_expect_eq(last_result, WSAENETDOWN);
	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAENETDOWN);
	cr_expect_eq(UdpClose(socket), 0);
}
