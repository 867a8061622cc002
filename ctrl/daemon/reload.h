// SPDX-License-Identifier: BSD-3-Clause
// Replaces the configuration of the daemon: loader.c reads the file on another thread, and the
// event loop applies the difference in short turns.
#ifndef CTRL_RELOAD_H
#define CTRL_RELOAD_H

#include "loader.h"
#include "rpc.h"

struct reload {
	const char *file;
	struct config **config; // the present one, which is replaced
	struct event_base *base;
	struct engine *engine;
	struct rpc *rpc;

	struct event *turn; // applies a part
	struct loader *loader; // NULL: no reload is under way
	struct config *next; // that is applied; NULL: it is still read
	struct engine_reload *applying;
	struct engine_report report;
	bool again; // another reload follows
};

// The caller has set the first five fields and zeroed the others.
int reload_open(struct reload *reload, struct error *error);
// Begins a reload, or has another one follow that is under way.
void reload_start(struct reload *reload);
// Gives up a reload that is under way. To be called before the socket or the engine is closed.
void reload_close(struct reload *reload);

#endif
