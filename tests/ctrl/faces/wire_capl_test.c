// SPDX-License-Identifier: BSD-3-Clause
// The CAPL face on the real library. Interfaces: tv (ifIndex 1 and 2), tv20, a VLAN (3 and 4), and
// other, which has no address (5).
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <rte_ethdev.h>
#include "capl_fixture.h"
#include "library_fixture.h"

static struct library_fixture fixture;

static void engine(void)
{
	library_fixture_eal();
	library_fixture_open_three(&fixture);
	sluice_capl_attach(fixture.sluice, NULL);
}

static void close_all(void)
{
	library_fixture_close(&fixture);
}

TestSuite(capl_wire, .init = engine, .fini = close_all, .timeout = 300);

static IP_Address address(const char *text)
{
	return (IP_Address){.addr = library_fixture_addr(text)};
}

static unsigned receive_all(void)
{
	received = 0;
	while (sluice_capl_poll() > 0)
		;
	return received;
}

// Puts a datagram on the first wire with mbuf->port set as a NIC does. Returns false if the wire is
// full.
static bool put(const char *group, uint16_t port)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);
	struct frame frame;

	if (!mbuf)
		return false;
	frame_build(&frame, &(struct frame_spec){.group = group,
				    .source = "10.9.0.50",
				    .udp_port = port,
				    .payload_len = 100});
	memcpy(rte_pktmbuf_append(mbuf, frame.len), frame.bytes, frame.len);
	cr_assert_eq(rte_eth_dev_get_port_by_name("net_ring_wire0", &mbuf->port), 0);
	if (rte_ring_enqueue(fixture.rx[0], mbuf) == 0)
		return true;
	rte_pktmbuf_free(mbuf);
	return false;
}

static void stream(const char *group, uint16_t port)
{
	cr_assert(put(group, port));
	library_fixture_settle(&fixture);
}

Test(capl_wire, address_forms)
{
	byte ipv6[16] = {0xff, 0x0e, [15] = 1}, any[16] = {0};
	dword v4 = UdpOpen(0, PORT), v6 = UdpOpen(any, PORT);

	cr_expect_eq(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpJoinMulticastGroup(v6, 1, ipv6), 0);
	cr_expect_eq(IpJoinMulticastGroup(v4, 3, address("239.1.1.2")), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "ff0e::1");
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.2");
	cr_expect_eq(IpJoinMulticastGroup(v4, 1, inet_addr("239.1.1.1")), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(v4), WSAEADDRNOTAVAIL);
	cr_expect_eq(IpLeaveMulticastGroup(v4, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpLeaveMulticastGroup(v6, 1, ipv6), 0);
	cr_expect_eq(UdpClose(v4), 0);
	cr_expect_eq(UdpClose(v6), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "ff0e::1");
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.2");
	cr_expect_eq(fixture.n_records, 6);
}

Test(capl_wire, interfaces, .description = "ifIndex counts addresses")
{
	static const char *const names[] = {"tv", "tv", "tv20", "tv20", "other"};
	struct sluice_session *session = library_fixture_session(&fixture);

	for (unsigned i = 1; i <= 5; i++) {
		struct sluice_addr group = {AF_INET, {239, 1, 1, i}};
		int native = sluice_interface_index(session, names[i - 1]);
		IP_Address address = {.addr = group};
		struct sluice_group_stats stats;
		dword socket = UdpOpen(0, PORT);

		cr_expect_eq(IpJoinMulticastGroup(socket, i, address), 0);
		cr_expect_eq(sluice_stats_group(session, native, &group, &stats), 0, "%u", i);
		cr_expect_eq(UdpClose(socket), 0);
	}
	sluice_session_close(session);
}

Test(capl_wire, many_sockets, .description = "20 sockets receive at the same time")
{
	dword sockets[20];

	for (unsigned i = 0; i < 20; i++) {
		sockets[i] = receiver();
		cr_expect_eq(IpJoinMulticastGroup(sockets[i], 1, inet_addr("239.1.1.1")), 0);
	}
	stream("239.1.1.1", PORT);
	cr_expect_eq(receive_all(), 20);
	for (unsigned i = 0; i < 20; i++)
		cr_expect_eq(UdpClose(sockets[i]), 0);
}

Test(capl_wire, errors, .description = "API-41: errors change neither state nor wire")
{
	dword socket = UdpOpen(0, PORT);

	cr_expect_eq(
		IpJoinMulticastGroup(socket, 0, inet_addr("239.1.1.1")), WSA_INVALID_PARAMETER);
	cr_expect_eq(
		IpJoinMulticastGroup(socket, 6, inet_addr("239.1.1.1")), WSA_INVALID_PARAMETER);
	cr_expect_eq(
		IpJoinMulticastGroup(socket + 1, 1, inet_addr("239.1.1.1")), WSA_INVALID_PARAMETER);
	cr_expect_eq(IpLeaveMulticastGroup(socket, 1, inet_addr("239.1.1.1")), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAEINVAL);
	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("10.0.0.1")), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAEINVAL);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 0);
	cr_expect_eq(UdpClose(socket), 0);
}

