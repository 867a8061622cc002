// SPDX-License-Identifier: BSD-3-Clause
// Frames of a sluiced that runs in a process of its own: what its sessions here receive.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <rte_ethdev.h>
#include "daemon.h"

#define PATIENCE_S 60

static struct daemon_process served;
static struct sluice_session *session;

static void client(void)
{
	daemon_fork(&served);
	kit_eal();
}

TestSuite(remote_frames, .init = client, .timeout = 300);

static struct sluice_session *open_session(unsigned ring_size)
{
	struct sluice_session_options options = {.ring_size = ring_size};
	struct sluice_session *new;

	cr_assert_eq(sluice_session_open(NULL, served.path, &options, &new), 0);
	return new;
}

// Receives n frames of 239.1.1.x, or fewer if they do not come; returns how many.
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
		"promise 1: frames of a daemon come by shared memory, and end with the leave")
{
	struct sluice_addr group = kit_addr("239.1.1.1"), other = kit_addr("239.1.1.2");
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

// ---- The client's death --------------------------------------------------------------------

TestSuite(remote_death, .timeout = 300);

// A client in a process of its own that joins and stops.
static pid_t fork_client(const char *path)
{
	struct sluice_addr group = kit_addr("239.1.1.1");
	pid_t pid = fork();
	int rc;

	cr_assert(pid >= 0);
	if (pid > 0)
		return pid;
	kit_eal();
	do {
		usleep(10000);
		rc = sluice_session_open(NULL, path, NULL, &session);
	} while (rc == -ENOENT || rc == -ECONNREFUSED);
	if (rc < 0 || sluice_join(session, 1, &group) < 0)
		_exit(1);
	pause();
	_exit(0);
}

Test(remote_death, client,
	.description = "promise 4: the death of a client leaves its groups and frees its port")
{
	static struct kit kit;
	char path[64];
	pid_t pid;

	snprintf(path, sizeof(path), "/tmp/sluice-api-%d.sock", getpid());
	pid = fork_client(path);
	kit_eal();
	daemon_start(&kit, path);
	kit_hear(&kit, KIT_TO_EX, "239.1.1.1");
	cr_expect_eq(rte_eth_dev_count_avail(), 3, "two wires and the client's port");
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	kit_hear(&kit, KIT_TO_IN, "239.1.1.1");
	while (rte_eth_dev_count_avail() > 2)
		sched_yield();
	daemon_stop();
}
