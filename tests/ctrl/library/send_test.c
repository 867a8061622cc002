// SPDX-License-Identifier: BSD-3-Clause
// Datagrams that a session sends: all bytes, and which sessions get them.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include "library_fixture.h"

TestSuite(send, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;

static int send_text(const char *group, const char *text)
{
	struct sluice_addr addr = library_fixture_addr(group);

	return sluice_send(session, &addr, htons(5000), text, strlen(text));
}

static const struct rte_mbuf *next_sent(void)
{
	unsigned n = fixture.n_sent;

	while (fixture.n_sent == n) {
		library_fixture_listen(&fixture);
		sched_yield();
	}
	return fixture.sent[n];
}

// The one's complement sum as a receiver computes it: 0xffff if the checksum is correct.
static uint16_t sum(uint32_t start, const uint8_t *at, size_t len)
{
	uint32_t total = start;

	for (size_t i = 0; i < len; i++)
		total += i & 1 ? at[i] : at[i] << 8;
	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

Test(send, ipv4, .description = "RFC 1112: all bytes of an IPv4 datagram are correct")
{
	static const uint8_t expected[] = {
		// Ethernet: destination of the group, then the port's MAC, IPv4
		0x01, 0x00, 0x5e, 0x01, 0x01, 0x01, 0, 0, 0, 0, 0, 0, 0x08, 0x00,
		// IPv4: 32 bytes, DF, TTL 1, UDP, checksum, 10.9.0.2, 239.129.1.1
		0x45, 0, 0, 32, 0, 0, 0x40, 0, 1, 17, 0, 0, 10, 9, 0, 2, 239, 129, 1, 1,
		// UDP: from port 7000 to 5000, 12 bytes, checksum, "abcd"
		0x1b, 0x58, 0x13, 0x88, 0, 12, 0, 0, 'a', 'b', 'c', 'd'};
	struct sluice_session_options options = {.udp_port_be = htons(7000)};
	struct sluice_interface interface;
	const struct rte_mbuf *frame;
	uint8_t bytes[60];

	library_fixture_open(&fixture);
	cr_assert_eq(sluice_session_open(fixture.sluice, NULL, &options, &session), 0);
	cr_assert_eq(sluice_interface_list(session, &interface, 1), 1);
	cr_assert_eq(sluice_set_multicast_if(session, 1), 0);
	cr_assert_eq(send_text("239.129.1.1", "abcd"), 0);
	frame = next_sent();
	cr_assert_eq(frame->pkt_len, 60, "minimum length of an Ethernet frame");
	memcpy(bytes, rte_pktmbuf_mtod(frame, uint8_t *), 60);
	cr_expect_eq(sum(0, bytes + 14, 20), 0xffff, "IPv4 checksum");
	cr_expect_eq(sum(17 + 12, bytes + 26, 20), 0xffff, "UDP checksum");
	cr_expect_arr_eq(bytes + 6, interface.mac, 6);
	memset(bytes + 6, 0, 6);
	memset(bytes + 24, 0, 2);
	memset(bytes + 40, 0, 2);
	cr_expect_arr_eq(bytes, expected, sizeof(expected));
	for (unsigned i = sizeof(expected); i < 60; i++)
		cr_expect_eq(bytes[i], 0, "padding");
	library_fixture_close(&fixture);
}

Test(send, ipv6,
	.description =
		"an IPv6 datagram on a VLAN is correct, and its source has the scope of the group")
{
	struct sluice_addr group = library_fixture_addr("ff0e::1:2"),
			   far = library_fixture_addr("2001:db8:20::2");
	uint8_t payload[1432] = {1, 2, 3};
	const struct rte_mbuf *frame;
	const uint8_t *bytes;

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	cr_assert_eq(sluice_set_multicast_if(session, 2), 0);
	cr_assert_eq(sluice_set_multicast_ttl(session, 255), 0);
	cr_assert_eq(sluice_send(session, &group, htons(5000), payload, sizeof(payload)), 0);
	frame = next_sent();
	bytes = rte_pktmbuf_mtod(frame, uint8_t *);
	cr_assert_eq(frame->pkt_len, 18 + 40 + 8 + sizeof(payload));
	cr_expect_arr_eq(bytes, ((uint8_t[]){0x33, 0x33, 0, 1, 0, 2}), 6);
	cr_expect_arr_eq(bytes + 12, ((uint8_t[]){0x81, 0, 0, 20, 0x86, 0xdd}), 6);
	cr_expect_arr_eq(
		bytes + 18, ((uint8_t[]){0x60, 0, 0, 0, 1440 >> 8, 1440 & 0xff, 17, 255}), 8);
	cr_expect_arr_eq(bytes + 26, far.bytes, 16);
	cr_expect_arr_eq(bytes + 42, group.bytes, 16);
	cr_expect_eq(sum(17 + 1440, bytes + 26, 32 + 1440), 0xffff, "UDP checksum");
	cr_expect_eq(send_text("ff02::1:2", "near"), 0);
	frame = next_sent();
	bytes = rte_pktmbuf_mtod(frame, uint8_t *);
	cr_expect(bytes[26] == 0xfe && bytes[27] == 0x80, "a link-local group from link-local");
	library_fixture_close(&fixture);
}

Test(send, errors, .description = "each datagram that cannot be sent has its own errno")
{
	static const uint8_t large[3000];
	struct sluice_addr group = library_fixture_addr("239.1.1.1");

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(send_text("239.1.1.1", "x"), -ENETUNREACH, "no interface is selected");
	cr_expect_eq(sluice_set_multicast_if(session, 4), -ENODEV);
	cr_expect_eq(sluice_set_multicast_if(session, 1), 0);
	cr_expect_eq(send_text("10.1.1.1", "x"), -EINVAL);
	cr_expect_eq(sluice_send(session, &group, 0, NULL, 1), -EINVAL);
	cr_expect_eq(sluice_send(session, &group, 0, large, 1473), -EMSGSIZE);
	cr_expect_eq(sluice_send(session, &group, 0, large, sizeof(large)), -EMSGSIZE);
	cr_expect_eq(sluice_send(session, &group, 0, large, 1472), 0);
	cr_expect_eq(sluice_send(session, &group, 0, NULL, 0), 0);
	cr_expect_eq(sluice_set_multicast_ttl(session, 256), -EINVAL);
	cr_expect_eq(sluice_set_multicast_if(session, 3), 0);
	cr_expect_eq(send_text("239.1.1.1", "x"), -EADDRNOTAVAIL, "no IPv4 address");
	library_fixture_close(&fixture);
}

Test(send, loop, .description = "local sessions get the datagrams they want if loopback is enabled")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");
	struct sluice_session *receiver, *bound;
	struct sluice_session_options options = {.udp_port_be = htons(5001)};
	struct sluice_frame info;
	struct rte_mbuf *frame;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	receiver = library_fixture_session(&fixture);
	cr_assert_eq(sluice_session_open(fixture.sluice, NULL, &options, &bound), 0);
	cr_assert_eq(sluice_join(receiver, 1, &group), 0);
	cr_assert_eq(sluice_join(bound, 1, &group), 0);
	cr_assert_eq(sluice_set_multicast_if(session, 1), 0);
	cr_assert_eq(sluice_set_multicast_ttl(session, 0), 0);
	cr_assert_eq(send_text("239.1.1.1", "here"), 0);
	library_fixture_settle(&fixture); // calls are processed in order: the datagram before these
	cr_assert_eq(sluice_recv_burst(receiver, &frame, 1), 1);
	cr_assert_eq(sluice_frame_read(frame, &info), 0);
	cr_expect(info.payload_len == 4 && info.udp_port_be == htons(5000));
	rte_pktmbuf_free(frame);
	cr_expect_eq(library_fixture_receive(session), 0);
	cr_expect_eq(library_fixture_receive(bound), 0, "another port");
	cr_assert_eq(sluice_set_multicast_ttl(session, 1), 0);
	cr_assert_eq(sluice_set_multicast_loop(session, false), 0);
	cr_assert_eq(send_text("239.1.1.1", "away"), 0);
	frame = (struct rte_mbuf *)next_sent();
	cr_expect_eq(memcmp(rte_pktmbuf_mtod(frame, char *) + 42, "away", 4), 0, "TTL 0 was sent");
	cr_expect_eq(library_fixture_receive(receiver), 0);
	cr_assert_eq(sluice_set_multicast_loop(session, true), 0);
	cr_assert_eq(send_text("239.1.1.1", "both"), 0);
	next_sent();
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(receiver), 1);
	library_fixture_close(&fixture);
}
