// SPDX-License-Identifier: BSD-3-Clause
// The native API with a sluiced, represented by an engine with a control socket in this process.
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
#include "daemon_fixture.h"

TestSuite(remote, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;
static char path[64];

static void start_daemon(void)
{
	snprintf(path, sizeof(path), "/tmp/sluice-api-%d.sock", getpid());
	daemon_start(&fixture, path);
}

static void open_session(void)
{
	// Both ends of shared memory in one process would only interfere with each other.
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

Test(remote, interfaces, .description = "the interfaces of the daemon are listed")
{
	struct sluice_interface list[3];
	struct sluice_addr ipv4 = library_fixture_addr("10.9.0.2"),
			   ipv6 = library_fixture_addr("fe80::2"), found[2];
	char name[SLUICE_NAME_MAX];

	start_daemon();
	open_session();
	cr_expect_eq(sluice_interface_list(session, list, 3), 3);
	cr_expect_str_eq(list[0].name, "tv");
	cr_expect(list[0].index == 1 && list[0].vlan == 0 && list[0].mtu == 1500 && list[0].up);
	cr_expect(
		sluice_addr_equal(&list[0].ipv4, &ipv4) && sluice_addr_equal(&list[0].ipv6, &ipv6));
	cr_expect(list[1].vlan == 20 && list[1].ipv4.family == 0 && list[1].ipv6.family != 0);
	cr_expect_eq(sluice_interface_addresses(session, 1, found, 2), 2);
	cr_expect(sluice_addr_equal(&found[0], &ipv4) && sluice_addr_equal(&found[1], &ipv6));
	cr_expect_eq(sluice_interface_addresses(session, 2, found, 2), 0,
		"a derived address is not listed");
	cr_expect_eq(sluice_interface_addresses(session, 4, found, 2), -ENODEV);
	cr_expect_eq(sluice_interface_index(session, "tv20"), 2);
	cr_expect_eq(sluice_interface_index(session, "nowhere"), -ENODEV);
	cr_expect_eq(sluice_interface_name(session, 1, name), 0);
	cr_expect_str_eq(name, "tv");
	cr_expect_eq(sluice_interface_name(session, 4, name), -ENODEV);
	sluice_session_close(session);
	daemon_stop();
}

Test(remote, stats, .description = "the counters of the daemon equal those of its engine")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");
	struct sluice_interface_stats stats;
	struct sluice_worker_stats workers[2];
	struct sluice_drop_stats drops[256];
	int n, not_joined = -1, tagged = 0;

	start_daemon();
	open_session();
	cr_expect_eq(sluice_join(session, 1, &group), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	cr_expect_eq(sluice_stats_interface(session, 4, &stats), -ENODEV);
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
	daemon_stop();
}

Test(remote, memberships,
	.description = "promise 4: joins are counted, filters kept, and closing leaves all groups")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   other = library_fixture_addr("239.1.1.2");
	struct sluice_addr sources[] = {library_fixture_addr("10.0.0.8"),
		library_fixture_addr("10.0.0.7")},
			   found[2];
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
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
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
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	library_fixture_hear(&fixture, FIXTURE_BLOCK, "239.1.1.2");
	daemon_stop();
}

Test(remote, filter_burst,
	.description = "no frame is wanted, because the daemon has the group table")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");
	struct rte_mbuf *mbuf;
	struct frame frame;

	start_daemon();
	open_session();
	cr_expect_eq(sluice_join(session, 1, &group), 0);
	frame_build(&frame, &(struct frame_spec){.group = "239.1.1.1", .source = "10.0.0.7"});
	mbuf = rte_pktmbuf_alloc(fixture.pool);
	cr_assert(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, frame.len), frame.bytes, frame.len);
	cr_expect_eq(sluice_filter_burst(session, 1, &mbuf, 1), 0);
	rte_pktmbuf_free(mbuf);
	sluice_session_close(session);
	daemon_stop();
}

