// SPDX-License-Identifier: BSD-3-Clause
// The event loop serves protocol timers, queries and signals between two turns, so that turns must
// be short, whatever clients send. Within a turn the connections with work get slices, one after
// the other. The remaining work continues in the next turn.
#include "rpc_private.h"

#include <errno.h>
#include <poll.h>

static uint64_t cpu_us(void)
{
	return engine_now_cpu_ns() / 1000;
}

static void schedule(struct rpc *rpc)
{
	static const struct timeval now = {0};

	// A timer, not event_active(): the loop checks for queries and signals before it.
	if (!event_pending(rpc->work, EV_TIMEOUT, NULL))
		event_add(rpc->work, &now);
}

void rpc_work_add(struct rpc_connection *connection)
{
	connection->active_ms = engine_now_ms();
	if (connection->working)
		return;
	connection->working = true;
	connection->served = false;
	TAILQ_INSERT_TAIL(&connection->rpc->working, connection, next_working);
	schedule(connection->rpc);
}

// The peer has closed both directions and reads no answers. A connection that was closed right
// after a request gets its first slice in any case.
static bool has_gone(struct rpc_connection *connection)
{
	struct pollfd fd = {.fd = bufferevent_getfd(connection->stream)};

	return connection->served && poll(&fd, 1, 0) == 1 && fd.revents & (POLLHUP | POLLERR);
}

static enum rpc_step slice(struct rpc_connection *connection)
{
	enum rpc_step step;

	if (has_gone(connection))
		return RPC_STEP_CLOSE;
	rpc_memory_failed(); // before, and so not to this one
	connection->rpc->slice_end_us = cpu_us() + RPC_SLICE_US;
	do {
		step = rpc_line_step(connection);
	} while (step == RPC_STEP_MORE && cpu_us() < connection->rpc->slice_end_us);
	connection->served = true;
	rpc_buffer_account(connection);
	return step;
}

// There is no work until the peer reads or sends.
static void rest(struct rpc_connection *connection)
{
	size_t unread = rpc_connection_unread(connection);

	rpc_connection_rest(connection);
	if (unread >= RPC_OUTPUT_HIGH)
		bufferevent_disable(connection->stream, EV_READ);
	else if (!connection->ending)
		bufferevent_enable(connection->stream, EV_READ);
	else if (unread == 0)
		rpc_connection_close(connection);
}

static void turn(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_connection *connection;
	struct rpc *rpc = arg;

	(void)fd;
	(void)what;
	engine_turn(rpc->engine);
	rpc->turn_end_us = cpu_us() + RPC_TURN_US;
	while ((connection = TAILQ_FIRST(&rpc->working)) && cpu_us() < rpc->turn_end_us) {
		enum rpc_step step = slice(connection);

		if (step == RPC_STEP_LATER)
			break;
		if (step == RPC_STEP_CLOSE) {
			rpc_connection_close(connection);
		} else if (step == RPC_STEP_WAIT) {
			rest(connection);
		} else {
			TAILQ_REMOVE(&rpc->working, connection, next_working);
			TAILQ_INSERT_TAIL(&rpc->working, connection, next_working);
		}
	}
	if (!TAILQ_EMPTY(&rpc->working))
		schedule(rpc);
}

int rpc_work_open(struct rpc *rpc)
{
	rpc->work = event_new(rpc->base, -1, 0, turn, rpc);
	return rpc->work ? 0 : -ENOMEM;
}

void rpc_work_close(struct rpc *rpc)
{
	if (rpc->work)
		event_free(rpc->work);
}
