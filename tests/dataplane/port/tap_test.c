// SPDX-License-Identifier: BSD-3-Clause
// net_tap ports with a real kernel at the other end, in a network namespace of the test.
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <rte_cycles.h>
#include "dataplane_fixture.h"

#define PATIENCE_S 20

static struct dataplane_fixture fixture;

// The namespace has no name and ends with the process. Without IPv6 the kernel sends nothing.
static void in_namespace(void)
{
	static const char quiet[] = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
	int fd;

	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) < 0)
		cr_skip_test("needs root and /dev/net/tun");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	fd = open(quiet, O_WRONLY);
	if (fd >= 0) {
		cr_assert_eq(write(fd, "1", 1), 1);
		close(fd);
	}
	fixture_eal();
}

TestSuite(tap, .init = in_namespace, .timeout = 120);

static struct port *tap_open(const char *device, uint16_t queues)
{
	struct port_config config = {
		.name = device,
		.device = device,
		.queues = queues,
	};
	struct dataplane_error error;
	struct port *port;

	cr_assert_eq(dataplane_add_port(fixture.dp, &config, &port, &error), 0, "%s", error.text);
	return port;
}

// The kernel side of a tap.
static int packet_socket(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

static void socket_send(int fd, const struct frame *frame)
{
	cr_assert_eq(send(fd, frame->bytes, frame->len, 0), (ssize_t)frame->len);
}

static void socket_receive(int fd, struct frame *frame)
{
	ssize_t len = recv(fd, frame->bytes, sizeof(frame->bytes), 0);

	cr_assert_gt(len, 0, "nothing arrived");
	frame->len = len;
}

static void set_up(const char *name, bool up)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	cr_assert_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	request.ifr_flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void build(struct frame *frame, const char *group)
{
	frame_build(frame,
		&(struct frame_spec){.group = group, .source = "10.0.0.1", .payload_len = 100});
}

static void build_tagged(struct frame *frame, const char *group, uint16_t tci)
{
	frame_build(frame, &(struct frame_spec){
				   .group = group,
				   .source = "10.0.0.1",
				   .payload_len = 100,
				   .n_tags = 1,
				   .tags = {tci},
			   });
}

static void tap_send(struct port *port, const struct frame *frame)
{
	struct rte_mbuf *mbuf = port_frame_alloc(port);

	memcpy(rte_pktmbuf_append(mbuf, frame->len), frame->bytes, frame->len);
	cr_assert_eq(port_send(port, mbuf), 0);
}

// Waits for n frames in the ring.
static void expect_frames(struct output *ring, unsigned n)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE_S * rte_get_timer_hz();
	unsigned got = 0;

	while (got < n) {
		cr_assert_lt(rte_get_timer_cycles(), deadline, "%u of %u frames", got, n);
		sched_yield();
		got += fixture_drain(ring);
	}
}

static void count_event(void *arg, struct port *port)
{
	(void)port;
	++*(unsigned *)arg;
}

Test(tap, path, .description = "promise 5: only joined frames get from one tap to another")
{
	static const struct rte_ether_addr mac = {{2, 1, 2, 3, 4, 5}};
	struct port *in, *out;
	struct interface_config untagged = {0};
	struct interface *interface;
	struct dataplane_error error;
	struct output *port, *ring;
	struct port_info info;
	struct frame frame, got;
	int from, to;

	fixture_open(&fixture, 1, 0);
	in = tap_open("net_tap0,iface=sl0", 1);
	out = tap_open("net_tap1,iface=sl1", 1);
	cr_assert_eq(interface_open(in, &untagged, &interface, &error), 0);
	port_info(in, &info);
	cr_expect_str_eq(info.driver, "net_tap");
	cr_expect(info.up);
	cr_expect_eq(info.mtu, 1500);
	ring = fixture_ring(&fixture, 64);
	port = fixture_output(&fixture, &(struct output_config){
						.kind = OUTPUT_PORT,
						.port = out,
						.set_source_mac = true,
						.source_mac = mac,
					});
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(interface, "239.1.1.1", 2, port);
	fixture_start(&fixture);
	from = packet_socket("sl0");
	to = packet_socket("sl1");
	build(&frame, "224.129.1.1");
	socket_send(from, &frame);
	build(&frame, "239.1.1.1");
	socket_send(from, &frame);
	socket_receive(to, &got);
	memcpy(frame.bytes + 6, mac.addr_bytes, 6);
	cr_assert_eq(got.len, frame.len);
	cr_expect_arr_eq(got.bytes, frame.bytes, frame.len);
	expect_frames(ring, 1);
	close(from);
	close(to);
	fixture_close(&fixture);
}

