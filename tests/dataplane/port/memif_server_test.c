// SPDX-License-Identifier: BSD-3-Clause
// The memif server with clients that break the rules of the handshake, disconnect or send nothing:
// the server closes the connection, frees everything, and serves the next client.
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "memif_server_fixture.h"

TestSuite(memif_server, .timeout = 300);

static struct memif_served served;
static struct memif_peer peer;

Test(memif_server, frames,
	.description = "a client receives what the server writes, and is signalled")
{
	uint8_t frame[4 * PEER_BUFFER];
	uint64_t signals;

	served_open(&served, NULL);
	served_attach(&served, &peer);
	cr_assert_eq(read(peer.event_fd, &signals, sizeof(signals)), sizeof(signals));
	for (unsigned i = 0; i < 3 * PEER_SIZE; i++) {
		cr_assert_eq(served_put(&served, 60 + 97 * i, i), 0);
		cr_assert_eq(read(peer.event_fd, &signals, sizeof(signals)), sizeof(signals));
		cr_assert_eq(memif_peer_frame(&peer, frame, sizeof(frame)), 60 + 97 * i);
		cr_assert(frame[0] == i && frame[59 + 97 * i] == i);
		memif_peer_refill(&peer);
	}
	peer.ring->flags = MEMIF_NO_INTERRUPT;
	cr_assert_eq(served_put(&served, 60, 1), 0);
	cr_expect_lt(read(peer.event_fd, &signals, sizeof(signals)), 0, "a signal all the same");
	memif_peer_close(&peer);
	served_wait_disconnected(&served, 1);
	served_close(&served);
}

// ---- The handshake -------------------------------------------------------------------------

static const struct memif_peer_fault faults[] = {
	{"version 1.0", .version = 0x0100},
	{"version 2.1", .version = 0x0201},
	{"mode IP", .mode = MEMIF_MODE_IP},
	{"mode 255", .mode = 255},
	{"interface 1", .interface = 1},
	{"interface 2^32 - 1", .interface = UINT32_MAX},
	{"region of 0 bytes", .region_size = UINT64_MAX},
	{"region of 2^63 bytes", .region_size = 1ull << 63},
	{"region over the limit", .region_size = MEMIF_MEMORY_MAX + 1},
	{"region larger than its file", .region_size = PEER_MEMORY + 1},
	{"region 1 first", .region_index = 1},
	{"region 9999", .region_index = 9999},
	{"region without a file", .region_fds = -1},
	{"region with two files", .region_fds = 2},
	{"region with sixteen files", .region_fds = 16},
	{"region that can shrink", .unsealed = true},
	{"no region", .no_region = true},
	{"no ring", .no_ring = true},
	{"two rings", .twice = true},
	{"only a ring to the server", .upward_only = true},
	{"ring 1", .ring_index = 1},
	{"ring in region 1", .ring_region = 1},
	{"ring in region 9999", .ring_region = 9999},
	{"ring at 0xf0000000", .ring_offset = 0xf0000000},
	{"ring at the region's end", .ring_offset = PEER_MEMORY - 128},
	{"ring not aligned", .ring_offset = 8},
	{"ring of 2^15 descriptors", .ring_log2 = 15},
	{"ring of 2^255 descriptors", .ring_log2 = 255},
	{"ring larger than the region", .ring_log2 = 13},
	{"ring without a signal", .ring_fds = -1},
	{"ring with two signals", .ring_fds = 2},
	{"ring with a signal that is not an eventfd", .no_event = true},
	{"ring with another cookie", .cookie = 1},
};

Test(memif_server, faults,
	.description = "an invalid handshake ends the connection and leaks nothing")
{
	unsigned open_fds;

	served_open(&served, NULL);
	open_fds = memif_peer_open_fds();
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		served_peer(&served, &peer);
		cr_expect_eq(memif_peer_attach(&peer, &faults[i]), MEMIF_DISCONNECT, "%s",
			faults[i].name);
		memif_peer_wait_closed(&peer);
		memif_peer_close(&peer);
		cr_expect_eq(memif_peer_open_fds(), open_fds, "%s", faults[i].name);
	}
	served_attach(&served, &peer);
	memif_peer_close(&peer);
	served_wait_disconnected(&served, 1);
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	served_close(&served);
}