Test(remote, async, .description = "asynchronous joins get their events from the daemon")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   ssm = library_fixture_addr("232.1.1.1");
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

		event = library_fixture_event(session);
		cr_expect_eq(event.kind, kinds[i % 2]);
		cr_expect_eq(event.context, i < 2 ? &a : &b);
	}
	event = library_fixture_event(session);
	cr_expect(event.kind == SLUICE_EVENT_ERROR && event.status == -EINVAL);
	cr_expect_eq(sluice_leave(session, 1, &group), 0);
	cr_expect_eq(sluice_leave(session, 1, &group), 0);
	event = library_fixture_event(session);
	cr_expect(event.kind == SLUICE_EVENT_LEFT && event.context == &a);
	cr_expect_eq(sluice_event_get(session, &event), -EAGAIN);
	sluice_session_close(session);
	daemon_stop();
}

Test(remote, send, .description = "a datagram is sent on the interface of the daemon")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");

	start_daemon();
	open_session();
	cr_expect_eq(sluice_session_bind(session, htons(7000)), 0);
	cr_expect_eq(sluice_set_multicast_if(session, 1), 0);
	cr_expect_eq(sluice_send(session, &group, htons(5000), "\x01\xfe", 2), 0);
	while (fixture.n_sent == 0)
		library_fixture_listen(&fixture);
	cr_expect_eq(memcmp(rte_pktmbuf_mtod(fixture.sent[0], char *) + 34,
			     "\x1b\x58\x13\x88\x00\x0a", 6),
		0);
	cr_expect_eq(memcmp(rte_pktmbuf_mtod(fixture.sent[0], char *) + 42, "\x01\xfe", 2), 0);
	cr_expect_eq(sluice_set_multicast_if(session, 2), 0);
	cr_expect_eq(sluice_send(session, &group, 0, NULL, 0), -EADDRNOTAVAIL);
	sluice_session_close(session);
	daemon_stop();
}

Test(remote, gone, .description = "when the daemon ends, calls fail and all groups are lost")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   other = library_fixture_addr("239.1.1.2");
	struct sluice_event event;
	int a;

	start_daemon();
	open_session();
	cr_expect_eq(sluice_join_async(session, 1, &group, NULL, &a), 0);
	cr_expect_eq(library_fixture_event(session).kind, SLUICE_EVENT_PENDING);
	cr_expect_eq(library_fixture_event(session).kind, SLUICE_EVENT_JOINED);
	cr_expect_eq(sluice_join(session, 1, &other), 0);
	cr_expect_eq(library_fixture_event(session).kind, SLUICE_EVENT_PENDING);
	cr_expect_eq(library_fixture_event(session).kind, SLUICE_EVENT_JOINED);
	daemon_stop();
	do
		event = library_fixture_event(session);
	while (event.kind == SLUICE_EVENT_LEFT);
	cr_expect(event.kind == SLUICE_EVENT_ERROR && event.status == -EPIPE);
	cr_expect(event.context == &a && sluice_addr_equal(&event.group, &group));
	event = library_fixture_event(session);
	cr_expect(event.kind == SLUICE_EVENT_ERROR && event.status == -EPIPE);
	cr_expect(event.context == NULL && event.group.family == 0);
	cr_expect_eq(sluice_event_get(session, &event), -EAGAIN);
	cr_expect_eq(sluice_join(session, 1, &group), -EPIPE);
	cr_expect_eq(sluice_leave(session, 1, &group), -EPIPE);
	cr_expect_eq(sluice_join_async(session, 1, &group, NULL, NULL), -EPIPE);
	sluice_session_close(session);
}

Test(remote, lost, .description = "a removed device is reported to sessions that joined on it")
{
	start_daemon();
	open_session();
	library_fixture_expect_lost(&fixture, session);
	sluice_session_close(session);
	daemon_stop();
}
