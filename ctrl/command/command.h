// SPDX-License-Identifier: BSD-3-Clause
// What the files of the command share.
//
//   sluice.c   the program: options, and the commands that are one call of the daemon
//   show.c     sluice show and sluice watch
//   top.c      sluice top
//   table.c    JSON values as columns, or on one line
//   daemon.c   calls of the daemon; its errors as exit status
#ifndef CTRL_SLUICE_COMMAND_H
#define CTRL_SLUICE_COMMAND_H

#include <stdbool.h>

#include "daemon.h"

struct sluice_options {
	const char *socket;
	const char *interface, *session; // NULL: not given
	json_t *sources, *to; // lists of texts; NULL: not given
	bool json;
};

// A command of a connected daemon. argv holds the words after the command's name, the right
// number of them.
typedef enum exit_status (*sluice_run_fn)(
	struct daemon *daemon, const struct sluice_options *options, int argc, char **argv);

enum exit_status sluice_show(
	struct daemon *daemon, const struct sluice_options *options, int argc, char **argv);
enum exit_status sluice_watch(
	struct daemon *daemon, const struct sluice_options *options, int argc, char **argv);
enum exit_status sluice_top(
	struct daemon *daemon, const struct sluice_options *options, int argc, char **argv);

// Whether there is something of that name to show.
bool sluice_can_show(const char *what);

#endif
