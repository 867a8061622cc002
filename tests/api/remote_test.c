// SPDX-License-Identifier: BSD-3-Clause
// The same API on a sluiced: an engine with its control socket in this process stands for it.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <rte_ethdev.h>
#include "kit.h"
#include "config.h"
#include "rpc.h"

TestSuite(remote, .init = kit_eal, .timeout = 300);

static struct kit kit;
static struct sluice_session *session;
static char path[64];

// ---- A daemon in a thread ------------------------------------------------------------------

static struct daemon {
	pthread_t thread;
	struct event_base *base;
	struct config *config;
	struct engine *engine;
	struct rpc *rpc;
	int stop[2];
} served;

static const char YAML[] = "lcores: {workers: [1, 2]}\n"
			   "protocol: {robustness: 1}\n"
			   "ports:\n"
			   "  - {name: in0, device: net_ring_wire0}\n"
			   "interfaces:\n"
			   "  - {name: tv, port: in0, addresses: [10.9.0.2/24, \"fe80::2/64\"]}\n"
			   "  - {name: tv20, port: in0, vlan: 20}\n";

static void stop_loop(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(arg);
}

static void *serve(void *arg)
{
	struct event *stop =
		event_new(served.base, served.stop[0], EV_READ, stop_loop, served.base);

	event_add(stop, NULL);
	event_base_dispatch(served.base);
	event_free(stop);
	return NULL;
}

static void report(void *arg, const char *line)
{
	cr_assert_fail("%s", line);
}

static void start_daemon(void)
{
	struct error error;

	kit_wires(&kit);
	snprintf(path, sizeof(path), "/tmp/sluice-api-%d.sock", getpid());
	served.config = config_load_text("test", YAML, strlen(YAML), report, NULL);
	served.base = event_base_new();
	served.rpc = rpc_open(path, served.base, &error);
	cr_assert(served.rpc != NULL, "%s", error.text);
	served.engine = engine_open(served.config, served.base, &error);
	cr_assert(served.engine != NULL, "%s", error.text);
	cr_assert_eq(rpc_serve(served.rpc, served.engine, &error), 0);
	cr_assert_eq(pipe(served.stop), 0);
	cr_assert_eq(pthread_create(&served.thread, NULL, serve, NULL), 0);
}

static void stop_daemon(void)
{
	cr_assert_eq(write(served.stop[1], "", 1), 1);
	cr_assert_eq(pthread_join(served.thread, NULL), 0);
	rpc_close(served.rpc);
	kit_listen(&kit);
	for (unsigned i = 0; i < kit.n_sent; i++)
		rte_pktmbuf_free(kit.sent[i]);
	engine_close(served.engine);
	event_base_free(served.base);
	config_free(served.config);
}

static void open_session(void)
{
	// Two ends of shared memory in one process would only disturb each other.
	struct sluice_session_options options = {.stay = true};

	cr_assert_eq(sluice_session_open(NULL, path, &options, &session), 0);
}

// ---- Tests ---------------------------------------------------------------------------------

Test(remote, nobody, .description = "without a daemon a session is refused with the reason")
{
	cr_expect_eq(
		sluice_session_open(NULL, "/nonexistent/sluice.sock", NULL, &session), -ENOENT);
	cr_expect_eq(sluice_session_open(NULL, NULL, NULL, &session), -EINVAL);
}

