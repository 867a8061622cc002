// SPDX-License-Identifier: BSD-3-Clause
// Asynchronous joins and the events of a session on a complete engine.
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include "library_fixture.h"
#include "local.h"

TestSuite(async, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;
static int a, b;

static void open_all(void)
{
	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_assert(sluice_event_fd(session) >= 0);
}

static void join_async(const char *group, void *context)
{
	struct sluice_addr addr = library_fixture_addr(group);

	cr_assert_eq(sluice_join_async(session, 1, &addr, NULL, context), 0);
}

static int leave(const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	return sluice_leave(session, 1, &addr);
}

static void expect(enum sluice_event_kind kind, const char *group, void *context)
{
	struct sluice_event event = library_fixture_event(session);
	struct sluice_addr addr = library_fixture_addr(group);

	cr_expect_eq(event.kind, kind, "%d instead of %d of %s", event.kind, kind, group);
	cr_expect(sluice_addr_equal(&event.group, &addr));
	cr_expect_eq(event.context, context);
	cr_expect_eq(event.ifindex, 1);
}

// ---- Holding the control thread ------------------------------------------------------------

struct hold {
	struct mailbox_call call;
	sem_t held, go;
};

static void wait_to_go(struct mailbox_call *call)
{
	struct hold *hold = (struct hold *)call;

	sem_post(&hold->held);
	while (sem_wait(&hold->go) < 0)
		;
}

static void nothing(struct mailbox_call *call __attribute__((unused)))
{
}

// Calls made from now on are processed together after let_go().
static void hold_control(struct hold *hold)
{
	hold->call = (struct mailbox_call){.run = wait_to_go, .finish = nothing};
	sem_init(&hold->held, 0, 0);
	sem_init(&hold->go, 0, 0);
	cr_assert_eq(mailbox_post(&fixture.sluice->mailbox, &hold->call), 0);
	while (sem_wait(&hold->held) < 0)
		;
}

static void let_go(struct hold *hold)
{
	sem_post(&hold->go);
}

// ---- Tests ---------------------------------------------------------------------------------

Test(async, join, .description = "a join is pending, then joined, then left, with its context")
{
	open_all();
	join_async("239.1.1.1", &a);
	expect(SLUICE_EVENT_PENDING, "239.1.1.1", &a);
	expect(SLUICE_EVENT_JOINED, "239.1.1.1", &a);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	join_async("239.1.1.1", &b);
	expect(SLUICE_EVENT_PENDING, "239.1.1.1", &b);
	expect(SLUICE_EVENT_JOINED, "239.1.1.1", &b);
	cr_expect_eq(leave("239.1.1.1"), 0);
	cr_expect_eq(leave("239.1.1.1"), 0);
	expect(SLUICE_EVENT_LEFT, "239.1.1.1", &a);
	library_fixture_close(&fixture);
}

Test(async, errors, .description = "SSM-2: a join that fails is an event with the errno")
{
	struct sluice_addr group = library_fixture_addr("232.1.1.1"),
			   bad = library_fixture_addr("2001:db8::1");
	struct sluice_event event;

	open_all();
	cr_expect_eq(sluice_join_async(session, 9, &group, NULL, NULL), -ENODEV);
	cr_expect_eq(sluice_join_async(session, 1, &group, &bad, NULL), -EINVAL);
	cr_expect_eq(sluice_event_get(session, &event), -EAGAIN);
	join_async("232.1.1.1", &a);
	event = library_fixture_event(session);
	cr_expect(
		event.kind == SLUICE_EVENT_ERROR && event.status == -EINVAL && event.context == &a);
	cr_expect_eq(sluice_event_ack(session, &event), -ENOENT);
	library_fixture_close(&fixture);
}

Test(async, unreported,
	.description = "IGMP-17: a group that is never reported is joined immediately")
{
	open_all();
	join_async("224.0.0.1", &a);
	expect(SLUICE_EVENT_PENDING, "224.0.0.1", &a);
	expect(SLUICE_EVENT_JOINED, "224.0.0.1", &a);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "224.0.0.1"), 0);
	library_fixture_close(&fixture);
}

static void *leave_one(void *arg)
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");

	*(int *)arg = sluice_leave(session, 1, &group);
	return NULL;
}

