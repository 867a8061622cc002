// SPDX-License-Identifier: BSD-3-Clause
// Reads a configuration on a thread of its own: a file system may not answer, and a large file
// takes seconds. The thread also frees a configuration, which takes long as well.
//
// Thread rule: the control thread.
#ifndef CTRL_LOADER_H
#define CTRL_LOADER_H

#include <event2/event.h>

#include "config.h"
#include "error.h"

// To be called at the start: EAL binds the calling thread to a CPU later.
void loader_note_cpus(void);

// Reads it on the calling thread instead. `limits`: memberships beyond the limits in the file are
// an error. Returns NULL after it has reported what is wrong.
struct config *loader_read(
	const char *file, bool limits, void (*report)(void *arg, const char *line), void *arg);

struct loader;

// Logs what is wrong with the file. Afterwards, the event loop calls loaded(arg, config), with NULL
// if the file is not good. `file` must stay until the process ends.
int loader_open(const char *file, struct event_base *base,
	void (*loaded)(void *arg, struct config *config), void *arg, struct loader **loader,
	struct error *error);

// Has the thread free `unused`, which may be NULL, and end. A thread that still reads does so when
// the file system answers; loaded() is not called any more.
void loader_close(struct loader *loader, struct config *unused);

#endif
