// SPDX-License-Identifier: BSD-3-Clause
// Tells the service manager what the daemon does, in the protocol of sd_notify(3). systemd listens
// to its own child only: under a root parent (parent.h) the daemon writes the number of the state
// into a pipe, and the parent passes it on.
#ifndef CTRL_NOTIFY_H
#define CTRL_NOTIFY_H

enum notify_state {
	NOTIFY_READY,
	NOTIFY_RELOADING,
	NOTIFY_STOPPING,
	NOTIFY_STALLED, // a worker makes no progress
	NOTIFY_RECOVERED, // all of them do again
	NOTIFY_WATCHDOG, // control thread and workers make progress
	NOTIFY_STATES,
};

// From now on states are written to this pipe.
void notify_use_pipe(int fd);

// Does nothing without a service manager.
void notify_send(enum notify_state state);

// Seconds within which it wants to hear NOTIFY_WATCHDOG, 0: never.
double notify_watchdog_seconds(void);

#endif
