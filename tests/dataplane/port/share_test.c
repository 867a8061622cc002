// SPDX-License-Identifier: BSD-3-Clause
// Outputs shared with other processes. The client is DPDK's net_memif, the reader without DPDK,
// both at once, or one that breaks the rules.
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dataplane_fixture.h"
#include "memif_peer_fixture.h"
#include "memif_reader.h"
#include "output.h"
#include "share.h"

TestSuite(share, .init = fixture_eal, .timeout = 300);

enum { SHARES = 100, PAYLOAD = 1400 };

static struct dataplane_fixture fixture;
static struct wire in;
static struct interface *interface;

// A share with one queue, and its receiver.
struct shared {
	struct share *share;
	struct output *ring;
	uint64_t number; // of the queue
	char path[64];
	struct share_port *port; // DPDK's client; NULL: the reader
	struct share_queue *queue;
	struct memif_reader *reader;
};

static void open_rig(void)
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
}

static void open_share(struct shared *shared, unsigned ring_size)
{
	static unsigned last;
	struct share_config config = {.path = shared->path};
	struct dataplane_error error;

	*shared = (struct shared){0};
	snprintf(shared->path, sizeof(shared->path), "/tmp/sluice-share-%d.%u", getpid(), last++);
	cr_assert_eq(share_open(&config, &shared->share, &error), 0, "%s", error.text);
	shared->ring = fixture_ring(&fixture, ring_size);
	cr_assert_eq(share_add(shared->share, shared->ring, &shared->number), 0);
}

static void close_share(struct shared *shared)
{
	share_remove(shared->share, shared->number);
	share_close(shared->share);
	output_close(shared->ring);
	cr_expect_neq(access(shared->path, F_OK), 0, "%s is left", shared->path);
}

// ---- The control thread's turns, while a client waits for the server ------------------------

static atomic_bool stop;

static void turn(void *shared)
{
	share_process(((struct shared *)shared)->share);
}

static void *serve(void *arg)
{
	while (!atomic_load(&stop)) {
		turn(arg);
		usleep(100);
	}
	return NULL;
}

static void open_receiver(struct shared *shared, bool dpdk)
{
	struct rte_mbuf *frame;
	pthread_t thread;
	int rc = -1;

	atomic_store(&stop, false);
	cr_assert_eq(pthread_create(&thread, NULL, serve, shared), 0);
	// DPDK's client rarely misses its five seconds; why is not known.
	for (unsigned tried = 0; tried < 3 && rc != 0; tried++)
		rc = dpdk ? share_port_open(shared->path, 512, &shared->port)
			  : memif_reader_open(shared->path, NULL, &shared->reader);
	atomic_store(&stop, true);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_eq(rc, 0);
	if (!dpdk)
		return;
	cr_assert_eq(share_port_queue_open(shared->port, shared->number, 256, &shared->queue), 0);
	// DPDK's client offers its buffers only when it first looks for frames.
	cr_assert_eq(share_port_queue_receive(shared->queue, &frame, 1), 0);
}

static void close_receiver(struct shared *shared)
{
	if (shared->port != NULL) {
		share_port_queue_close(shared->queue);
		share_port_close(shared->port);
	} else {
		memif_reader_close(shared->reader);
	}
}

// ---- Frames --------------------------------------------------------------------------------

static void build(struct frame *frame, unsigned i)
{
	static uint8_t payload[PAYLOAD];

	memset(payload, i, sizeof(payload));
	frame_build(frame, &(struct frame_spec){
				   .group = "239.1.1.1",
				   .source = "10.0.0.1",
				   .payload = payload,
				   .payload_len = i * 7 % PAYLOAD,
			   });
}

static void send_frame(unsigned i)
{
	struct frame frame;

	build(&frame, i);
	fixture_send(&fixture, &in, 0, &frame);
	fixture_settle(&fixture);
}

