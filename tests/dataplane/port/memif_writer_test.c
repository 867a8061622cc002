// SPDX-License-Identifier: BSD-3-Clause
// Rings with impossible contents, or that change while they are read: the writer stays within the
// memory of the client, never waits, and disconnects the client.
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "memif_server_fixture.h"

TestSuite(memif_writer, .timeout = 120);

static struct memif_served served;
static struct memif_peer peer;

// ---- Descriptors and heads -----------------------------------------------------------------

struct bad_ring {
	const char *name;
	struct memif_descriptor descriptor; // the first one
	uint16_t head; // 0: unchanged
};

static struct bad_ring bad_rings[] = {
	{"region 1", {.region = 1, .length = 2048, .offset = PEER_BUFFERS_AT}},
	{"region 9999", {.region = 9999, .length = 2048, .offset = PEER_BUFFERS_AT}},
	{"region 65535", {.region = 65535, .length = 2048}},
	{"offset 0xf0000000", {.length = 2048, .offset = 0xf0000000}},
	{"offset at the region's end", {.length = 1, .offset = PEER_MEMORY}},
	{"buffer across the region's end", {.length = 2048, .offset = PEER_MEMORY - 2047}},
	{"length 2^31", {.length = 1u << 31, .offset = PEER_BUFFERS_AT}},
	{"length 2^32 - 1", {.length = UINT32_MAX, .offset = PEER_BUFFERS_AT}},
	{"length 2^32 - 1 at offset 1", {.length = UINT32_MAX, .offset = 1}},
	{"length 0", {.length = 0, .offset = PEER_BUFFERS_AT}},
	{"head beyond the ring", {.length = 2048, .offset = PEER_BUFFERS_AT}, PEER_SIZE + 1},
	{"head half round", {.length = 2048, .offset = PEER_BUFFERS_AT}, 0x8000},
	{"head behind the tail", {.length = 2048, .offset = PEER_BUFFERS_AT}, UINT16_MAX},
};

ParameterizedTestParameters(memif_writer, bad)
{
	return cr_make_param_array(
		struct bad_ring, bad_rings, sizeof(bad_rings) / sizeof(bad_rings[0]));
}

ParameterizedTest(struct bad_ring *bad, memif_writer, bad,
	.description = "a client with an invalid ring is disconnected, and its ring is not written")
{
	uint8_t before[PEER_MEMORY];

	served_open(&served, NULL);
	served_attach(&served, &peer);
	peer.ring->descriptors[0] = bad->descriptor;
	if (bad->head != 0)
		peer.ring->head = bad->head;
	memcpy(before, peer.memory, PEER_MEMORY);
	cr_expect_eq(served_put(&served, 60, 1), -EPROTO, "%s", bad->name);
	cr_expect_arr_eq(peer.memory, before, PEER_MEMORY, "%s", bad->name);
	memif_peer_refill(&peer);
	cr_expect_eq(served_put(&served, 60, 1), -EPROTO, "%s is forgiven", bad->name);
	memif_server_wake(served.server);
	memif_peer_wait_closed(&peer);
	memif_peer_close(&peer);
	served_wait_disconnected(&served, 1);
	served_attach(&served, &peer);
	cr_expect_eq(served_put(&served, 60, 1), 0);
	memif_peer_close(&peer);
	served_close(&served);
}

Test(memif_writer, head_jumps,
	.description = "a head that jumps back while frames are written breaks the ring")
{
	served_open(&served, NULL);
	served_attach(&served, &peer);
	for (unsigned i = 0; i < PEER_SIZE; i++)
		cr_assert_eq(served_put(&served, 60, i), 0);
	cr_expect_eq(served_put(&served, 60, 1), -EAGAIN);
	peer.ring->head = PEER_SIZE / 2;
	cr_expect_eq(served_put(&served, 60, 1), -EPROTO);
	memif_peer_close(&peer);
	served_close(&served);
}

Test(memif_writer, no_room,
	.description = "a frame without room, or one that never fits, does not change the ring")
{
	uint8_t frame[PEER_SIZE * PEER_BUFFER];

	served_open(&served, NULL);
	served_attach(&served, &peer);
	for (unsigned i = 0; i < PEER_SIZE - 2; i++)
		cr_assert_eq(served_put(&served, 60, i), 0);
	cr_expect_eq(served_put(&served, 3 * PEER_BUFFER, 9), -EAGAIN);
	cr_expect_eq(served_put(&served, 2 * PEER_BUFFER, 7), 0, "two buffers were left");
	for (unsigned i = 0; i < PEER_SIZE - 2; i++)
		cr_assert_eq(memif_peer_frame(&peer, frame, sizeof(frame)), 60);
	cr_expect_eq(memif_peer_frame(&peer, frame, sizeof(frame)), 2 * PEER_BUFFER);
	memif_peer_refill(&peer);
	cr_expect_eq(served_put(&served, PEER_SIZE * PEER_BUFFER + 1, 1), -EMSGSIZE);
	cr_expect_eq(served_put(&served, PEER_SIZE * PEER_BUFFER, 1), 0);
	memif_peer_close(&peer);
	served_close(&served);
}

