// SPDX-License-Identifier: BSD-3-Clause
// Frames that sessions in this process receive from a sluiced in another process.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <rte_ethdev.h>
#include "daemon_fixture.h"

#define PATIENCE_S 60

static struct daemon_process served;
static struct sluice_session *session;

static void client(void)
{
	daemon_fork(&served);
	library_fixture_eal();
}

TestSuite(remote_frames, .init = client, .timeout = 300);

static struct sluice_session *open_session(unsigned ring_size)
{
	struct sluice_session_options options = {.ring_size = ring_size};
	struct sluice_session *new;

	cr_assert_eq(sluice_session_open(NULL, served.path, &options, &new), 0);
	return new;
}

// Receives n frames of 239.1.1.x, or fewer if they do not arrive; returns their number.
static unsigned receive_some(struct sluice_session *from, unsigned n, uint8_t last_byte)
{
	struct rte_mbuf *frames[32];
	unsigned got, sum = 0;
	time_t until = time(NULL) + PATIENCE_S;

	while (sum < n && time(NULL) < until) {
		got = sluice_recv_burst(from, frames, 32);
		for (unsigned i = 0; i < got; i++) {
			struct sluice_frame info;

			cr_assert_eq(sluice_frame_read(frames[i], &info), 0);
			cr_expect_eq(info.group.bytes[3], last_byte);
			cr_expect(info.payload_len == 100 && info.udp_port_be == htons(5000));
		}
		rte_pktmbuf_free_bulk(frames, got);
		sum += got;
	}
	return sum;
}

Test(remote_frames, receive,
	.description =
		"promise 1: frames of a daemon arrive by shared memory, and end with the leave")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   other = library_fixture_addr("239.1.1.2");
	struct sluice_session_stats stats;
	struct rte_mbuf *frame;

	daemon_load(&served, "239.1.1.1", 0);
	session = open_session(256);
	cr_assert_eq(sluice_join(session, 1, &group), 0);
	cr_expect_geq(receive_some(session, 1000, 1), 1000);
	cr_expect_eq(sluice_stats_session(session, &stats), 0);
	cr_expect_geq(stats.packets, 1000);
	cr_assert_eq(sluice_leave_flush(session, 1, &group), 0);
	cr_expect_eq(sluice_recv_burst(session, &frame, 1), 0, "a frame after the leave");
	daemon_load(&served, "239.1.1.2", 0);
	cr_assert_eq(sluice_join(session, 1, &other), 0);
	cr_expect_geq(receive_some(session, 1000, 2), 1000);
	cr_assert_eq(sluice_leave(session, 1, &other), 0);
	daemon_end(&served, false);
	cr_expect_eq(sluice_join(session, 1, &group), -EPIPE);
	sluice_session_close(session);
}

Test(remote_frames, leave_keeps,
	.description = "promise 1: frames queued before the leave can be read, and no more arrive")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   other = library_fixture_addr("239.1.1.2");

	session = open_session(64);
	cr_assert_eq(sluice_join(session, 1, &group), 0);
	cr_assert_eq(sluice_join(session, 1, &other), 0);
	daemon_stream(&served, "239.1.1.1", 0, 0, 10);
	cr_assert_eq(sluice_leave(session, 1, &group), 0);
	cr_expect_eq(receive_some(session, 10, 1), 10);
	daemon_stream(&served, "239.1.1.1", 0, 0, 10);
	daemon_stream(&served, "239.1.1.2", 0, 0, 1);
	cr_expect_eq(receive_some(session, 1, 2), 1);
	sluice_session_close(session);
	daemon_end(&served, true);
}

Test(remote_frames, flush_by_vlan, .description = "a flush drops only the frames of its interface")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   other = library_fixture_addr("239.1.1.2");
	struct sluice_frame info;
	struct rte_mbuf *frame;

	session = open_session(64);
	cr_assert_eq(sluice_join(session, 1, &group), 0);
	cr_assert_eq(sluice_join(session, 2, &group), 0);
	cr_assert_eq(sluice_join(session, 1, &other), 0);
	daemon_stream(&served, "239.1.1.1", 0, 0, 5);
	daemon_stream(&served, "239.1.1.1", 0, 20, 5);
	daemon_stream(&served, "239.1.1.2", 0, 0, 5);
	cr_assert_eq(sluice_leave_flush(session, 1, &group), 0);
	for (unsigned i = 0; i < 10; i++) {
		cr_assert_eq(sluice_recv_burst(session, &frame, 1), 1, "frame %u", i);
		cr_assert_eq(sluice_frame_read(frame, &info), 0);
		cr_expect(info.vlan == (i < 5 ? 20 : 0) && info.group.bytes[3] == (i < 5 ? 1 : 2));
		rte_pktmbuf_free(frame);
	}
	cr_expect_eq(sluice_recv_burst(session, &frame, 1), 0);
	sluice_session_close(session);
	daemon_end(&served, true);
}

