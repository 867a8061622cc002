// SPDX-License-Identifier: BSD-3-Clause
// The events of a session by themselves: which are reported, polling, acknowledging, draining.
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include "events.h"

static struct events events;
static const struct events_key key = {1, {AF_INET, {239, 1, 1, 1}}};
static const struct events_key other_key = {1, {AF_INET, {239, 1, 1, 2}}};
static const struct sluice_addr source = {AF_INET, {10, 0, 0, 7}};
static int a, b;

static void open_events(void)
{
	cr_assert_eq(events_init(&events), 0);
}

static void close_events(void)
{
	events_fini(&events);
}

TestSuite(events, .init = open_events, .fini = close_events, .timeout = 60);

static bool polls(void)
{
	struct pollfd wait = {.fd = event_queue_fd(&events.queue), .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

static void expect(enum sluice_event_kind kind, void *context)
{
	struct sluice_event event;

	cr_assert(polls(), "no event %d", kind);
	cr_assert_eq(event_queue_get(&events.queue, &event), 0);
	cr_expect_eq(event.kind, kind, "%d instead of %d", event.kind, kind);
	cr_expect_eq(event.context, context);
	cr_expect_eq(event.ifindex, 1);
	cr_expect_eq(event_queue_ack(&events.queue, event.id), 0);
}

static void expect_none(void)
{
	struct sluice_event event;

	cr_expect_eq(event_queue_get(&events.queue, &event), -EAGAIN);
	cr_expect(!polls());
}

Test(events, unwanted, .description = "no event is queued before the caller requests events")
{
	events_notice(&events, &key, SLUICE_EVENT_PENDING, 0);
	expect_none();
	events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	expect(SLUICE_EVENT_JOINED, NULL);
	expect_none();
}

Test(events, one_join, .description = "the events of an asynchronous join carry its context")
{
	uint64_t id = events_join_start(&events, &key, NULL, &a);

	cr_expect_neq(id, 0);
	expect_none();
	events_notice(&events, &key, SLUICE_EVENT_PENDING, 0);
	events_join_done(&events, &key, id, false);
	expect(SLUICE_EVENT_PENDING, &a);
	expect_none();
	events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	expect(SLUICE_EVENT_JOINED, &a);
	events_notice(&events, &key, SLUICE_EVENT_ERROR, -ENETDOWN);
	expect(SLUICE_EVENT_ERROR, &a);
	events_notice(&events, &key, SLUICE_EVENT_LEFT, 0);
	expect(SLUICE_EVENT_LEFT, &a);
	events_notice(&events, &key, SLUICE_EVENT_PENDING, 0);
	expect(SLUICE_EVENT_PENDING, NULL);
	expect_none();
}

Test(events, two_joins, .description = "a second join gets an event, although it changes nothing")
{
	uint64_t first = events_join_start(&events, &key, NULL, &a), second;

	events_notice(&events, &key, SLUICE_EVENT_PENDING, 0);
	events_join_done(&events, &key, first, false);
	second = events_join_start(&events, &key, NULL, &b);
	events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	expect(SLUICE_EVENT_PENDING, &a);
	expect(SLUICE_EVENT_JOINED, &a);
	expect_none();
	events_join_done(&events, &key, second, true);
	expect(SLUICE_EVENT_PENDING, &b);
	expect(SLUICE_EVENT_JOINED, &b);
	events_notice(&events, &key, SLUICE_EVENT_LEFT, 0);
	expect(SLUICE_EVENT_LEFT, &a);
	expect(SLUICE_EVENT_LEFT, &b);
	expect_none();
}

Test(events, failed, .description = "a failed join is reported once and no longer watched")
{
	uint64_t id = events_join_start(&events, &key, NULL, &a);
	struct sluice_event event;

	events_join_failed(&events, &key, id, -EINVAL);
	cr_assert_eq(event_queue_get(&events.queue, &event), 0);
	cr_expect(
		event.kind == SLUICE_EVENT_ERROR && event.status == -EINVAL && event.context == &a);
	cr_expect_eq(event_queue_ack(&events.queue, event.id), 0);
	cr_expect_eq(event_queue_ack(&events.queue, event.id), -ENOENT, "acknowledged twice");
	events_notice(&events, &key, SLUICE_EVENT_LEFT, 0);
	expect(SLUICE_EVENT_LEFT, NULL);
	id = events_join_start(&events, &key, NULL, &a);
	events_join_cancel(&events, &key, id);
	expect_none();
}

Test(events, not_yet_done,
	.description = "the end of an earlier membership is not reported to a new join")
{
	uint64_t id = events_join_start(&events, &key, NULL, &a);

	events_notice(&events, &key, SLUICE_EVENT_LEFT, 0);
	expect(SLUICE_EVENT_LEFT, NULL);
	events_notice(&events, &key, SLUICE_EVENT_PENDING, 0);
	expect(SLUICE_EVENT_PENDING, &a);
	events_join_done(&events, &key, id, true);
	expect(SLUICE_EVENT_JOINED, &a);
}

Test(events, unwatch, .description = "a leave removes the watch of the newest join")
{
	uint64_t first = events_join_start(&events, &key, NULL, &a);
	uint64_t second = events_join_start(&events, &key, NULL, &b);
	uint64_t third = events_join_start(&events, &key, &source, &b);

	events_join_done(&events, &key, first, true);
	events_join_done(&events, &key, second, true);
	events_join_done(&events, &key, third, true);
	event_queue_drain(&events.queue, key.ifindex, &key.group);
	expect_none();
	events_join_forget(&events, &key, NULL, 1);
	events_join_forget(&events, &key, &source, 0);
	events_notice(&events, &key, SLUICE_EVENT_LEFT, 0);
	expect(SLUICE_EVENT_LEFT, &a);
	expect_none();
}

Test(events, order, .description = "events of different groups keep their order")
{
	event_queue_want(&events.queue);
	events_notice(&events, &key, SLUICE_EVENT_PENDING, 0);
	events_notice(&events, &other_key, SLUICE_EVENT_PENDING, 0);
	events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	event_queue_drain(&events.queue, key.ifindex, &key.group);
	expect(SLUICE_EVENT_PENDING, NULL);
	expect_none();
}

Test(events, lost, .description = "events beyond the bound are lost and counted")
{
	event_queue_want(&events.queue);
	for (unsigned i = 0; i < EVENT_QUEUE_MAX + 3; i++)
		events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	cr_expect_eq(event_queue_lost(&events.queue), 3);
	expect(SLUICE_EVENT_JOINED, NULL);
	events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	cr_expect_eq(event_queue_lost(&events.queue), 3);
}

static atomic_bool drained;

static void *drain(void *arg)
{
	(void)arg;
	event_queue_drain(&events.queue, key.ifindex, &key.group);
	atomic_store(&drained, true);
	return NULL;
}

Test(events, drain, .description = "a drain waits until another thread has acknowledged")
{
	struct sluice_event event, unrelated;
	pthread_t thread;

	event_queue_want(&events.queue);
	events_notice(&events, &other_key, SLUICE_EVENT_JOINED, 0);
	cr_assert_eq(event_queue_get(&events.queue, &unrelated), 0);
	events_notice(&events, &key, SLUICE_EVENT_JOINED, 0);
	cr_assert_eq(event_queue_get(&events.queue, &event), 0);
	events_notice(&events, &key, SLUICE_EVENT_LEFT, 0);
	cr_assert_eq(pthread_create(&thread, NULL, drain, NULL), 0);
	// The drain has started when it has removed the events that were not delivered.
	while (polls())
		sched_yield();
	cr_expect(!atomic_load(&drained));
	cr_expect_eq(event_queue_ack(&events.queue, event.id), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect(atomic_load(&drained));
	cr_expect_eq(event_queue_ack(&events.queue, unrelated.id), 0);
}

Test(events, lose,
	.description = "the loss of all groups is reported per watch, and once without a group")
{
	uint64_t first = events_join_start(&events, &key, NULL, &a);
	uint64_t second = events_join_start(&events, &other_key, NULL, &b);
	struct sluice_event event;

	events_join_done(&events, &key, first, false);
	events_join_done(&events, &other_key, second, false);
	expect(SLUICE_EVENT_PENDING, &a);
	expect(SLUICE_EVENT_PENDING, &b);
	events_lose(&events, -EPIPE);
	for (unsigned i = 0; i < 3; i++) {
		static void *const contexts[] = {&a, &b, NULL};

		cr_assert_eq(event_queue_get(&events.queue, &event), 0);
		cr_expect(event.kind == SLUICE_EVENT_ERROR && event.status == -EPIPE);
		cr_expect_eq(event.context, contexts[i]);
		cr_expect_eq(event.group.family, i < 2 ? AF_INET : AF_UNSPEC);
		cr_expect_eq(event_queue_ack(&events.queue, event.id), 0);
	}
	expect_none();
}