Test(remote, interfaces, .description = "interfaces of the daemon are listed as they are")
{
	struct sluice_interface list[3];
	struct sluice_addr ipv4 = kit_addr("10.9.0.2"), ipv6 = kit_addr("fe80::2"), found[2];
	char name[SLUICE_NAME_MAX];

	start_daemon();
	open_session();
	cr_expect_eq(sluice_interface_list(session, list, 3), 2);
	cr_expect_str_eq(list[0].name, "tv");
	cr_expect(list[0].index == 1 && list[0].vlan == 0 && list[0].mtu == 1500 && list[0].up);
	cr_expect(
		sluice_addr_equal(&list[0].ipv4, &ipv4) && sluice_addr_equal(&list[0].ipv6, &ipv6));
	cr_expect(list[1].vlan == 20 && list[1].ipv4.family == 0 && list[1].ipv6.family != 0);
	cr_expect_eq(sluice_interface_addresses(session, 1, found, 2), 2);
	cr_expect(sluice_addr_equal(&found[0], &ipv4) && sluice_addr_equal(&found[1], &ipv6));
	cr_expect_eq(sluice_interface_addresses(session, 2, found, 2), 0, "a derived one");
	cr_expect_eq(sluice_interface_addresses(session, 3, found, 2), -ENODEV);
	cr_expect_eq(sluice_interface_index(session, "tv20"), 2);
	cr_expect_eq(sluice_interface_index(session, "other"), -ENODEV);
	cr_expect_eq(sluice_interface_name(session, 1, name), 0);
	cr_expect_str_eq(name, "tv");
	cr_expect_eq(sluice_interface_name(session, 3, name), -ENODEV);
	sluice_session_close(session);
	stop_daemon();
}

Test(remote, stats, .description = "the daemon's counters are those of its engine")
{
	struct sluice_addr group = kit_addr("239.1.1.1");
	struct sluice_interface_stats stats;
	struct sluice_worker_stats workers[2];
	struct sluice_drop_stats drops[256];
	int n, not_joined = -1, tagged = 0;

	start_daemon();
	open_session();
	cr_expect_eq(sluice_join(session, 1, &group), 0);
	kit_hear(&kit, KIT_TO_EX, "239.1.1.1");
	cr_expect_eq(sluice_stats_interface(session, 3, &stats), -ENODEV);
	cr_expect_eq(sluice_stats_interface(session, 1, &stats), 0);
	cr_expect(stats.groups == 1 && stats.igmp_version == 3 && stats.mld_version == 2);
	cr_expect(stats.tx_reports == 1 && stats.tx_records == 1 && stats.tx_leaves == 0);
	cr_expect_geq(stats.tx_packets, 1);
	cr_expect_eq(sluice_stats_interface(session, 2, &stats), 0);
	cr_expect(stats.groups == 0 && stats.tx_reports == 0);
	cr_expect_eq(sluice_stats_workers(session, workers, 2), 2);
	cr_expect(workers[0].polls > 0 && workers[0].lcore != workers[1].lcore);
	n = sluice_stats_drops(session, drops, 256);
	cr_assert(n > 0 && n <= 256);
	for (int i = 0; i < n; i++) {
		if (strcmp(drops[i].reason, "not_joined") == 0 && drops[i].ifindex == 0)
			not_joined = drops[i].count;
		tagged += drops[i].ifindex == 2 && drops[i].family == AF_INET6;
	}
	cr_expect_eq(not_joined, 0);
	cr_expect_gt(tagged, 0);
	sluice_session_close(session);
	stop_daemon();
}

Test(remote, memberships,
	.description =
		"promise 4: joins are counted, filters kept, and the session's end leaves all")
{
	struct sluice_addr group = kit_addr("239.1.1.1"), other = kit_addr("239.1.1.2");
	struct sluice_addr sources[] = {kit_addr("10.0.0.8"), kit_addr("10.0.0.7")}, found[2];
	struct sluice_group_stats stats;
	enum sluice_filter_mode mode;
	unsigned n = 2;

	start_daemon();
	open_session();
	cr_expect_eq(sluice_leave(session, 1, &group), -EADDRNOTAVAIL);
	cr_expect_eq(sluice_stats_group(session, 1, &group, &stats), -ENOENT);
	cr_expect_eq(sluice_join(session, 0, &group), -ENODEV);
	cr_expect_eq(sluice_join(session, 1, &group), 0);
	cr_expect_eq(sluice_join(session, 1, &group), 0);
	kit_hear(&kit, KIT_TO_EX, "239.1.1.1");
	cr_expect_eq(sluice_stats_group(session, 1, &group, &stats), 0);
	cr_expect_eq(stats.age_ms, UINT64_MAX);
	cr_expect_eq(sluice_block_source(session, 1, &group, &sources[0]), 0);
	cr_expect_eq(sluice_block_source(session, 1, &group, &sources[0]), -EADDRNOTAVAIL);
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, found, &n), 0);
	cr_expect(mode == SLUICE_EXCLUDE && n == 1 && sluice_addr_equal(&found[0], &sources[0]));
	cr_expect_eq(sluice_unblock_source(session, 1, &group, &sources[0]), 0);
	cr_expect_eq(sluice_join_source(session, 1, &group, &sources[0]), -EINVAL);
	cr_expect_eq(sluice_set_filter(session, 1, &other, SLUICE_INCLUDE, sources, 2), 0);
	n = 2;
	cr_expect_eq(sluice_get_filter(session, 1, &other, &mode, found, &n), 0);
	cr_expect(mode == SLUICE_INCLUDE && n == 2 && sluice_addr_equal(&found[0], &sources[1]));
	cr_expect_eq(sluice_leave_source(session, 1, &other, &sources[0]), 0);
	sluice_session_close(session);
	kit_hear(&kit, KIT_TO_IN, "239.1.1.1");
	kit_hear(&kit, KIT_BLOCK, "239.1.1.2");
	stop_daemon();
}

