// SPDX-License-Identifier: BSD-3-Clause
// Calls from any thread to the thread that runs them, without a lock: a list that senders push to
// and the runner takes as a whole, and an eventfd for a runner that sleeps.
//
// Calls that arrive together are taken together, so that the runner can pack the state changes they
// cause into one report.
#ifndef API_MAILBOX_H
#define API_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

struct mailbox_call {
	struct mailbox_call *next; // sender: wo before the push, runner: rw after it
	void (*run)(struct mailbox_call *call);
	// Called when all calls that were taken together have run; it may free the call, or hand it
	// back to the sender.
	void (*finish)(struct mailbox_call *call);
};

struct mailbox {
	_Atomic(struct mailbox_call *) newest; // senders: rw, runner: rw
	int fd; // readable when calls may have been posted
};

int mailbox_open(struct mailbox *mailbox);
// No thread may be in a call.
void mailbox_close(struct mailbox *mailbox);

// Any thread. Wakes the runner that sleeps. -ESHUTDOWN after mailbox_shut().
int mailbox_post(struct mailbox *mailbox, struct mailbox_call *call);
// The same without waking, for a thread that takes the calls itself next.
int mailbox_add(struct mailbox *mailbox, struct mailbox_call *call);

// The runner. Sleeps until calls may have been posted, or for timeout_ms milliseconds.
void mailbox_wait(struct mailbox *mailbox, int timeout_ms);
// One thread at a time. Takes all calls, oldest first.
struct mailbox_call *mailbox_take(struct mailbox *mailbox);
// The same, and refuses all later calls.
struct mailbox_call *mailbox_shut(struct mailbox *mailbox);

#endif
