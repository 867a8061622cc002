// SPDX-License-Identifier: BSD-3-Clause
// Calls of the daemon. These functions print failures on standard error; the caller only returns
// the exit status.
#ifndef CTRL_COMMAND_DAEMON_H
#define CTRL_COMMAND_DAEMON_H

#include <jansson.h>
#include <stdbool.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_REFUSED = 1, // the daemon refused the call
	STATUS_USAGE = 2, // wrong command line
	STATUS_NO_DAEMON = 3, // no daemon answers, or the connection was lost
	STATUS_NO_OUTPUT = 4, // standard output could not be written
};

struct command_daemon;

// Connects to the socket at `path`, which must stay valid until command_daemon_close().
enum exit_status command_daemon_open(const char *path, struct command_daemon **daemon);
void command_daemon_close(struct command_daemon *daemon);

// Calls a method and waits for the answer. Takes over `params`, an object. The caller releases
// *result.
enum exit_status command_daemon_call(
	struct command_daemon *daemon, const char *method, json_t *params, json_t **result);

// The same for a method whose result is the list `list` in pages. *result holds the whole list.
enum exit_status command_daemon_call_pages(struct command_daemon *daemon, const char *method,
	const char *list, json_t *params, json_t **result);

// Subscribes to events and calls show() for each of them, on the thread that reads the connection,
// until it returns false. Returns then, or when the connection is lost.
enum exit_status command_daemon_watch(
	struct command_daemon *daemon, bool (*show)(void *arg, const json_t *event), void *arg);

#endif