Test(remote, async, .description = "asynchronous joins have their events from the daemon")
{
	struct sluice_addr group = kit_addr("239.1.1.1"), ssm = kit_addr("232.1.1.1");
	struct sluice_event event;
	int a, b;

	start_daemon();
	open_session();
	cr_expect_eq(sluice_join_async(session, 1, &group, NULL, &a), 0);
	cr_expect_eq(sluice_join_async(session, 1, &group, NULL, &b), 0);
	cr_expect_eq(sluice_join_async(session, 1, &ssm, NULL, &a), 0);
	for (unsigned i = 0; i < 4; i++) {
		static const enum sluice_event_kind kinds[] = {
			SLUICE_EVENT_PENDING, SLUICE_EVENT_JOINED};

		event = kit_event(session);
		cr_expect_eq(event.kind, kinds[i % 2]);
		cr_expect_eq(event.context, i < 2 ? &a : &b);
	}
	event = kit_event(session);
	cr_expect(event.kind == SLUICE_EVENT_ERROR && event.status == -EINVAL);
	cr_expect_eq(sluice_leave(session, 1, &group), 0);
	cr_expect_eq(sluice_leave(session, 1, &group), 0);
	event = kit_event(session);
	cr_expect(event.kind == SLUICE_EVENT_LEFT && event.context == &a);
	cr_expect_eq(sluice_event_get(session, &event), -EAGAIN);
	sluice_session_close(session);
	stop_daemon();
}

Test(remote, send, .description = "a datagram goes out by the daemon's interface")
{
	struct sluice_addr group = kit_addr("239.1.1.1");

	start_daemon();
	open_session();
	cr_expect_eq(sluice_session_bind(session, htons(7000)), 0);
	cr_expect_eq(sluice_set_multicast_if(session, 1), 0);
	cr_expect_eq(sluice_send(session, &group, htons(5000), "\x01\xfe", 2), 0);
	while (kit.n_sent == 0)
		kit_listen(&kit);
	cr_expect_eq(
		memcmp(rte_pktmbuf_mtod(kit.sent[0], char *) + 34, "\x1b\x58\x13\x88\x00\x0a", 6),
		0);
	cr_expect_eq(memcmp(rte_pktmbuf_mtod(kit.sent[0], char *) + 42, "\x01\xfe", 2), 0);
	cr_expect_eq(sluice_set_multicast_if(session, 2), 0);
	cr_expect_eq(sluice_send(session, &group, 0, NULL, 0), -EADDRNOTAVAIL);
	sluice_session_close(session);
	stop_daemon();
}

Test(remote, gone, .description = "when the daemon goes, calls fail and pending joins are told")
{
	struct sluice_addr group = kit_addr("239.1.1.1");

	start_daemon();
	open_session();
	stop_daemon();
	cr_expect_eq(sluice_join(session, 1, &group), -EPIPE);
	cr_expect_eq(sluice_join_async(session, 1, &group, NULL, NULL), -EPIPE);
	sluice_session_close(session);
}

// ---- Frames --------------------------------------------------------------------------------

TestSuite(remote_frames, .timeout = 300);

