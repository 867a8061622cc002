// SPDX-License-Identifier: BSD-3-Clause
// Calls from any thread to the control thread, without a lock: a list the senders push to and the
// control thread takes whole, and an eventfd that wakes it.
//
// Calls that arrive together are taken together, so that the control thread can pack what they
// cause into one report.
#ifndef API_MAILBOX_H
#define API_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

struct mailbox_call {
	struct mailbox_call *next; // sender: wo before the push, control: rw after it
	void (*run)(struct mailbox_call *call); // on the control thread
	// Once all calls taken together have run; the call is the sender's again, or to be freed.
	void (*finish)(struct mailbox_call *call);
};

struct mailbox {
	_Atomic(struct mailbox_call *) newest; // senders: rw, control: rw
	int fd; // readable when there may be calls
};

int mailbox_open(struct mailbox *mailbox);
// No thread may be in a call.
void mailbox_close(struct mailbox *mailbox);

// Any thread. -ESHUTDOWN once mailbox_shut() was called.
int mailbox_post(struct mailbox *mailbox, struct mailbox_call *call);

// Control thread. All calls posted, oldest first.
struct mailbox_call *mailbox_take(struct mailbox *mailbox);
// The same, and refuses all further calls.
struct mailbox_call *mailbox_shut(struct mailbox *mailbox);

#endif
