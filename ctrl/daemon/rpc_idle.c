// SPDX-License-Identifier: BSD-3-Clause
// Closes connections that own nothing and neither send nor read: they take places from others.
#include "rpc_private.h"

#include <errno.h>

#define PERIOD_MIN_MS 10
#define PERIOD_MAX_MS 5000

static uint64_t timeout_ms(const struct rpc *rpc)
{
	return (uint64_t)(rpc->control.idle_timeout * 1000);
}

static void schedule(struct rpc *rpc)
{
	const uint64_t ms = RTE_MIN(
		RTE_MAX(timeout_ms(rpc) / 4, (uint64_t)PERIOD_MIN_MS), (uint64_t)PERIOD_MAX_MS);
	const struct timeval period = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(rpc->idle, &period);
}

// Frames or events may come at any time.
static bool is_wanted(const struct rpc_connection *connection)
{
	return connection->working || connection->subscribed ||
	       rpc_connection_has_sessions(connection);
}

static void look_at(struct rpc_connection *connection, uint64_t now_ms)
{
	const size_t unread = rpc_connection_unread(connection);

	rpc_buffer_account(connection);
	if (unread != connection->unread || connection->working) {
		connection->unread = unread;
		connection->active_ms = now_ms;
	}
	if (now_ms - connection->active_ms >= timeout_ms(connection->rpc) && !is_wanted(connection))
		rpc_connection_close(connection);
}

static void sweep(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_connection *connection, *next;
	const uint64_t now_ms = engine_now_ms();
	struct rpc *rpc = arg;

	(void)fd;
	(void)what;
	for (connection = LIST_FIRST(&rpc->connections); connection; connection = next) {
		next = LIST_NEXT(connection, next);
		look_at(connection, now_ms);
	}
	schedule(rpc);
}

int rpc_idle_open(struct rpc *rpc)
{
	rpc->idle = event_new(rpc->base, -1, 0, sweep, rpc);
	if (!rpc->idle)
		return -ENOMEM;
	schedule(rpc);
	return 0;
}

void rpc_idle_close(struct rpc *rpc)
{
	if (rpc->idle)
		event_free(rpc->idle);
}
