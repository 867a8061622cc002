// SPDX-License-Identifier: BSD-3-Clause
// Watches whether the daemon makes progress. Logs workers that are stalled, and feeds the watchdog
// of the service manager only while the control thread and all workers take their turns.
#ifndef CTRL_WATCHDOG_H
#define CTRL_WATCHDOG_H

#include "engine.h"

struct watchdog {
	struct engine *engine;
	struct event *timer; // NULL: the service manager has no watchdog
	uint64_t turns; // of the control thread, when it was fed last
};

int watchdog_open(struct watchdog *watchdog, struct event_base *base, struct engine *engine,
	struct error *error);
// Before the engine is closed.
void watchdog_close(struct watchdog *watchdog);

#endif
