// SPDX-License-Identifier: BSD-3-Clause
// The rdma_cm face as a client of a sluiced in another process.
#include <rdma/rdma_cma.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>
#include "daemon_fixture.h"

#define PATIENCE_S 60
#define ON_THE_WAY (32 + 1024 + 32) // frames that the rings of an id and the port hold

static struct daemon_process served;
static struct rdma_event_channel *channel;
static struct rdma_cm_id *id;

static struct sockaddr_in ipv4(const char *text)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text)};
}

static struct rdma_cm_id *open_id(struct rdma_event_channel *of)
{
	struct sockaddr_in local = ipv4("10.9.0.2");
	struct rdma_cm_id *new;

	cr_assert_eq(rdma_create_id(of, &new, NULL, RDMA_PS_UDP), 0, "%s", strerror(errno));
	cr_assert_eq(rdma_bind_addr(new, (struct sockaddr *)&local), 0);
	return new;
}

static void client(void)
{
	daemon_fork(&served);
	library_fixture_eal();
	sluice_rdmacm_attach(NULL, served.path);
	channel = rdma_create_event_channel();
	cr_assert(channel);
	id = open_id(channel);
}

static void close_all(void)
{
	cr_expect_eq(rdma_destroy_id(id), 0);
	rdma_destroy_event_channel(channel);
	if (served.pid > 0)
		daemon_end(&served, true);
}

TestSuite(rdmacm_remote, .init = client, .fini = close_all, .timeout = 300);

static void expect_event(enum rdma_cm_event_type type, int status, const void *context)
{
	struct rdma_cm_event *event;

	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_expect_eq(event->event, type, "%s", rdma_event_str(event->event));
	cr_expect_eq(event->status, status);
	cr_expect_eq(event->param.ud.private_data, context);
	cr_expect_eq(rdma_ack_cm_event(event), 0);
}

static void join(const char *text, void *context)
{
	struct sockaddr_in group = ipv4(text);

	cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, context), 0);
	expect_event(RDMA_CM_EVENT_MULTICAST_JOIN, 0, context);
}

static int leave(const char *text)
{
	struct sockaddr_in group = ipv4(text);

	return rdma_leave_multicast(id, (struct sockaddr *)&group);
}

// Receives n frames, or fewer if they do not arrive; returns their number.
static unsigned receive(struct rdma_cm_id *from, unsigned n)
{
	time_t until = time(NULL) + PATIENCE_S;
	struct rte_mbuf *frame;
	unsigned sum = 0;

	while (sum < n && time(NULL) < until)
		if (sluice_recv_burst(sluice_rdmacm_session(from), &frame, 1) == 1) {
			rte_pktmbuf_free(frame);
			sum++;
		}
	return sum;
}

Test(rdmacm_remote, many_ids, .description = "150 ids of a process receive at the same time")
{
	struct sockaddr_in group = ipv4("239.1.1.1");
	struct rdma_cm_id *ids[150];

	for (unsigned i = 0; i < 150; i++) {
		ids[i] = open_id(NULL);
		cr_assert_eq(rdma_join_multicast(ids[i], (struct sockaddr *)&group, NULL), 0);
	}
	daemon_stream(&served, "239.1.1.1", 5000, 0, 3);
	for (unsigned i = 0; i < 150; i++) {
		cr_expect_eq(receive(ids[i], 3), 3, "id %u", i);
		cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(ids[i])), 0);
		cr_expect_eq(rdma_destroy_id(ids[i]), 0);
	}
}

Test(rdmacm_remote, queued_frames_stay, .description = "frames queued before the leave can be read")
{
	join("239.1.1.1", NULL);
	daemon_stream(&served, "239.1.1.1", 5000, 0, 3);
	cr_expect_eq(leave("239.1.1.1"), 0);
	cr_expect_eq(leave("239.1.1.1"), -1);
	cr_expect_eq(errno, EADDRNOTAVAIL);
	join("239.1.1.2", NULL);
	daemon_stream(&served, "239.1.1.1", 5000, 0, 3);
	daemon_stream(&served, "239.1.1.2", 5000, 0, 1);
	cr_expect_eq(receive(id, 4), 4);
	cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 0);
}

// Waits until all frames queued to the id can be received. A flush does this before it looks for
// the frames of its group.
static void settle(void)
{
	struct sluice_session *session = sluice_rdmacm_session(id);
	struct sluice_addr other = library_fixture_addr("239.1.1.3");

	cr_assert_eq(sluice_join(session, 1, &other), 0);
	cr_assert_eq(sluice_leave_flush(session, 1, &other), 0);
}

Test(rdmacm_remote, leave_under_load,
	.description = "promise 1: after the leave only frames in transit are received")
{
	daemon_load(&served, "239.1.1.1", 5000);
	for (unsigned round = 0; round < 5; round++) {
		join("239.1.1.1", NULL);
		cr_expect_eq(receive(id, 500), 500);
		cr_expect_eq(leave("239.1.1.1"), 0);
		settle();
		cr_expect_leq(library_fixture_receive(sluice_rdmacm_session(id)), ON_THE_WAY);
		// Each request makes the daemon process more of the load.
		for (unsigned i = 0; i < 50; i++) {
			daemon_load(&served, "239.1.1.1", 5000);
			cr_expect_eq(library_fixture_receive(sluice_rdmacm_session(id)), 0);
		}
	}
	daemon_unload(&served);
}

Test(rdmacm_remote, lost,
	.description = "MULTICAST_ERROR after a successful join when the device is removed")
{
	static int context;

	join("239.1.1.1", &context);
	daemon_remove(&served);
	expect_event(RDMA_CM_EVENT_MULTICAST_ERROR, -ENETDOWN, &context);
	cr_expect_eq(leave("239.1.1.1"), 0);
}

Test(rdmacm_remote, gone,
	.description = "MULTICAST_ERROR after a successful join when sluiced dies")
{
	static int context;

	join("239.1.1.1", &context);
	daemon_end(&served, false);
	served.pid = 0;
	expect_event(RDMA_CM_EVENT_MULTICAST_ERROR, -EPIPE, &context);
	cr_expect_eq(leave("239.1.1.1"), -1);
	cr_expect_eq(errno, EPIPE);
}
