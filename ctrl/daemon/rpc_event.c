// SPDX-License-Identifier: BSD-3-Clause
// event.subscribe, and the notifications to the subscribers.
#include "rpc_private.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const kind_names[] = {
	[ENGINE_EVENT_PENDING] = "pending",
	[ENGINE_EVENT_JOINED] = "joined",
	[ENGINE_EVENT_LEFT] = "left",
	[ENGINE_EVENT_LOST] = "lost",
	[ENGINE_EVENT_LINK] = "link",
	[ENGINE_EVENT_WORKER] = "worker",
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
	const char *interface;

	if (event->kind == ENGINE_EVENT_WORKER)
		return json_pack("{s:s, s:i, s:b}", "event", kind, "lcore", event->lcore, "stalled",
			event->stalled);
	interface = engine_interface_name(event->interface);
	if (event->kind == ENGINE_EVENT_LINK)
		return json_pack("{s:s, s:s, s:b}", "event", kind, "interface", interface, "up",
			event->link_up);
	return json_pack("{s:s, s:s, s:o, s:s?, s:I}", "event", kind, "interface", interface,
		"group", rpc_result_address(&event->group), "session",
		engine_session_name(event->session), "session_id",
		(json_int_t)engine_session_id(event->session));
}

// When there is room again, reports how many events were dropped.
static void tell_lost(struct rpc_connection *connection, struct evbuffer *out)
{
	if (connection->events_lost == 0)
		return;
	evbuffer_add_printf(out,
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"event\":\"dropped\","
		"\"count\":%" PRIu64 "}}\n",
		connection->events_lost);
	connection->events_lost = 0;
}

// An event must not be written in the middle of an answer.
static bool is_answering(const struct rpc_connection *connection)
{
	return connection->line.written;
}

void rpc_event_flush(struct rpc_connection *connection)
{
	struct evbuffer *out = bufferevent_get_output(connection->stream);

	if (is_answering(connection))
		return;
	if (connection->events)
		evbuffer_add_buffer(out, connection->events);
	if (evbuffer_get_length(out) < RPC_OUTPUT_HIGH)
		tell_lost(connection, out);
}

// A peer that reads too slowly loses events, and gets their number later. The order is kept: after
// a lost event all later ones are dropped until the peer has read.
static void notify(struct rpc_connection *connection, const void *text, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(connection->stream);

	if (is_answering(connection)) {
		if (!connection->events)
			connection->events = evbuffer_new();
		out = connection->events;
	}
	if (!out || connection->events_lost > 0 || !rpc_buffer_has_room_for_event(connection, len))
		connection->events_lost++;
	else if (evbuffer_add(out, text, len) < 0)
		connection->events_lost++;
}

// NULL without memory.
static struct evbuffer *write_event(const struct engine_event *event)
{
	struct evbuffer *text = evbuffer_new();

	if (!text)
		return NULL;
	rpc_result_write(text, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", "event",
				       "params", describe(event)));
	evbuffer_add(text, "\n", 1);
	if (!rpc_memory_failed() && evbuffer_pullup(text, -1))
		return text;
	evbuffer_free(text);
	return NULL;
}

void rpc_event_tell(void *arg, const struct engine_event *event)
{
	// An event may come in the middle of a request, which is not to blame for its memory.
	bool failed = rpc_memory_failed();
	struct rpc_connection *connection;
	struct evbuffer *text = NULL;
	struct rpc *rpc = arg;

	LIST_FOREACH (connection, &rpc->connections, next) {
		if (!connection->subscribed)
			continue;
		if (!text)
			text = write_event(event);
		if (text)
			notify(connection, evbuffer_pullup(text, -1), evbuffer_get_length(text));
		else
			connection->events_lost++;
	}
	if (text)
		evbuffer_free(text);
	rpc_memory_failed();
	if (failed)
		rpc_memory_note();
}