// The kernel strips every tag before a packet socket sees the frame, and passes it as metadata.
Test(tap, stripped, .description = "rings get the tags that a device strips")
{
	struct interface_config tagged = {.outer_vlan = 20};
	struct interface *interface;
	struct dataplane_error error;
	struct output *ring, *untagged, *count;
	struct output_stats stats;
	struct worker_info worker;
	struct port *in, *out;
	struct frame frame, got;
	struct rte_mbuf *mbuf;
	int to;

	fixture_open(&fixture, 1, 0);
	// The second tap receives what the first one sends.
	in = tap_open("net_tap0,iface=sl0", 1);
	out = tap_open("net_tap1,iface=sl1", 1);
	cr_assert_eq(interface_open(
			     tap_open("net_af_packet0,iface=sl0", 1), &tagged, &interface, &error),
		0);
	ring = fixture_ring(&fixture, 64);
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	untagged =
		fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = out});
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(interface, "239.1.1.1", 2, count);
	fixture_join(interface, "239.1.1.2", 1, untagged);
	fixture_start(&fixture);
	to = packet_socket("sl1");

	build_tagged(&frame, "239.1.1.1", 0xa000 | 20);
	tap_send(in, &frame);
	while (output_receive_burst(ring, &mbuf, 1) == 0)
		sched_yield();
	cr_assert_eq(mbuf->pkt_len, frame.len);
	cr_expect_arr_eq(rte_pktmbuf_mtod(mbuf, uint8_t *), frame.bytes, frame.len);
	rte_pktmbuf_free(mbuf);
	output_stats(count, &stats);
	cr_expect_eq(stats.packets, 1);
	worker_info(fixture.dp, 0, &worker);
	cr_expect_eq(worker.rx_bytes, frame.len - 4, "the tag is in the metadata");

	build_tagged(&frame, "239.1.1.2", 20);
	tap_send(in, &frame);
	socket_receive(to, &got);
	build(&frame, "239.1.1.2");
	cr_assert_eq(got.len, frame.len);
	cr_expect_arr_eq(got.bytes, frame.bytes, frame.len);
	close(to);
	fixture_close(&fixture);
}

Test(tap, too_large, .description = "an MTU that the device does not support gives a clear error")
{
	const struct port_config config = {
		.name = "in",
		.device = "net_tap0,iface=sl0",
		.queues = 1,
		.mtu = 9000,
	};
	struct dataplane_error error;
	struct port *port;

	fixture_open(&fixture, 1, 0);
	cr_expect_eq(dataplane_add_port(fixture.dp, &config, &port, &error), -EINVAL);
	cr_expect_str_eq(error.text,
		"1 receive and 1 transmit queues, MTU 9000, the device's largest frame 1522: "
		"Invalid argument");
	cr_expect_eq(if_nametoindex("sl0"), 0, "the device is removed");
	fixture_close(&fixture);
}

Test(tap, queues, .description = "as many transmit as receive queues, fewer than senders")
{
	struct interface_config untagged = {0};
	struct interface *interface;
	struct dataplane_error error;
	struct output *back;
	struct port_info info;
	struct frame frame, got;
	struct port *port;
	int fd, out;

	fixture_open(&fixture, 2, 0);
	port = tap_open("net_tap0,iface=sl0", 2);
	cr_assert_eq(interface_open(port, &untagged, &interface, &error), 0);
	port_info(port, &info);
	cr_expect_eq(info.rx_queues, 2);
	cr_expect_eq(info.tx_queues, 2);
	tap_open("net_tap1,iface=sl1", 1);
	back = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = port});
	fixture_join(interface, "239.1.1.1", 1, back);
	fixture_start(&fixture);
	fd = packet_socket("sl0");
	out = packet_socket("sl0");
	build(&frame, "239.1.1.1");
	for (unsigned i = 0; i < 20; i++) {
		socket_send(fd, &frame);
		// First the copy of the sent frame, then the received one.
		socket_receive(out, &got);
		socket_receive(out, &got);
		cr_assert_eq(got.len, frame.len);
		cr_expect_arr_eq(got.bytes, frame.bytes, frame.len);
	}
	close(fd);
	close(out);
	fixture_close(&fixture);
}

