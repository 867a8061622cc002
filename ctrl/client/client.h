// SPDX-License-Identifier: BSD-3-Clause
// The command's end of the control socket. Failures are told on stderr here, callers only carry
// the exit status on.
#ifndef CTRL_CLIENT_H
#define CTRL_CLIENT_H

#include <jansson.h>

enum client_status {
	CLIENT_OK = 0,
	CLIENT_REFUSED = 1, // by the daemon
	CLIENT_USAGE = 2,
	CLIENT_NO_DAEMON = 3, // none there, or it went away
};

struct client;

enum client_status client_open(const char *path, struct client **client);
void client_close(struct client *client);

// Calls a method and waits for the answer. Takes over params, an object. The result is the
// caller's.
enum client_status client_call(
	struct client *client, const char *method, json_t *params, json_t **result);

// The same for a method that gives a list of that name in pages: all of it, in one result. The
// daemon does other things between two pages.
enum client_status client_call_pages(struct client *client, const char *method, const char *list,
	json_t *params, json_t **result);

// Waits for the next event after event.subscribe.
enum client_status client_event(struct client *client, json_t **event);

#endif
