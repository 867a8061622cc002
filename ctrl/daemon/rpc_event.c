// SPDX-License-Identifier: BSD-3-Clause
// event.subscribe, and the notifications to the subscribers.
#include "rpc_private.h"

#include "log.h"

// A million memberships may change at once. A subscriber that is further behind is disconnected.
#define BACKLOG_MAX_BYTES (256u << 20)

static const char *const kind_names[] = {
	[ENGINE_EVENT_PENDING] = "pending",
	[ENGINE_EVENT_JOINED] = "joined",
	[ENGINE_EVENT_LEFT] = "left",
	[ENGINE_EVENT_LOST] = "lost",
	[ENGINE_EVENT_LINK] = "link",
};

int rpc_event_subscribe(struct rpc_call *call)
{
	call->connection->subscribed = true;
	rpc_result_set(call, json_object());
	return 0;
}

static json_t *describe(const struct engine_event *event)
{
	const char *kind = kind_names[event->kind];
	const char *interface = engine_interface_name(event->interface);

	if (event->kind == ENGINE_EVENT_LINK)
		return json_pack("{s:s, s:s, s:b}", "event", kind, "interface", interface, "up",
			event->link_up);
	return json_pack("{s:s, s:s, s:o, s:s?, s:I}", "event", kind, "interface", interface,
		"group", rpc_result_address(&event->group), "session",
		engine_session_name(event->session), "session_id",
		(json_int_t)engine_session_id(event->session));
}

static void notify(struct rpc_connection *connection, const void *text, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(connection->stream);

	if (evbuffer_get_length(out) < BACKLOG_MAX_BYTES) {
		evbuffer_add(out, text, len);
		return;
	}
	// The connection may be in the middle of a call; it is closed from the event loop.
	log_warning("control socket: a subscriber reads too slowly and is cut off");
	connection->subscribed = false;
	bufferevent_trigger_event(connection->stream, BEV_EVENT_ERROR, BEV_TRIG_DEFER_CALLBACKS);
}

void rpc_event_tell(void *arg, const struct engine_event *event)
{
	struct rpc_connection *connection;
	struct evbuffer *text = NULL;
	struct rpc *rpc = arg;

	LIST_FOREACH (connection, &rpc->connections, next) {
		if (!connection->subscribed)
			continue;
		if (!text) {
			text = evbuffer_new();
			if (!text)
				return;
			rpc_result_write(
				text, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method",
					      "event", "params", describe(event)));
			evbuffer_add(text, "\n", 1);
		}
		notify(connection, evbuffer_pullup(text, -1), evbuffer_get_length(text));
	}
	if (text)
		evbuffer_free(text);
}