Test(tap, carrier, .description = "CHG-17: a change of the carrier is reported")
{
	struct port_info info;
	unsigned events = 0;
	struct port *port;

	fixture_open(&fixture, 1, 0);
	port = tap_open("net_tap0,iface=sl0", 1);
	fixture_start(&fixture);
	port_poll_events(fixture.dp, count_event, &events);
	events = 0;
	set_up("sl0", false);
	while (events == 0)
		port_poll_events(fixture.dp, count_event, &events);
	port_info(port, &info);
	cr_expect_not(info.up);
	set_up("sl0", true);
	while (!info.up) {
		port_poll_events(fixture.dp, count_event, &events);
		port_info(port, &info);
	}
	cr_expect_geq(events, 2);
	fixture_close(&fixture);
}

Test(tap, vanished, .description = "promise 7: a deleted tap goes down, and the others go on")
{
	struct interface_config untagged = {0};
	struct interface *interface;
	struct dataplane_error error;
	struct output *lost_port, *ring;
	struct output_stats stats;
	struct port_info info = {.up = true};
	struct port *in, *lost;
	struct frame frame;
	unsigned events = 0;
	int from;

	fixture_open(&fixture, 1, 0);
	in = tap_open("net_tap0,iface=sl0", 1);
	lost = tap_open("net_tap1,iface=sl1", 1);
	cr_assert_eq(interface_open(in, &untagged, &interface, &error), 0);
	ring = fixture_ring(&fixture, 64);
	lost_port = fixture_output(
		&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = lost, .vlan = 30});
	fixture_join(interface, "239.1.1.1", 1, lost_port);
	fixture_join(interface, "239.1.1.1", 2, ring);
	fixture_start(&fixture);
	from = packet_socket("sl0");
	build(&frame, "239.1.1.1");
	cr_assert_eq(system("ip link delete sl1"), 0);
	for (unsigned i = 0; i < 10; i++)
		socket_send(from, &frame);
	expect_frames(ring, 10);
	while (info.up) {
		port_poll_events(fixture.dp, count_event, &events);
		port_info(lost, &info);
	}
	while (!info.removed) {
		port_poll_events(fixture.dp, count_event, &events);
		port_info(lost, &info);
	}
	port_info(in, &info);
	cr_expect_not(info.removed);
	for (unsigned i = 0; i < 10; i++)
		socket_send(from, &frame);
	expect_frames(ring, 10);
	dataplane_synchronize(fixture.dp);
	output_stats(lost_port, &stats);
	cr_expect_geq(stats.dropped, 10);
	close(from);
	fixture_close(&fixture);
}

Test(tap, filters, .description = "the device gets the MAC addresses of joined groups")
{
	static const struct rte_ether_addr mac = {{1, 0, 0x5e, 1, 1, 1}};
	struct port_info info;
	struct port *port;

	fixture_open(&fixture, 1, 0);
	port = tap_open("net_tap0,iface=sl0", 1);
	cr_expect_eq(port_mac_add(port, &mac), 0);
	port_info(port, &info);
	cr_expect_eq(info.mode, PORT_FILTERS);
	cr_expect_str_empty(info.mode_reason);
	cr_expect_eq(info.multicast_macs, 1);
	port_mac_remove(port, &mac);
	port_info(port, &info);
	cr_expect_eq(info.multicast_macs, 0);
	fixture_close(&fixture);
}

static int try_open(const char *name, const char *device, struct dataplane_error *error)
{
	struct port_config config = {.name = name, .device = device, .queues = 1};
	struct port *port;

	return dataplane_add_port(fixture.dp, &config, &port, error);
}

Test(tap, taken, .description = "a tap in use is refused, and its link stays up")
{
	struct port_info info;
	struct dataplane_error error;
	struct port *port;

	fixture_open(&fixture, 1, 0);
	port = tap_open("net_tap0,iface=sl0", 1);
	cr_expect_eq(try_open("second", "net_tap1,iface=sl0,mac=fixed", &error), -EBUSY);
	cr_expect_str_eq(error.text,
		"device \"net_tap1,iface=sl0,mac=fixed\": another process or port of "
		"Sluice has the tap sl0");
	port_info(port, &info);
	cr_expect(info.up);
	// The name of a refused port is free again, and so is the name of a closed port.
	cr_expect_eq(try_open("other", "net_tap1,iface=sl1", &error), 0, "%s", error.text);
	fixture_close(&fixture);
}

Test(tap, reopen, .description = "a closed device can be opened again")
{
	for (unsigned i = 0; i < 2; i++) {
		fixture_open(&fixture, 1, 0);
		tap_open("net_tap0,iface=sl0", 1);
		cr_expect_neq(if_nametoindex("sl0"), 0);
		fixture_close(&fixture);
		cr_expect_eq(if_nametoindex("sl0"), 0);
		rte_mempool_free(fixture.pool);
	}
}
