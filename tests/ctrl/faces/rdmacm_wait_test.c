// SPDX-License-Identifier: BSD-3-Clause
// Blocking between threads that get events, leave, and destroy ids.
#include <rdma/rdma_cma.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "library_double_fixture.h"

static struct rdma_event_channel *channel;
static struct rdma_cm_id *id;
static struct sockaddr_in group = {.sin_family = AF_INET};
static atomic_bool acknowledged;

static void id_open(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	library_double_interface_add("tv", "10.9.0.2", NULL);
	group.sin_addr.s_addr = inet_addr("239.1.1.1");
	channel = rdma_create_event_channel();
	cr_assert_eq(rdma_create_id(channel, &id, NULL, RDMA_PS_UDP), 0);
	cr_assert_eq(rdma_bind_addr(id, (struct sockaddr *)&any), 0);
}

TestSuite(rdmacm_wait, .init = id_open);

static void join(void)
{
	cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, NULL), 0);
}

static void thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	cr_assert_eq(pthread_create(thread, NULL, run, arg), 0);
}

static struct rdma_cm_event *event_take(void)
{
	struct rdma_cm_event *event;

	cr_assert_eq(rdma_get_cm_event(channel, &event), 0);
	cr_assert_eq(event->event, RDMA_CM_EVENT_MULTICAST_JOIN);
	return event;
}

// Waits for a time in which the waiting thread must not return.
static void *acknowledge_late(void *event)
{
	usleep(20000);
	acknowledged = true;
	rdma_ack_cm_event(event);
	return NULL;
}

Test(rdmacm_wait, leave_waits_for_ack)
{
	pthread_t thread;

	join();
	library_double_complete(library_double_session());
	thread_start(&thread, acknowledge_late, event_take());
	library_double_log();
	cr_expect_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
	cr_expect(acknowledged);
	cr_expect_str_eq(library_double_log(), "leave 0 239.1.1.1;-239.1.1.1;");
	pthread_join(thread, NULL);
	cr_expect_eq(rdma_destroy_id(id), 0);
}

Test(rdmacm_wait, leave_does_not_wait_for_others,
	.description = "an unacknowledged event of another join does not block")
{
	struct rdma_cm_event *first;

	join();
	library_double_complete(library_double_session());
	first = event_take();
	join();
	cr_expect_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0, "the newest");
	rdma_ack_cm_event(first);
	cr_expect_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
}

Test(rdmacm_wait, destroy_waits_for_ack)
{
	pthread_t thread;

	join();
	library_double_complete(library_double_session());
	thread_start(&thread, acknowledge_late, event_take());
	cr_expect_eq(rdma_destroy_id(id), 0);
	cr_expect(acknowledged);
	pthread_join(thread, NULL);
	cr_expect_eq(library_double_sessions(), 0);
}

static void *complete_late(void *arg)
{
	(void)arg;
	usleep(20000);
	library_double_complete(library_double_session());
	return NULL;
}

Test(rdmacm_wait, get_waits_for_event)
{
	pthread_t thread;

	join();
	thread_start(&thread, complete_late, NULL);
	rdma_ack_cm_event(event_take());
	pthread_join(thread, NULL);
}

static void *take_all(void *arg)
{
	for (unsigned *taken = arg; *taken < 1000; (*taken)++)
		rdma_ack_cm_event(event_take());
	return NULL;
}

Test(rdmacm_wait, taker_and_leaver,
	.description = "one thread gets the events of joins in another thread")
{
	unsigned taken = 0;
	pthread_t thread;

	thread_start(&thread, take_all, &taken);
	for (unsigned i = 0; i < 1000; i++) {
		join();
		library_double_complete(library_double_session());
	}
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < 1000; i++)
		cr_assert_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
	cr_expect_eq(taken, 1000);
}

static void *take_until(void *arg)
{
	struct rdma_cm_event *event;
	bool last;

	do {
		event = event_take();
		last = event->param.ud.private_data == arg;
		rdma_ack_cm_event(event);
	} while (!last);
	return NULL;
}

Test(rdmacm_wait, leaves_race_with_taker,
	.description = "an event is either delivered or dropped, never both")
{
	static int last;
	pthread_t thread;

	thread_start(&thread, take_until, &last);
	for (unsigned i = 0; i < 1000; i++) {
		join();
		library_double_complete(library_double_session());
		cr_assert_eq(rdma_leave_multicast(id, (struct sockaddr *)&group), 0);
	}
	cr_assert_eq(rdma_join_multicast(id, (struct sockaddr *)&group, &last), 0);
	library_double_complete(library_double_session());
	pthread_join(thread, NULL);
	cr_expect_eq(rdma_destroy_id(id), 0);
}