Test(remote_frames, one_port, .description = "sessions of a process share a port while it has room")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");
	struct sluice_session *sessions[6];

	for (unsigned i = 0; i < 4; i++)
		sessions[i] = open_session(1024);
	cr_expect_eq(rte_eth_dev_count_avail(), 1);
	sessions[4] = open_session(1024);
	sessions[5] = open_session(32);
	cr_expect_eq(rte_eth_dev_count_avail(), 2);
	for (unsigned i = 0; i < 6; i++)
		cr_assert_eq(sluice_join(sessions[i], 1, &group), 0);
	// A new session gets the slot of a closed one, but not its frames.
	daemon_stream(&served, "239.1.1.1", 0, 0, 10);
	sluice_session_close(sessions[1]);
	sessions[1] = open_session(1024);
	cr_assert_eq(sluice_join(sessions[1], 1, &group), 0);
	cr_expect_eq(rte_eth_dev_count_avail(), 2);
	daemon_stream(&served, "239.1.1.1", 0, 0, 10);
	for (unsigned i = 0; i < 6; i++)
		cr_expect_eq(receive_some(sessions[i], i == 1 ? 10 : 20, 1), i == 1 ? 10 : 20);
	for (unsigned i = 0; i < 6; i++) {
		cr_expect_eq(library_fixture_receive(sessions[i]), 0);
		sluice_session_close(sessions[i]);
	}
	cr_expect_eq(rte_eth_dev_count_avail(), 0);
	daemon_end(&served, true);
}

Test(remote_frames, slow_reader,
	.description = "promise 7: a session that does not read loses only its own frames")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   other = library_fixture_addr("239.1.1.2");
	struct sluice_session *idle = open_session(64);
	struct sluice_session_stats stats;

	session = open_session(512);
	cr_assert_eq(sluice_join(idle, 1, &group), 0);
	cr_assert_eq(sluice_join(session, 1, &other), 0);
	for (unsigned i = 0; i < 10; i++) {
		// More frames than the port holds.
		daemon_stream(&served, "239.1.1.1", 0, 0, 1500);
		daemon_stream(&served, "239.1.1.2", 0, 0, 500);
		cr_assert_eq(receive_some(session, 500, 2), 500, "round %u", i);
	}
	cr_expect_eq(sluice_stats_session(session, &stats), 0);
	cr_expect(stats.packets == 5000 && stats.dropped == 0);
	cr_expect_eq(sluice_stats_session(idle, &stats), 0);
	cr_expect_gt(stats.dropped, 10000);
	cr_expect_eq(stats.packets + stats.dropped, 15000);
	sluice_session_close(session);
	sluice_session_close(idle);
	daemon_end(&served, true);
}

// ---- Death of the client ------------------------------------------------------------------

TestSuite(remote_death, .timeout = 300);

// A client in another process: two sessions join the group, and the process stops.
static pid_t fork_client(const char *path, const char *text)
{
	struct sluice_addr group = library_fixture_addr(text);
	pid_t pid = fork();
	int rc;

	cr_assert(pid >= 0);
	if (pid > 0)
		return pid;
	library_fixture_eal();
	do {
		usleep(10000);
		rc = sluice_session_open(NULL, path, NULL, &session);
	} while (rc == -ENOENT || rc == -ECONNREFUSED);
	if (rc < 0 || sluice_session_open(NULL, path, NULL, &session) < 0 ||
		sluice_join(session, 1, &group) < 0)
		_exit(1);
	pause();
	_exit(0);
}

// Returns for how many clients there is a memif socket.
static unsigned count_shares(const char *path)
{
	char pattern[80];
	glob_t found = {0};
	unsigned n = 0;

	snprintf(pattern, sizeof(pattern), "%s.*", path);
	if (glob(pattern, 0, NULL, &found) == 0)
		n = found.gl_pathc;
	globfree(&found);
	return n;
}

static void kill_client(pid_t pid)
{
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(remote_death, client,
	.description =
		"promise 4: each process has a socket; its death leaves its groups and frees it")
{
	static struct library_fixture fixture;
	pid_t first, second;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/sluice-api-%d.sock", getpid());
	first = fork_client(path, "239.1.1.1");
	second = fork_client(path, "239.1.1.2");
	library_fixture_eal();
	daemon_start(&fixture, path);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.2");
	cr_expect_eq(count_shares(path), 2, "a socket for each client");
	cr_expect_eq(rte_eth_dev_count_avail(), 2, "the wires alone: no port for a client");
	kill_client(first);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	while (count_shares(path) > 1)
		sched_yield();
	cr_expect_eq(library_fixture_heard(&fixture, FIXTURE_TO_IN, "239.1.1.2"), 0);
	kill_client(second);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.2");
	while (count_shares(path) > 0)
		sched_yield();
	daemon_stop();
}