static void *generate(void *arg)
{
	for (unsigned i = 0;; i++) {
		if (rte_ring_free_count(kit.rx[0]) > 64)
			kit_put(&kit, 0,
				&(struct frame_spec){
					.group = i & 1 ? "239.1.1.1" : "239.1.1.2",
					.source = "10.0.0.7",
					.payload_len = 30,
				});
		else
			usleep(100);
		if (rte_mempool_avail_count(kit.pool) < 4096)
			usleep(1000);
	}
	return NULL;
}

// A daemon in a process of its own, under load.
static pid_t fork_daemon(void)
{
	pthread_t thread;
	pid_t pid = fork();

	cr_assert(pid >= 0);
	snprintf(path, sizeof(path), "/tmp/sluice-api-%d.sock", pid > 0 ? pid : getpid());
	if (pid > 0)
		return pid;
	kit_eal();
	start_daemon();
	pthread_create(&thread, NULL, generate, NULL);
	pause();
	_exit(0);
}

static unsigned receive_some(unsigned n, uint8_t last_byte)
{
	struct rte_mbuf *frames[32];
	unsigned got, sum = 0;
	time_t until = time(NULL) + 60;

	while (sum < n && time(NULL) < until) {
		got = sluice_recv_burst(session, frames, 32);
		for (unsigned i = 0; i < got; i++) {
			struct sluice_frame info;

			cr_assert_eq(sluice_frame_read(frames[i], &info), 0);
			cr_expect_eq(info.group.bytes[3], last_byte);
			cr_expect(info.payload_len == 30 && info.udp_port_be == htons(5000));
		}
		rte_pktmbuf_free_bulk(frames, got);
		sum += got;
	}
	return sum;
}

// The daemon that is killed leaves the session's socket behind: its first is "config"'s.
static void unlink_shared(void)
{
	char shared[80];

	snprintf(shared, sizeof(shared), "%s.2", path);
	cr_expect_eq(unlink(shared), 0);
}

Test(remote_frames, receive,
	.description =
		"promise 1: frames of a daemon come by shared memory, and end with the leave")
{
	struct sluice_addr group = kit_addr("239.1.1.1"), other = kit_addr("239.1.1.2");
	struct sluice_session_options options = {.ring_size = 256};
	struct sluice_session_stats stats;
	pid_t pid = fork_daemon();
	struct rte_mbuf *frame;
	int rc;

	kit_eal();
	do {
		usleep(10000);
		rc = sluice_session_open(NULL, path, &options, &session);
	} while (rc == -ENOENT || rc == -ECONNREFUSED);
	cr_assert_eq(rc, 0);
	cr_assert_eq(sluice_join(session, 1, &group), 0);
	cr_expect_geq(receive_some(1000, 1), 1000);
	cr_expect_eq(sluice_stats_session(session, &stats), 0);
	cr_expect_geq(stats.packets, 1000);
	cr_assert_eq(sluice_leave_flush(session, 1, &group), 0);
	cr_expect_eq(sluice_recv_burst(session, &frame, 1), 0, "a frame after the leave");
	cr_assert_eq(sluice_join(session, 1, &other), 0);
	cr_expect_geq(receive_some(1000, 2), 1000);
	cr_assert_eq(sluice_leave(session, 1, &other), 0);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_expect_eq(sluice_join(session, 1, &group), -EPIPE);
	sluice_session_close(session);
	unlink(path);
	unlink_shared();
}

// A client in a process of its own that joins and stops.
static pid_t fork_client(void)
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

Test(remote_frames, death,
	.description = "promise 4: the death of a client leaves its groups and frees its port")
{
	pid_t pid;

	snprintf(path, sizeof(path), "/tmp/sluice-api-%d.sock", getpid());
	pid = fork_client();
	kit_eal();
	start_daemon();
	kit_hear(&kit, KIT_TO_EX, "239.1.1.1");
	cr_expect_eq(rte_eth_dev_count_avail(), 3, "two wires and the client's port");
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	kit_hear(&kit, KIT_TO_IN, "239.1.1.1");
	while (rte_eth_dev_count_avail() > 2)
		sched_yield();
	stop_daemon();
}
