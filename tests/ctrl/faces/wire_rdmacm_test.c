// SPDX-License-Identifier: BSD-3-Clause
// The rdma_cm face on the real library.
#include <rdma/rdma_cma.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "library_fixture.h"

static struct library_fixture fixture;
static struct rdma_event_channel *channel;
static struct rdma_cm_id *id;

static void id_open(void)
{
	struct sockaddr_in local = {
		.sin_family = AF_INET, .sin_addr.s_addr = inet_addr("10.9.0.2")};

	sluice_rdmacm_attach(fixture.sluice, NULL);
	channel = rdma_create_event_channel();
	cr_assert(channel);
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	cr_assert_eq(rdma_bind_addr(id, (struct sockaddr *)&local), 0);
}

static void engine(void)
{
	library_fixture_eal();
	library_fixture_open(&fixture);
	id_open();
}

static void close_all(void)
{
	cr_expect_eq(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
	library_fixture_close(&fixture);
}

TestSuite(rdmacm_wire, .init = engine, .fini = close_all, .timeout = 300);

static struct sockaddr_in group_of(const char *text)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text)};
}

static void join(const char *text)
{
	struct sockaddr_in group = group_of(text);

	cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, NULL), 0);
}

static int leave(const char *text)
{
	struct sockaddr_in group = group_of(text);

	return rdma_leave_multicast(id, (struct sockaddr *)&group);
}

static struct rdma_cm_event *joined_event(void)
{
	struct rdma_cm_event *event;

	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_assert_eq(event->event, RDMA_CM_EVENT_MULTICAST_JOIN);
	cr_assert_eq(event->status, 0);
	return event;
}

static void wait_joined(void)
{
	rdma_ack_cm_event(joined_event());
}

static bool no_event(void)
{
	struct rdma_cm_event *event;

	fcntl(channel->fd, F_SETFL, O_NONBLOCK);
	return rdma_get_cm_event(channel, &event) == -1 && errno == EAGAIN;
}

Test(rdmacm_wire, two_joins_two_leaves, .description = "one report, one leave")
{
	join("239.1.1.1");
	wait_joined();
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	join("239.1.1.1");
	wait_joined();
	cr_expect_eq(leave("239.1.1.1"), 0);
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 1);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 1);
	cr_expect_eq(leave("239.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 0);
	cr_expect_eq(leave("239.1.1.1"), -1);
	cr_expect_eq(errno, EADDRNOTAVAIL);
}

Test(rdmacm_wire, leave_cancels,
	.description =
		"promise 3: of a join followed by a leave, either everything is sent or nothing")
{
	char group[16];

	for (unsigned i = 1; i <= 20; i++) {
		snprintf(group, sizeof(group), "239.1.1.%u", i);
		join(group);
		cr_expect_eq(leave(group), 0);
	}
	cr_expect(no_event());
	join("239.9.9.9");
	cr_expect_eq(fcntl(channel->fd, F_SETFL, 0), 0);
	wait_joined();
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.9.9.9");
	library_fixture_catch_up(&fixture);
	for (unsigned i = 1; i <= 20; i++) {
		snprintf(group, sizeof(group), "239.1.1.%u", i);
		cr_expect_eq(library_fixture_heard(&fixture, FIXTURE_TO_EX, group),
			library_fixture_heard(&fixture, FIXTURE_TO_IN, group));
	}
}

Test(rdmacm_wire, older_port_left,
	.description = "each entry keeps its event when another one is left")
{
	struct sockaddr_in group = group_of("239.1.1.1");
	struct rdma_cm_event *event;
	static int contexts[2];

	for (unsigned i = 0; i < 20; i++) {
		group.sin_port = htons(1);
		cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, &contexts[0]), 0);
		group.sin_port = htons(2);
		cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, &contexts[1]), 0);
		group.sin_port = htons(1);
		cr_assert_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
		event = joined_event();
		cr_expect_eq(event->param.ud.private_data, &contexts[1]);
		rdma_ack_cm_event(event);
		group.sin_port = htons(2);
		cr_assert_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
	}
	cr_expect(no_event());
}

Test(rdmacm_wire, another_port, .description = "a leave with another port matches nothing")
{
	struct sockaddr_in group = group_of("239.1.1.1");

	group.sin_port = htons(1);
	cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, NULL), 0);
	wait_joined();
	group.sin_port = htons(2);
	errno = 0;
	cr_expect_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), -1);
	cr_expect_eq(errno, EADDRNOTAVAIL);
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 1, "it is still joined");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 1);
	group.sin_port = htons(1);
	cr_expect_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
}

Test(rdmacm_wire, lost,
	.description = "MULTICAST_ERROR after a successful join when the device is removed")
{
	struct sockaddr_in group = group_of("239.1.1.1");
	struct rdma_cm_event *event;
	static int context;

	cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, &context), 0);
	wait_joined();
	library_fixture_remove(&fixture, 0);
	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_eq(event->event, RDMA_CM_EVENT_MULTICAST_ERROR);
	cr_expect_eq(event->status, -ENETDOWN);
	cr_expect_eq(event->param.ud.private_data, &context);
	rdma_ack_cm_event(event);
	join("239.1.1.2");
	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_eq(event->event, RDMA_CM_EVENT_MULTICAST_ERROR);
	cr_expect_eq(event->status, -ENETDOWN);
	rdma_ack_cm_event(event);
	cr_expect_eq(leave("239.1.1.1"), 0);
	cr_expect(no_event());
}

