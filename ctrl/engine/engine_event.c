// SPDX-License-Identifier: BSD-3-Clause
// Distributes events to listeners.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"

int engine_event_listen(struct engine *engine, engine_event_fn fn, void *arg)
{
	struct engine_listener *listener = malloc(sizeof(*listener));

	if (listener == NULL)
		return -ENOMEM;
	listener->fn = fn;
	listener->arg = arg;
	LIST_INSERT_HEAD(&engine->listeners, listener, next);
	return 0;
}

void engine_event_unlisten(struct engine *engine, engine_event_fn fn, void *arg)
{
	struct engine_listener *listener;

	LIST_FOREACH (listener, &engine->listeners, next) {
		if (listener->fn == fn && listener->arg == arg) {
			LIST_REMOVE(listener, next);
			free(listener);
			return;
		}
	}
}

void engine_event_emit(struct engine *engine, const struct engine_event *event)
{
	struct engine_listener *listener;

	LIST_FOREACH (listener, &engine->listeners, next)
		listener->fn(listener->arg, event);
}

void engine_event_emit_member(struct engine_interface *interface, enum engine_event_kind kind,
	struct session *session, const struct sluice_addr *group)
{
	struct engine_event event = {
		.kind = kind,
		.session = session_user(session),
		.interface = interface,
		.group = *group,
	};

	engine_event_emit(interface->engine, &event);
}
