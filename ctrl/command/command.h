// SPDX-License-Identifier: BSD-3-Clause
// The program sluice: a client of the control socket, without DPDK.
//
//	sluice.c		main(), options, and the commands that change memberships
//	command_show.c		sluice show
//	command_watch.c		sluice watch
//	command_top.c		sluice top
//	command_view.c		the lists that sluice show can print, and their columns
//	command_table.c		prints JSON in columns, or on one line
//	command_daemon.c	calls the daemon, turns its errors into the exit status
#ifndef CTRL_COMMAND_H
#define CTRL_COMMAND_H

#include <stdbool.h>

#include "command_daemon.h"

struct command_options {
	const char *socket;
	const char *interface, *session; // NULL: not given
	json_t *sources; // a list of texts
	json_t *to; // the same; NULL: not given
	bool json;
};

// Runs a command on a connected daemon. argv holds the words after the name of the command; the
// caller has checked their number.
typedef enum exit_status (*command_fn)(struct command_daemon *daemon,
	const struct command_options *options, int argc, char **argv);

enum exit_status command_show(struct command_daemon *daemon, const struct command_options *options,
	int argc, char **argv);
enum exit_status command_watch(struct command_daemon *daemon, const struct command_options *options,
	int argc, char **argv);
enum exit_status command_top(struct command_daemon *daemon, const struct command_options *options,
	int argc, char **argv);

#endif
