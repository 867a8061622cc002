// SPDX-License-Identifier: BSD-3-Clause
// The reader without DPDK, with the memif server in this process: frames arrive whole and in order,
// the descriptor of the reader is readable then, and the end of the server is noticed.
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "memif_reader.h"
#include "memif_server_fixture.h"

TestSuite(memif_reader, .timeout = 300);

static struct memif_served served;
static struct memif_reader *reader;

// ---- A thread for the server ---------------------------------------------------------------

static atomic_bool stop;

static void *serve(void *arg)
{
	while (!atomic_load(&stop))
		served_turn(&served);
	return arg;
}

// Opens a reader while the server runs in another thread.
static int open_reader(const struct memif_reader_config *config)
{
	pthread_t thread;
	int rc;

	atomic_store(&stop, false);
	cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
	rc = memif_reader_open(served.path, config, &reader);
	atomic_store(&stop, true);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	return rc;
}

static void open_both(unsigned n_buffers, unsigned buffer_size)
{
	struct memif_reader_config config = {.n_buffers = n_buffers, .buffer_size = buffer_size};

	served_open(&served, NULL);
	cr_assert_eq(open_reader(&config), 0);
}

static bool is_readable(void)
{
	struct pollfd wait = {.fd = memif_reader_fd(reader), .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

// A frame of a line, with `len` equal bytes.
static int put(uint64_t line, size_t len, uint8_t byte)
{
	static uint8_t bytes[1 << 16];
	const struct iovec parts[] = {{&line, sizeof(line)}, {bytes, len}};

	memset(bytes, byte, len);
	return memif_writer_put(served.writer, parts, 2);
}

// ---- Frames --------------------------------------------------------------------------------

Test(memif_reader, frames,
	.description = "frames of any length arrive whole, in order, with the number of their line")
{
	uint8_t frame[1 << 14];
	unsigned written = 0, read = 0;
	uint64_t line;

	open_both(64, 256);
	srandom(1);
	while (read < 20000) {
		while (random() % 8 != 0 && put(written * 7, written % 8001, written) == 0)
			written++;
		memif_writer_publish(served.writer);
		while (random() % 8 != 0) {
			ssize_t len = memif_reader_receive(reader, &line, frame, sizeof(frame));

			if (read == written) {
				cr_assert_eq(len, -EAGAIN, "frame %u", read);
				break;
			}
			cr_assert_eq(len, read % 8001, "frame %u", read);
			cr_assert_eq(line, read * 7);
			cr_assert(len == 0 ||
				  (frame[0] == (uint8_t)read && frame[len - 1] == (uint8_t)read));
			read++;
		}
	}
	memif_reader_close(reader);
	served_close(&served);
}

Test(memif_reader, truncated,
	.description = "a frame longer than the buffer is truncated, and its length returned")
{
	uint8_t frame[101] = {0};
	uint64_t line;

	open_both(32, 64);
	cr_assert_eq(put(5, 1000, 7), 0);
	cr_assert_eq(put(6, 50, 8), 0);
	memif_writer_publish(served.writer);
	cr_expect_eq(memif_reader_receive(reader, &line, frame, 100), 1000);
	cr_expect(frame[99] == 7 && frame[100] == 0);
	cr_expect_eq(memif_reader_receive(reader, &line, NULL, 0), 50);
	cr_expect_eq(line, 6);
	memif_reader_close(reader);
	served_close(&served);
}

Test(memif_reader, readable,
	.description = "the descriptor is readable as long as frames wait, and no longer")
{
	uint8_t frame[100];
	uint64_t line;

	open_both(16, 2048);
	cr_expect_not(is_readable(), "nothing was sent");
	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < 3; i++) {
			cr_assert_eq(put(i, 60, i), 0);
			memif_writer_publish(served.writer);
		}
		for (unsigned i = 0; i < 3; i++) {
			cr_assert(is_readable(), "frame %u waits", i);
			cr_assert_eq(memif_reader_receive(reader, &line, frame, 100), 60);
		}
		cr_assert_eq(memif_reader_receive(reader, &line, frame, 100), -EAGAIN);
		cr_assert_not(is_readable());
	}
	// Frames found without a signal count as well.
	cr_assert_eq(put(0, 60, 1), 0);
	cr_assert_eq(put(0, 60, 2), 0);
	memif_writer_publish(served.writer);
	cr_assert_eq(memif_reader_receive(reader, &line, frame, 100), 60);
	cr_expect(is_readable());
	memif_reader_close(reader);
	served_close(&served);
}

Test(memif_reader, server_ends,
	.description = "after the end of the server the remaining frames are read, then -EPIPE")
{
	uint8_t frame[100];
	uint64_t line;

	open_both(16, 2048);
	cr_assert_eq(put(1, 60, 1), 0);
	cr_assert_eq(put(1, 60, 2), 0);
	memif_writer_publish(served.writer);
	served_close(&served);
	for (unsigned i = 0; i < 2; i++) {
		cr_expect(is_readable());
		cr_expect_eq(memif_reader_receive(reader, &line, frame, 100), 60);
	}
	for (unsigned i = 0; i < 2; i++) {
		cr_expect(is_readable());
		cr_expect_eq(memif_reader_receive(reader, &line, frame, 100), -EPIPE);
	}
	memif_reader_close(reader);
}

