// SPDX-License-Identifier: BSD-3-Clause
// Calls from any thread to whoever runs them, without a lock: a list the senders push to and the
// runner takes whole, and an eventfd for a runner that sleeps.
//
// Calls that arrive together are taken together, so that the runner can pack what they cause into
// one report.
#ifndef API_MAILBOX_H
#define API_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

struct mailbox_call {
	struct mailbox_call *next; // sender: wo before the push, runner: rw after it
	void (*run)(struct mailbox_call *call);
	// Once all calls taken together have run; the call is the sender's again, or to be freed.
	void (*finish)(struct mailbox_call *call);
};

struct mailbox {
	_Atomic(struct mailbox_call *) newest; // senders: rw, runner: rw
	int fd; // readable when there may be calls that were posted
};

int mailbox_open(struct mailbox *mailbox);
// No thread may be in a call.
void mailbox_close(struct mailbox *mailbox);

// Any thread. -ESHUTDOWN once mailbox_shut() was called. Wakes the runner that sleeps.
int mailbox_post(struct mailbox *mailbox, struct mailbox_call *call);
// The same for a thread that takes the calls itself next, and wakes nobody.
int mailbox_add(struct mailbox *mailbox, struct mailbox_call *call);

// The runner that sleeps. Returns when calls may have been posted, or when the time is over.
void mailbox_wait(struct mailbox *mailbox, int timeout_ms);
// One thread at a time. All calls there are, oldest first.
struct mailbox_call *mailbox_take(struct mailbox *mailbox);
// The same, and refuses all further calls.
struct mailbox_call *mailbox_shut(struct mailbox *mailbox);

#endif