// Returns the length of the next frame, 0 if there is none.
static size_t receive(struct shared *shared, uint8_t *bytes, size_t size)
{
	struct rte_mbuf *frame;
	uint64_t number;
	ssize_t len;

	if (shared->port == NULL) {
		len = memif_reader_receive(shared->reader, &number, bytes, size);
		cr_assert(len < 0 || number == shared->number);
		return len < 0 ? 0 : len;
	}
	if (share_port_queue_receive(shared->queue, &frame, 1) == 0)
		return 0;
	len = frame->pkt_len;
	memcpy(bytes, rte_pktmbuf_read(frame, 0, len, bytes), len);
	rte_pktmbuf_free(frame);
	return len;
}

static void expect_frame(struct shared *shared, unsigned i)
{
	uint8_t bytes[FRAME_MAX];
	struct frame wanted;
	size_t len;

	share_settle(shared->share, shared->number);
	build(&wanted, i);
	len = receive(shared, bytes, sizeof(bytes));
	cr_assert_eq(len, wanted.len, "frame %u: %zu bytes", i, len);
	cr_assert_arr_eq(bytes, wanted.bytes, len);
}

Test(share, both, .description = "DPDK's client and the reader receive the same frames at once")
{
	struct shared dpdk, own;

	open_rig();
	open_share(&dpdk, 64);
	open_share(&own, 64);
	open_receiver(&dpdk, true);
	open_receiver(&own, false);
	fixture_join(interface, "239.1.1.1", 1, dpdk.ring);
	fixture_join(interface, "239.1.1.1", 2, own.ring);
	for (unsigned i = 0; i < 3000; i++) {
		send_frame(i);
		expect_frame(&dpdk, i);
		expect_frame(&own, i);
	}
	cr_expect_eq(share_dropped(dpdk.share, dpdk.number), 0);
	cr_expect_eq(share_dropped(own.share, own.number), 0);
	fixture_leave(interface, "239.1.1.1", 1);
	fixture_leave(interface, "239.1.1.1", 2);
	close_receiver(&dpdk);
	close_receiver(&own);
	close_share(&dpdk);
	close_share(&own);
	fixture_close(&fixture);
}

Test(share, again, .description = "clients of both kinds use one share alternately")
{
	struct shared shared;

	open_rig();
	open_share(&shared, 64);
	fixture_join(interface, "239.1.1.1", 1, shared.ring);
	for (unsigned i = 0; i < 6; i++) {
		shared.port = NULL;
		open_receiver(&shared, i % 2 == 0);
		send_frame(i);
		expect_frame(&shared, i);
		close_receiver(&shared);
		for (unsigned j = 0; j < 10; j++)
			turn(&shared);
	}
	fixture_leave(interface, "239.1.1.1", 1);
	close_share(&shared);
	fixture_close(&fixture);
}

Test(share, many, .description = "the number of shares is not limited to 32")
{
	static struct shared shared[SHARES];

	open_rig();
	for (unsigned i = 0; i < SHARES; i++) {
		open_share(&shared[i], 16);
		open_receiver(&shared[i], false);
		fixture_join(interface, "239.1.1.1", i + 1, shared[i].ring);
	}
	send_frame(5);
	for (unsigned i = 0; i < SHARES; i++)
		expect_frame(&shared[i], 5);
	for (unsigned i = 0; i < SHARES; i++) {
		fixture_leave(interface, "239.1.1.1", i + 1);
		close_receiver(&shared[i]);
		close_share(&shared[i]);
	}
	fixture_close(&fixture);
}

// ---- Clients that break the rules ----------------------------------------------------------

static void attach(struct shared *shared, struct memif_peer *peer)
{
	*peer = (struct memif_peer){.turn = turn, .arg = shared};
	memif_peer_open(peer, shared->path);
	cr_assert_eq(memif_peer_attach(peer, NULL), MEMIF_CONNECTED);
	memif_peer_refill(peer);
}

