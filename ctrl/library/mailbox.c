// SPDX-License-Identifier: BSD-3-Clause
#include "mailbox.h"
#include <errno.h>
#include <poll.h>
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

// Returns whether the list was empty, or -ESHUTDOWN.
static int push(struct mailbox *mailbox, struct mailbox_call *call)
{
	struct mailbox_call *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);

	do {
		if (newest == &shut)
			return -ESHUTDOWN;
		call->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(
		&mailbox->newest, &newest, call, memory_order_release, memory_order_relaxed));
	return newest == NULL;
}

int mailbox_post(struct mailbox *mailbox, struct mailbox_call *call)
{
	int rc = push(mailbox, call);

	// The sender that found the list empty wakes the runner, which takes the calls of the
	// others as well. The call may be finished already; the counter cannot overflow.
	if (rc > 0)
		eventfd_write(mailbox->fd, 1);
	return rc < 0 ? rc : 0;
}

int mailbox_add(struct mailbox *mailbox, struct mailbox_call *call)
{
	int rc = push(mailbox, call);

	return rc < 0 ? rc : 0;
}

void mailbox_wait(struct mailbox *mailbox, int timeout_ms)
{
	struct pollfd fd = {.fd = mailbox->fd, .events = POLLIN};
	eventfd_t ignored;

	// Read before the list is taken: a call posted after that wakes again.
	if (poll(&fd, 1, timeout_ms) > 0)
		eventfd_read(mailbox->fd, &ignored);
}

static struct mailbox_call *take(struct mailbox *mailbox, struct mailbox_call *end)
{
	struct mailbox_call *call, *oldest = NULL;

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