static void refuses_file(int fd, const char *name)
{
	struct memif_peer_fault none = {.unsealed = true};
	int rc;

	cr_assert_geq(fd, 0, "%s: %s", name, strerror(errno));
	served_peer(&served, &peer);
	close(peer.memory_fd);
	peer.memory_fd = fd;
	rc = ftruncate(fd, 4 << 20);
	(void)rc; // some of them cannot be created
	cr_expect_eq(memif_peer_attach(&peer, &none), MEMIF_DISCONNECT, "%s", name);
	memif_peer_close(&peer);
}

Test(memif_server, files, .description = "a region must be memory that cannot shrink")
{
	char name[] = "/tmp/sluice-memif-XXXXXX";
	int huge;

	served_open(&served, NULL);
	refuses_file(mkstemp(name), "an ordinary file");
	unlink(name);
	refuses_file(open("/dev/zero", O_RDWR), "a device");
	refuses_file(dup(STDIN_FILENO), "a terminal or pipe");
	huge = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	if (huge >= 0) {
		cr_assert_eq(ftruncate(huge, 4 << 20), 0);
		cr_assert_eq(fcntl(huge, F_ADD_SEALS, F_SEAL_SHRINK), 0);
		refuses_file(huge, "huge pages");
	}
	served_close(&served);
}

Test(memif_server, order,
	.description = "each message is accepted only at its stage of the handshake")
{
	struct memif_message message;

	served_open(&served, NULL);
	for (unsigned type = 0; type < 300; type++) {
		if (type == MEMIF_INIT || type == MEMIF_DISCONNECT)
			continue;
		served_peer(&served, &peer);
		cr_assert_eq(memif_peer_receive(&peer, &message), MEMIF_HELLO);
		message = (struct memif_message){.type = type};
		cr_assert(memif_peer_send(
			&peer, &message, sizeof(message), peer.memory_fd, type % 2));
		cr_expect_eq(memif_peer_receive(&peer, &message), MEMIF_DISCONNECT, "%u", type);
		memif_peer_close(&peer);
	}
	for (unsigned type = 0; type < 300; type++) {
		if (type == MEMIF_DISCONNECT)
			continue;
		served_attach(&served, &peer);
		message = (struct memif_message){.type = type};
		cr_assert(memif_peer_send(
			&peer, &message, sizeof(message), peer.memory_fd, type % 2));
		cr_expect_eq(memif_peer_receive(&peer, &message), MEMIF_DISCONNECT, "%u", type);
		memif_peer_close(&peer);
		served_wait_disconnected(&served, served.n_connected);
	}
	served_close(&served);
}

Test(memif_server, garbage,
	.description = "messages of any size and content, with descriptors, leak nothing")
{
	uint8_t bytes[512];
	unsigned open_fds;

	served_open(&served, NULL);
	open_fds = memif_peer_open_fds();
	srandom(1);
	for (unsigned i = 0; i < 5000; i++) {
		served_peer(&served, &peer);
		for (unsigned j = 0; j < 4; j++) {
			const size_t len = random() % 3 == 0 ? random() % sizeof(bytes) : 128;

			for (size_t k = 0; k < len; k++)
				bytes[k] = random();
			bytes[0] = random() % 9;
			bytes[1] = 0;
			memif_peer_send(&peer, bytes, len, peer.event_fd, random() % 17);
		}
		served_turn(&served);
		if (i % 2 != 0)
			memif_peer_wait_closed(&peer);
		memif_peer_close(&peer);
	}
	for (unsigned i = 0; i < 100; i++)
		served_turn(&served);
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	served_attach(&served, &peer);
	memif_peer_close(&peer);
	served_close(&served);
}

// ---- Who is served -------------------------------------------------------------------------

