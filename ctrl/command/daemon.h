// SPDX-License-Identifier: BSD-3-Clause
// The command's end of the control socket. Failures are told on stderr here, callers only carry
// the exit status on.
#ifndef CTRL_DAEMON_H
#define CTRL_DAEMON_H

#include <jansson.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_REFUSED = 1, // by the daemon
	STATUS_USAGE = 2,
	STATUS_NO_DAEMON = 3, // none there, or it went away
};

struct daemon;

enum exit_status daemon_open(const char *path, struct daemon **daemon);
void daemon_close(struct daemon *daemon);

// Calls a method and waits for the answer. Takes over params, an object. The result is the
// caller's.
enum exit_status daemon_call(
	struct daemon *daemon, const char *method, json_t *params, json_t **result);

// The same for a method that gives a list of that name in pages: all of it, in one result. The
// daemon does other things between two pages.
enum exit_status daemon_call_pages(struct daemon *daemon, const char *method, const char *list,
	json_t *params, json_t **result);

// Waits for the next event after event.subscribe.
enum exit_status daemon_event(struct daemon *daemon, json_t **event);

#endif