// The client gives a buffer outside its memory.
static void check_descriptor(const struct memif_descriptor *descriptor)
{
	struct output_stats stats;
	struct shared bad, good;
	struct memif_peer peer;

	open_rig();
	open_share(&bad, 64);
	open_share(&good, 64);
	open_receiver(&good, false);
	attach(&bad, &peer);
	for (unsigned i = 0; i < PEER_SIZE; i++)
		peer.ring->descriptors[i] = *descriptor;
	fixture_join(interface, "239.1.1.1", 1, bad.ring);
	fixture_join(interface, "239.1.1.1", 2, good.ring);
	for (unsigned i = 0; i < 100; i++) {
		send_frame(i);
		expect_frame(&good, i);
	}
	share_settle(bad.share, bad.number);
	output_stats(bad.ring, &stats);
	cr_expect_eq(stats.packets + stats.dropped, 100);
	cr_expect_eq(share_dropped(bad.share, bad.number), stats.packets);
	memif_peer_wait_closed(&peer);
	memif_peer_close(&peer);
	fixture_leave(interface, "239.1.1.1", 1);
	fixture_leave(interface, "239.1.1.1", 2);
	close_receiver(&good);
	close_share(&bad);
	close_share(&good);
	fixture_close(&fixture);
}

Test(share, region, .description = "a descriptor with region 9999 disconnects only its client")
{
	check_descriptor(&(struct memif_descriptor){.region = 9999, .length = 2048});
}

Test(share, offset,
	.description = "a descriptor with offset 0xf0000000 disconnects only its client")
{
	check_descriptor(&(struct memif_descriptor){.length = 2048, .offset = 0xf0000000});
}

Test(share, garbage, .description = "invalid data on the socket leaks no descriptor")
{
	struct memif_peer peer = {.turn = turn};
	uint8_t bytes[256];
	struct shared shared;
	unsigned open_fds;

	open_rig();
	open_share(&shared, 64);
	peer.arg = &shared;
	open_fds = memif_peer_open_fds();
	for (unsigned i = 0; i < 1000; i++) {
		memif_peer_open(&peer, shared.path);
		memset(bytes, i, sizeof(bytes));
		memif_peer_send(&peer, bytes, 1 + i % 255, peer.memory_fd, 1 + i % 3);
		memif_peer_wait_closed(&peer);
		memif_peer_close(&peer);
	}
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	close_share(&shared);
	fixture_close(&fixture);
}

Test(share, cycles,
	.description = "1000 clients that attach and disappear leak neither descriptors nor memory")
{
	unsigned open_fds = 0;
	unsigned long memory_kb = 0;
	struct memif_peer peer;
	struct shared shared;

	open_rig();
	for (unsigned i = 0; i < 1100; i++) {
		if (i == 100) {
			open_fds = memif_peer_open_fds();
			memory_kb = memif_peer_memory_kb();
		}
		open_share(&shared, 16);
		fixture_join(interface, "239.1.1.1", 1, shared.ring);
		attach(&shared, &peer);
		send_frame(i);
		memif_peer_close(&peer);
		fixture_leave(interface, "239.1.1.1", 1);
		close_share(&shared);
	}
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	cr_expect_leq(memif_peer_memory_kb(), memory_kb + 256);
	fixture_close(&fixture);
}

Test(share, in_use, .description = "the path of another share is refused and left alone")
{
	struct share_config config;
	struct dataplane_error error;
	struct share *second;
	struct shared shared;

	open_rig();
	open_share(&shared, 16);
	config = (struct share_config){.path = shared.path};
	cr_expect_eq(share_open(&config, &second, &error), -EADDRINUSE);
	cr_expect(strstr(error.text, shared.path) != NULL, "%s", error.text);
	open_receiver(&shared, false);
	close_receiver(&shared);
	close_share(&shared);
	fixture_close(&fixture);
}