Test(memif_server, silent, .description = "a client that stops in the handshake is closed in time")
{
	struct memif_server_config config = {.timeout_ms = 100};
	struct memif_peer silent[12];
	unsigned open_fds;

	served_open(&served, &config);
	open_fds = memif_peer_open_fds();
	for (unsigned i = 0; i < 12; i++)
		served_peer(&served, &silent[i]);
	for (unsigned i = 0; i < 12; i++)
		memif_peer_wait_closed(&silent[i]);
	for (unsigned i = 0; i < 12; i++)
		memif_peer_close(&silent[i]);
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	served_attach(&served, &peer);
	usleep(200000);
	served_turn(&served);
	cr_expect_eq(served_put(&served, 60, 1), 0, "a connected client has no time limit");
	memif_peer_close(&peer);
	served_close(&served);
}

Test(memif_server, second,
	.description = "a second client is refused while the first one is connected")
{
	struct memif_peer second;

	served_open(&served, NULL);
	served_attach(&served, &peer);
	served_peer(&served, &second);
	cr_expect_eq(memif_peer_attach(&second, NULL), MEMIF_DISCONNECT);
	memif_peer_close(&second);
	cr_expect(served.n_connected == 1 && served.n_disconnected == 0);
	memif_peer_close(&peer);
	served_attach(&served, &second);
	cr_expect(served.n_connected == 2 && served.n_disconnected == 1);
	memif_peer_close(&second);
	served_close(&served);
}

static bool refuse_user(void *arg, const struct ucred *peer_credentials)
{
	(void)arg;
	cr_expect_eq(peer_credentials->pid, getpid());
	cr_expect_eq(peer_credentials->uid, getuid());
	return false;
}

Test(memif_server, credentials,
	.description = "the owner sees the client's credentials and may refuse it")
{
	struct memif_server_config config = {.allow = refuse_user};

	served_open(&served, &config);
	served_peer(&served, &peer);
	memif_peer_wait_closed(&peer);
	memif_peer_close(&peer);
	served_close(&served);
}

// ---- Resources -----------------------------------------------------------------------------

Test(memif_server, no_descriptors,
	.description = "without free descriptors the server pauses, then goes on")
{
	struct rlimit limit, none;
	unsigned turns = 0;
	int lowest_free;
	clock_t cpu;

	served_open(&served, NULL);
	served_peer(&served, &peer);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	lowest_free = dup(peer.fd);
	close(lowest_free);
	none.rlim_cur = lowest_free;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cpu = clock();
	for (time_t until = time(NULL) + 2; time(NULL) < until; turns++)
		served_turn(&served);
	cpu = clock() - cpu;
	cr_expect_lt(
		cpu, CLOCKS_PER_SEC, "%ld ms of CPU in 2 s", (long)(cpu * 1000 / CLOCKS_PER_SEC));
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(memif_peer_attach(&peer, NULL), MEMIF_CONNECTED);
	memif_peer_close(&peer);
	served_close(&served);
}

// A client in a separate process, killed at once, during the handshake or after it.
static void kill_one(unsigned i)
{
	struct memif_message message;
	char ready = 0;
	int pipes[2];
	pid_t pid;

	cr_assert_eq(pipe(pipes), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		// The server runs in the parent.
		memif_peer_open(&peer, served.path);
		if (i % 3 == 0)
			memif_peer_attach(&peer, NULL);
		else if (i % 3 == 1)
			memif_peer_receive(&peer, &message);
		if (write(pipes[1], &ready, 1) == 1)
			pause();
		_exit(1);
	}
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	while (read(pipes[0], &ready, 1) < 0)
		served_turn(&served);
	if (served.writer != NULL)
		served_put(&served, 60, i);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
	close(pipes[1]);
	served_wait_disconnected(&served, served.n_connected);
}

Test(memif_server, killed, .description = "1000 killed clients leak neither descriptors nor memory")
{
	unsigned open_fds = 0;
	unsigned long memory_kb = 0;

	served_open(&served, NULL);
	for (unsigned i = 0; i < 1100; i++) {
		if (i == 100) {
			open_fds = memif_peer_open_fds();
			memory_kb = memif_peer_memory_kb();
		}
		kill_one(i);
	}
	for (unsigned i = 0; i < 10; i++)
		served_turn(&served);
	cr_expect_eq(memif_peer_open_fds(), open_fds);
	cr_expect_leq(memif_peer_memory_kb(), memory_kb + 256);
	served_close(&served);
}