// A call waits in the mailbox.
static bool has_mail(const struct mailbox_call *unless)
{
	return atomic_load(&fixture.sluice->mailbox.newest) != unless;
}

Test(async, cancel, .description = "promise 3: a join left before its report sends nothing")
{
	struct mailbox_call *newest;
	struct hold hold;
	pthread_t thread;
	int rc = -1;

	open_all();
	hold_control(&hold);
	join_async("239.1.1.1", &a);
	join_async("239.1.1.2", &b);
	newest = atomic_load(&fixture.sluice->mailbox.newest);
	cr_assert_eq(pthread_create(&thread, NULL, leave_one, &rc), 0);
	while (!has_mail(newest))
		sched_yield();
	let_go(&hold);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect_eq(rc, 0);
	expect(SLUICE_EVENT_PENDING, "239.1.1.1", &a);
	expect(SLUICE_EVENT_PENDING, "239.1.1.2", &b);
	expect(SLUICE_EVENT_LEFT, "239.1.1.1", &a);
	expect(SLUICE_EVENT_JOINED, "239.1.1.2", &b);
	sluice_session_close(session);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.2");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 0,
		"a cancelled join is on the wire");
	library_fixture_close(&fixture);
}

Test(async, batch, .description = "CHG-6 CHG-16: joins that arrive together share a report")
{
	char group[32];
	struct hold hold;

	open_all();
	hold_control(&hold);
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(group, sizeof(group), "239.2.0.%u", i);
		join_async(group, NULL);
	}
	let_go(&hold);
	for (unsigned i = 0; i < 200; i++)
		library_fixture_event(session);
	// JOINED is reported when the port has taken the report, which reaches the wire later.
	while (fixture.n_records < 100)
		library_fixture_listen(&fixture);
	cr_expect_leq(fixture.n_reports, 2, "%u frames", fixture.n_reports);
	library_fixture_close(&fixture);
}

enum { CALLERS = 8 };

static void *join_one(void *arg)
{
	const struct sluice_addr *group = arg;

	return sluice_join(session, 1, group) < 0 ? arg : NULL;
}

// While the control thread is held, calls are not taken and the list grows.
static unsigned count_mail(void)
{
	const struct mailbox_call *call = atomic_load(&fixture.sluice->mailbox.newest);
	unsigned n = 0;

	for (; call != NULL; call = call->next)
		n++;
	return n;
}

Test(async, callers, .description = "CHG-6: joins whose callers wait for the lock share a report")
{
	struct sluice_addr groups[CALLERS];
	pthread_t threads[CALLERS];
	struct hold hold;
	void *failed;

	open_all();
	hold_control(&hold);
	for (unsigned i = 0; i < CALLERS; i++) {
		groups[i] = (struct sluice_addr){AF_INET, {239, 3, 0, i}};
		cr_assert_eq(pthread_create(&threads[i], NULL, join_one, &groups[i]), 0);
	}
	while (count_mail() < CALLERS)
		sched_yield();
	let_go(&hold);
	for (unsigned i = 0; i < CALLERS; i++) {
		cr_assert_eq(pthread_join(threads[i], &failed), 0);
		cr_expect_null(failed);
	}
	while (fixture.n_records < CALLERS)
		library_fixture_listen(&fixture);
	cr_expect_leq(fixture.n_reports, 2, "%u frames", fixture.n_reports);
	library_fixture_close(&fixture);
}

static void *drain(void *arg)
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");

	*(int *)arg = sluice_event_drain(session, 1, &group);
	return NULL;
}

Test(async, drain, .description = "a drain waits until another thread acknowledges")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1");
	struct sluice_event taken;
	pthread_t thread;
	int rc = -1;

	open_all();
	cr_expect_eq(sluice_event_drain(session, 9, &group), -ENODEV);
	join_async("239.1.1.1", &a);
	cr_assert_eq(sluice_join(session, 1, &group), 0); // afterwards both events are queued
	cr_assert_eq(sluice_event_get(session, &taken), 0);
	cr_assert_eq(pthread_create(&thread, NULL, drain, &rc), 0);
	cr_expect_eq(sluice_event_ack(session, &taken), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect_eq(rc, 0);
	cr_expect_eq(sluice_event_get(session, &taken), -EAGAIN, "drained events are gone");
	library_fixture_close(&fixture);
}