// ---- Opening -------------------------------------------------------------------------------

Test(memif_reader, config, .description = "an impossible layout of the memory is refused")
{
	static const struct memif_reader_config bad[] = {{.n_buffers = 1}, {.n_buffers = 1000},
		{.n_buffers = 1 << 15}, {.buffer_size = 63}, {.buffer_size = (1 << 16) + 1}};

	served_open(&served, NULL);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(memif_reader_open(served.path, &bad[i], &reader), -EINVAL, "%u", i);
	cr_expect_eq(memif_reader_open("/nonexistent/socket", NULL, &reader), -ENOENT);
	cr_expect_eq(open_reader(NULL), 0);
	memif_reader_close(reader);
	served_close(&served);
}

Test(memif_reader, refused,
	.description = "a server that refuses or sends nothing leaks no descriptor")
{
	struct memif_reader_config config = {.timeout_ms = 200};
	struct memif_reader *first;
	unsigned open_fds;

	served_open(&served, NULL);
	open_fds = memif_peer_open_fds();
	cr_expect_eq(memif_reader_open(served.path, &config, &reader), -ETIMEDOUT);
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	for (unsigned i = 0; i < 10; i++)
		served_turn(&served);
	cr_assert_eq(open_reader(NULL), 0);
	first = reader;
	open_fds = memif_peer_open_fds();
	cr_expect_eq(open_reader(NULL), -ECONNREFUSED, "another client is connected");
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	memif_reader_close(first);
	served_close(&served);
}

// ---- A server that lies --------------------------------------------------------------------

// Answers every message and then writes invalid data to the ring.
static void *lie(void *arg)
{
	struct memif_message message = {.type = MEMIF_HELLO};
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);

	message.hello.version_min = message.hello.version_max = MEMIF_VERSION;
	message.hello.ring_log2_max = MEMIF_RING_LOG2_MAX;
	cr_assert_eq(send(fd, &message, sizeof(message), 0), sizeof(message));
	for (unsigned type = MEMIF_INIT; type != MEMIF_CONNECT; type = message.type) {
		cr_assert_eq(recv(fd, &message, sizeof(message), 0), sizeof(message));
		if (message.type == MEMIF_CONNECT)
			break;
		message.type = MEMIF_ACK;
		cr_assert_eq(send(fd, &message, sizeof(message), 0), sizeof(message));
	}
	message.type = MEMIF_CONNECT + 100;
	send(fd, &message, sizeof(message), 0);
	close(fd);
	return NULL;
}

Test(memif_reader, liar, .description = "a server that does not speak memif has its own error")
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	pthread_t thread;

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/sluice-liar-%d.sock", getpid());
	unlink(address.sun_path);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(pthread_create(&thread, NULL, lie, &listener), 0);
	cr_expect_eq(memif_reader_open(address.sun_path, NULL, &reader), -EPROTO);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	close(listener);
	unlink(address.sun_path);
}

// ---- Two threads ---------------------------------------------------------------------------

enum { STRESS_FRAMES = 300000 };

static atomic_uint n_read;

static void *write_frames(void *arg)
{
	struct drand48_data state;
	long r;

	srand48_r(1, &state);
	for (unsigned i = 0; i < STRESS_FRAMES;) {
		lrand48_r(&state, &r);
		for (unsigned n = r % 16; n > 0 && i < STRESS_FRAMES; n--) {
			if (put(i, i % 300, i) < 0)
				break;
			i++;
		}
		memif_writer_publish(served.writer);
		// Without a later signal, which would hide that one is lost.
		while (r % 2 == 1 && atomic_load(&n_read) < i)
			sched_yield();
		if (r % 4096 < 2)
			usleep(r % 500);
		else if (r % 16 == 0)
			sched_yield();
	}
	return arg;
}

Test(memif_reader, stress,
	.description = "a reader that sleeps between frames is woken for each of them")
{
	struct pollfd wait = {.events = POLLIN};
	uint8_t frame[300];
	pthread_t thread;
	uint64_t line;

	open_both(256, 64);
	wait.fd = memif_reader_fd(reader);
	cr_assert_eq(pthread_create(&thread, NULL, write_frames, NULL), 0);
	for (unsigned i = 0; i < STRESS_FRAMES;) {
		ssize_t len;

		cr_assert_eq(poll(&wait, 1, 10000), 1, "frame %u: not woken", i);
		while ((len = memif_reader_receive(reader, &line, frame, sizeof(frame))) >= 0) {
			cr_assert(len == i % 300 && line == i, "frame %u", i);
			cr_assert(len == 0 || frame[len - 1] == (uint8_t)i);
			i++;
		}
		atomic_store(&n_read, i);
		cr_assert_eq(len, -EAGAIN);
	}
	cr_assert_eq(pthread_join(thread, NULL), 0);
	memif_reader_close(reader);
	served_close(&served);
}
