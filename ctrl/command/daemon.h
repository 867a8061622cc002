// SPDX-License-Identifier: BSD-3-Clause
// sluiced as the command sees it. Failures are printed on standard error here; callers only pass
// the exit status on.
#ifndef CTRL_DAEMON_H
#define CTRL_DAEMON_H

#include <jansson.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_REFUSED = 1, // by the daemon
	STATUS_USAGE = 2,
	STATUS_NO_DAEMON = 3, // none there, or it is gone
};

struct daemon;

// `path` outlives the daemon.
enum exit_status daemon_open(const char *path, struct daemon **daemon);
void daemon_close(struct daemon *daemon);

// Calls a method and waits for the answer. Releases params, an object; the caller releases the
// result.
enum exit_status daemon_call(
	struct daemon *daemon, const char *method, json_t *params, json_t **result);

// The same for a method whose result is a list of that name, which the daemon gives in pages: one
// result with the whole list.
enum exit_status daemon_call_pages(struct daemon *daemon, const char *method, const char *list,
	json_t *params, json_t **result);

// Calls show() for each event from now on, on a thread of its own. Returns when the daemon is gone.
enum exit_status daemon_watch(
	struct daemon *daemon, void (*show)(void *arg, const json_t *event), void *arg);

#endif