Test(capl_wire, receive_own_port_and_group)
{
	dword socket = receiver();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	stream("239.1.1.1", PORT);
	cr_expect_eq(receive_all(), 1);
	stream("239.1.1.1", PORT + 1);
	stream("239.1.1.2", PORT);
	cr_expect_eq(receive_all(), 0);
	cr_expect_eq(UdpClose(socket), 0);
}

Test(capl_wire, leave_flushes,
	.description = "datagrams queued before the leave are not received after it")
{
	dword socket = receiver();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.2")), 0);
	stream("239.1.1.1", PORT);
	stream("239.1.1.2", PORT);
	cr_expect_eq(IpLeaveMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	stream("239.1.1.1", PORT);
	cr_expect_eq(receive_all(), 1, "only the other group is received");
	cr_expect_eq(UdpClose(socket), 0);
}

static atomic_bool pumping;

// Fills the wire with frames of the group.
static void *pump(void *arg)
{
	(void)arg;
	while (atomic_load(&pumping))
		if (!put("239.1.1.1", PORT))
			sched_yield();
	return NULL;
}

Test(capl_wire, leave_under_load, .description = "promise 1: nothing is received after a leave")
{
	const dword group = inet_addr("239.1.1.1");
	dword socket = receiver();
	pthread_t thread;

	atomic_store(&pumping, true);
	cr_assert_eq(pthread_create(&thread, NULL, pump, NULL), 0);
	for (unsigned i = 0; i < 20; i++) {
		cr_assert_eq(IpJoinMulticastGroup(socket, 1, group), 0);
		for (received = 0; received < 100;)
			sluice_capl_poll();
		cr_assert_eq(IpLeaveMulticastGroup(socket, 1, group), 0);
		for (unsigned polls = 0; polls < 1000; polls++)
			cr_assert_eq(sluice_capl_poll(), 0, "round %u", i);
	}
	atomic_store(&pumping, false);
	pthread_join(thread, NULL);
	cr_expect_eq(UdpClose(socket), 0);
	library_fixture_settle(&fixture);
}

Test(capl_wire, send)
{
	dword socket = UdpOpen(0, PORT);
	const uint8_t *sent;

	cr_expect_eq(UdpSendTo(socket, inet_addr("239.1.1.1"), 1234, "Hello", 5), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAENETUNREACH);
	library_fixture_listen(&fixture);
	cr_expect_eq(fixture.n_sent, 0);
	cr_expect_eq(IpSetMulticastInterface(socket, 1), 0);
	cr_expect_eq(UdpSendTo(socket, inet_addr("239.1.1.1"), 1234, "Hello", 5), 0);
	while (fixture.n_sent == 0)
		library_fixture_listen(&fixture);
	sent = rte_pktmbuf_mtod(fixture.sent[0], const uint8_t *);
	cr_expect_arr_eq(sent + 14 + 16, ((uint8_t[]){239, 1, 1, 1}), 4);
	cr_expect_eq(sent[34] << 8 | sent[35], PORT);
	cr_expect_eq(sent[36] << 8 | sent[37], 1234);
	cr_expect_arr_eq(sent + 42, "Hello", 5);
	cr_expect_eq(UdpClose(socket), 0);
}

Test(capl_wire, lost,
	.description = "a pending receive ends with WSAENETDOWN when the device is removed")
{
	dword socket = receiver();

	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(IpJoinMulticastGroup(socket, 5, inet_addr("239.1.1.1")), 0);
	library_fixture_remove(&fixture, 0);
	while (sluice_capl_poll() == 0)
		sched_yield();
	cr_expect_eq(last_result, WSAENETDOWN);
	cr_expect_eq(receive_all(), 0, "it is reported once");
	cr_expect_eq(IpJoinMulticastGroup(socket, 1, inet_addr("239.1.1.2")), SOCKET_ERROR);
	cr_expect_eq(IpGetLastSocketError(socket), WSAENETDOWN);
	cr_expect_eq(IpJoinMulticastGroup(socket, 5, inet_addr("239.1.1.2")), 0,
		"another port is not affected");
	cr_expect_eq(IpLeaveMulticastGroup(socket, 1, inet_addr("239.1.1.1")), 0);
	cr_expect_eq(UdpClose(socket), 0);
}
