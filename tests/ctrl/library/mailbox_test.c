// SPDX-License-Identifier: BSD-3-Clause
// The mailbox by itself: each call arrives once, in the order of its sender.
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include "mailbox.h"

enum { SENDERS = 8, CALLS = 20000 };

struct numbered {
	struct mailbox_call call;
	unsigned sender, number;
};

static struct mailbox mailbox;
static struct numbered calls[SENDERS][CALLS];

static void *send_all(void *arg)
{
	struct numbered *mine = arg;

	for (unsigned i = 0; i < CALLS; i++)
		if (mailbox_post(&mailbox, &mine[i].call) < 0)
			return arg;
	return NULL;
}

Test(mailbox, order, .description = "calls of many threads arrive once and in order", .timeout = 60)
{
	unsigned expected[SENDERS] = {0}, left = SENDERS * CALLS;
	pthread_t threads[SENDERS];

	cr_assert_eq(mailbox_open(&mailbox), 0);
	for (unsigned i = 0; i < SENDERS; i++) {
		for (unsigned k = 0; k < CALLS; k++)
			calls[i][k] = (struct numbered){.sender = i, .number = k};
		cr_assert_eq(pthread_create(&threads[i], NULL, send_all, calls[i]), 0);
	}
	while (left > 0) {
		struct mailbox_call *call;

		mailbox_wait(&mailbox, -1);
		for (call = mailbox_take(&mailbox); call != NULL; call = call->next) {
			const struct numbered *numbered = (struct numbered *)call;

			cr_assert_eq(numbered->number, expected[numbered->sender]++);
			left--;
		}
	}
	for (unsigned i = 0; i < SENDERS; i++) {
		void *failed;

		cr_assert_eq(pthread_join(threads[i], &failed), 0);
		cr_expect_null(failed);
	}
	cr_expect_null(mailbox_take(&mailbox));
	mailbox_close(&mailbox);
}

static bool readable(void)
{
	struct pollfd fd = {.fd = mailbox.fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

Test(mailbox, wake, .description = "a post wakes the runner unless a call is already pending")
{
	struct mailbox_call first = {0}, second = {0};

	cr_assert_eq(mailbox_open(&mailbox), 0);
	cr_expect_eq(mailbox_add(&mailbox, &first), 0);
	cr_expect_eq(mailbox_post(&mailbox, &second), 0);
	cr_expect(!readable(), "the wake-up of the first call also covers the second");
	cr_expect_eq(mailbox_take(&mailbox), &first);
	cr_expect_eq(first.next, &second);
	cr_expect_eq(mailbox_post(&mailbox, &first), 0);
	cr_expect(readable());
	mailbox_wait(&mailbox, -1);
	cr_expect(!readable());
	cr_expect_eq(mailbox_take(&mailbox), &first);
	mailbox_wait(&mailbox, 0);
	mailbox_close(&mailbox);
}

Test(mailbox, shut, .description = "a closed mailbox delivers its calls and refuses new ones")
{
	struct mailbox_call first = {0}, second = {0};

	cr_assert_eq(mailbox_open(&mailbox), 0);
	cr_expect_eq(mailbox_post(&mailbox, &first), 0);
	cr_expect_eq(mailbox_shut(&mailbox), &first);
	cr_expect_null(first.next);
	cr_expect_eq(mailbox_post(&mailbox, &second), -ESHUTDOWN);
	cr_expect_eq(mailbox_add(&mailbox, &second), -ESHUTDOWN);
	mailbox_close(&mailbox);
}