// ---- The memory's file ---------------------------------------------------------------------

Test(memif_writer, truncate,
	.description = "a region in use cannot be truncated, and holes in it are harmless")
{
	uint8_t frame[PEER_BUFFER];

	served_open(&served, NULL);
	served_attach(&served, &peer);
	cr_expect_lt(ftruncate(peer.memory_fd, 0), 0);
	cr_expect_eq(errno, EPERM);
	cr_assert_eq(served_put(&served, 60, 1), 0);
	cr_assert_eq(memif_peer_frame(&peer, frame, sizeof(frame)), 60);
	cr_assert_eq(fallocate(peer.memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			     PEER_MEMORY),
		0);
	cr_expect_eq(served_put(&served, 60, 1), -EPROTO, "the ring holds zeros");
	memif_peer_close(&peer);
	served_close(&served);
}

// ---- The signal ----------------------------------------------------------------------------

Test(memif_writer, full_eventfd, .description = "an eventfd that blocks does not stop the writer")
{
	const uint64_t most = UINT64_MAX - 1;

	served_open(&served, NULL);
	served_attach(&served, &peer);
	for (unsigned i = 0; i < PEER_SIZE; i++) {
		// The client shares the flags of the file.
		cr_assert_eq(fcntl(peer.event_fd, F_SETFL, O_NONBLOCK), 0);
		if (write(peer.event_fd, &most, sizeof(most)) < 0)
			cr_assert_eq(errno, EAGAIN);
		cr_assert_eq(fcntl(peer.event_fd, F_SETFL, 0), 0);
		cr_assert_eq(served_put(&served, 60, i), 0);
	}
	memif_peer_close(&peer);
	served_close(&served);
}

Test(memif_writer, many_signals, .description = "many signals are delivered")
{
	uint8_t frame[PEER_BUFFER];
	uint64_t count;

	served_open(&served, NULL);
	served_attach(&served, &peer);
	for (unsigned i = 0; i < 20000; i++) {
		cr_assert_eq(served_put(&served, 60, 1), 0);
		cr_assert_eq(memif_peer_frame(&peer, frame, sizeof(frame)), 60);
		memif_peer_refill(&peer);
		cr_assert_eq(read(peer.event_fd, &count, sizeof(count)), sizeof(count));
	}
	memif_peer_close(&peer);
	served_close(&served);
}

// ---- A client that scribbles ---------------------------------------------------------------

static atomic_bool stop;

// Half of the written values are valid, so that the writer makes progress.
static void *scribble(void *arg)
{
	struct drand48_data state;
	long a, b;

	srand48_r((long)(intptr_t)arg, &state);
	while (!atomic_load(&stop)) {
		uint64_t *words;

		lrand48_r(&state, &a);
		lrand48_r(&state, &b);
		words = (uint64_t *)&peer.ring->descriptors[a % PEER_SIZE];
		if (b % 64 == 0)
			__atomic_store_n(&peer.ring->head, (uint16_t)a, __ATOMIC_RELAXED);
		else if (b % 2 == 0)
			__atomic_store_n(
				&words[b / 2 % 2], (uint64_t)a << 20 ^ b, __ATOMIC_RELAXED);
		else
			memif_peer_refill(&peer);
		peer.next = __atomic_load_n(&peer.ring->tail, __ATOMIC_RELAXED);
	}
	return NULL;
}

Test(memif_writer, scribble,
	.description = "a client that writes random data to the ring harms only itself")
{
	const time_t until = time(NULL) + 3;
	unsigned long n_put = 0, n_rounds = 0;
	pthread_t thread;

	served_open(&served, NULL);
	while (time(NULL) < until) {
		served_attach(&served, &peer);
		atomic_store(&stop, false);
		cr_assert_eq(pthread_create(&thread, NULL, scribble, (void *)n_rounds), 0);
		for (unsigned i = 0; i < 100000 && !memif_writer_is_broken(served.writer); i++)
			n_put += served_put(&served, 60 + i % 5000, i) == 0;
		atomic_store(&stop, true);
		cr_assert_eq(pthread_join(thread, NULL), 0);
		memif_server_wake(served.server);
		memif_peer_close(&peer);
		served_wait_disconnected(&served, ++n_rounds);
	}
	served_close(&served);
	cr_expect(n_put > 100 && n_rounds > 10, "%lu frames, %lu rounds", n_put, n_rounds);
}
