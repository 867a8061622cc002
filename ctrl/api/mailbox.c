// SPDX-License-Identifier: BSD-3-Clause
#include "mailbox.h"
#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Stands at the end of the list once the mailbox is shut.
static struct mailbox_call shut;

int mailbox_open(struct mailbox *mailbox)
{
	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->fd < 0)
		return -errno;
	atomic_init(&mailbox->newest, NULL);
	return 0;
}

void mailbox_close(struct mailbox *mailbox)
{
	close(mailbox->fd);
}

int mailbox_post(struct mailbox *mailbox, struct mailbox_call *call)
{
	struct mailbox_call *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);

	do {
		if (newest == &shut)
			return -ESHUTDOWN;
		call->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(
		&mailbox->newest, &newest, call, memory_order_release, memory_order_relaxed));
	// Whoever found the list empty wakes the reader; the others' calls go with that one. The
	// call may be gone already, and a counter of one cannot overflow.
	if (newest == NULL)
		eventfd_write(mailbox->fd, 1);
	return 0;
}

static struct mailbox_call *take(struct mailbox *mailbox, struct mailbox_call *end)
{
	struct mailbox_call *call, *oldest = NULL;
	eventfd_t ignored;

	// In this order: a call pushed after the exchange finds the list empty and wakes again.
	eventfd_read(mailbox->fd, &ignored);
	call = atomic_exchange_explicit(&mailbox->newest, end, memory_order_acquire);
	while (call != NULL && call != &shut) {
		struct mailbox_call *older = call->next;

		call->next = oldest;
		oldest = call;
		call = older;
	}
	return oldest;
}

struct mailbox_call *mailbox_take(struct mailbox *mailbox)
{
	return take(mailbox, NULL);
}

struct mailbox_call *mailbox_shut(struct mailbox *mailbox)
{
	return take(mailbox, &shut);
}