static void *acknowledge_late(void *event)
{
	usleep(20000);
	rdma_ack_cm_event(event);
	return NULL;
}

Test(rdmacm_wire, leave_waits_for_ack)
{
	pthread_t thread;

	join("239.1.1.1");
	cr_assert_eq(pthread_create(&thread, NULL, acknowledge_late, joined_event()), 0);
	cr_expect_eq(leave("239.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	pthread_join(thread, NULL);
}

Test(rdmacm_wire, queued_frames_stay, .description = "frames queued before the leave can be read")
{
	join("239.1.1.1");
	wait_joined();
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(leave("239.1.1.1"), 0);
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 1);
}

Test(rdmacm_wire, send_only, .description = "send-only sends, but reports and receives nothing")
{
	struct sockaddr_in group = group_of("239.1.1.1");
	struct rdma_cm_join_mc_attr_ex attr = {
		.comp_mask = RDMA_CM_JOIN_MC_ATTR_ADDRESS | RDMA_CM_JOIN_MC_ATTR_JOIN_FLAGS,
		.join_flags = RDMA_MC_JOIN_FLAG_SENDONLY_FULLMEMBER,
		.addr = (struct sockaddr *)&group,
	};
	struct sluice_addr addr = library_fixture_addr("239.1.1.1");

	cr_assert_eq(rdma_join_multicast_ex(id, &attr, NULL), 0);
	wait_joined();
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 0);
	cr_expect_eq(sluice_send(sluice_rdmacm_session(id), &addr, htons(5004), "a", 1), 0);
	while (fixture.n_sent == 0)
		library_fixture_listen(&fixture);
	cr_expect_eq(leave("239.1.1.1"), 0);
	join("239.9.9.9");
	wait_joined();
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.9.9.9");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 0);
}

Test(rdmacm_wire, join_fails,
	.description = "API-34: a group that cannot be joined gives MULTICAST_ERROR")
{
	struct rdma_cm_event *event;

	join("232.1.1.1");
	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_eq(event->event, RDMA_CM_EVENT_MULTICAST_ERROR);
	cr_expect_eq(event->status, -EINVAL);
	cr_expect_eq(rdma_ack_cm_event(event), 0);
	cr_expect_eq(leave("232.1.1.1"), 0);
}

// The default robustness of 2 and interval of 1 s apply.
static void robust_engine(void)
{
	static const char yaml[] =
		"lcores: {workers: [1]}\n"
		"ports: [{name: in0, device: net_ring_wire0}]\n"
		"interfaces: [{name: tv, port: in0, addresses: [10.9.0.2/24]}]\n";
	struct sluice_error error;

	library_fixture_eal();
	library_fixture_wires(&fixture);
	cr_assert_eq(sluice_open(yaml, &fixture.sluice, &error), 0, "%s", error.text);
	id_open();
}

Test(rdmacm_wire, many_ids, .description = "150 ids receive at the same time")
{
	struct sockaddr_in group = group_of("239.1.1.1");
	struct sockaddr_in local = group_of("10.9.0.2");
	struct rdma_cm_id *ids[150];

	for (unsigned i = 0; i < 150; i++) {
		cr_assert_eq(rdma_create_id(NULL, &ids[i], NULL, RDMA_PS_UDP), 0, "id %u", i);
		cr_assert_eq(rdma_bind_addr(ids[i], (struct sockaddr *)&local), 0);
		cr_assert_eq(rdma_join_multicast(ids[i], (struct sockaddr *)&group, NULL), 0);
	}
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	for (unsigned i = 0; i < 150; i++) {
		cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(ids[i])), 1);
		cr_expect_eq(rdma_destroy_id(ids[i]), 0);
	}
}

static bool all_heard_twice(unsigned type)
{
	char group[16];

	for (unsigned i = 1; i <= 150; i++) {
		snprintf(group, sizeof(group), "239.1.1.%u", i);
		if (library_fixture_heard(&fixture, type, group) < 2)
			return false;
	}
	return true;
}

TestSuite(rdmacm_robust, .init = robust_engine, .timeout = 300);

Test(rdmacm_robust, destroy_leaves_all,
	.description =
		"API-42 promise 4: 150 groups are left, and each leave is sent robustness times")
{
	char group[16];

	for (unsigned i = 1; i <= 150; i++) {
		snprintf(group, sizeof(group), "239.1.1.%u", i);
		join(group);
		wait_joined();
	}
	while (!all_heard_twice(FIXTURE_TO_EX))
		sched_yield();
	cr_expect_eq(rdma_destroy_id(id), 0);
	while (!all_heard_twice(FIXTURE_TO_IN))
		sched_yield();
	rdma_destroy_event_channel(channel);
	library_fixture_close(&fixture);
	cr_expect_eq(fixture.n_records, 600);
}
