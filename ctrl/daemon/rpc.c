// SPDX-License-Identifier: BSD-3-Clause
// Connections of the control socket: lines in, answers out.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

// Below the usual limit of open files, which also applies to ports and configuration files.
#define CONNECTIONS_MAX 256

static void on_read(struct bufferevent *stream, void *arg)
{
	(void)stream;
	rpc_work_add(arg);
}

static void on_drained(struct bufferevent *stream, void *arg)
{
	struct rpc_connection *connection = arg;

	rpc_event_flush(connection);
	if (connection->line.text || connection->ending ||
		!(bufferevent_get_enabled(stream) & EV_READ))
		rpc_work_add(connection);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct rpc_connection *connection = arg;

	// A client may shut down its side of the connection and still read the pending answers.
	if (what & BEV_EVENT_EOF) {
		connection->ending = true;
		bufferevent_disable(stream, EV_READ);
		rpc_work_add(connection);
	} else {
		rpc_connection_close(connection);
	}
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
	int len, void *arg)
{
	struct rpc *rpc = arg;
	struct rpc_connection *connection;

	(void)listener;
	(void)addr;
	(void)len;
	if (rpc->n_connections == CONNECTIONS_MAX) {
		log_warning("control socket: %u clients are connected, one more is refused",
			CONNECTIONS_MAX);
		close(fd);
		return;
	}
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		goto close_fd;
	connection->stream = bufferevent_socket_new(rpc->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!connection->stream)
		goto free_connection;
	connection->rpc = rpc;
	LIST_INSERT_HEAD(&rpc->connections, connection, next);
	rpc->n_connections++;
	bufferevent_setcb(connection->stream, on_read, on_drained, on_event, connection);
	bufferevent_setwatermark(connection->stream, EV_READ, 0, RPC_LINE_MAX);
	bufferevent_setwatermark(connection->stream, EV_WRITE, RPC_OUTPUT_HIGH / 4, 0);
	bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
	return;

free_connection:
	free(connection);
close_fd:
	log_error("control socket: out of memory, a client is refused");
	close(fd);
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	(void)arg;
	log_error("control socket: %s", strerror(errno));
}

struct rpc *rpc_open(const char *path, struct event_base *base, struct error *error)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));

	rpc_memory_watch();
	if (!rpc)
		goto out_of_memory;
	rpc->path = strdup(path);
	if (!rpc->path)
		goto out_of_memory;
	rpc->base = base;
	LIST_INIT(&rpc->connections);
	TAILQ_INIT(&rpc->working);
	if (rpc_work_open(rpc) < 0)
		goto out_of_memory;
	rpc->fd = rpc_socket_open(path, &rpc->file, error);
	if (rpc->fd >= 0)
		return rpc;
	goto free_rpc;

out_of_memory:
	error_set(error, ENOMEM, "control socket: out of memory");
free_rpc:
	if (rpc) {
		rpc_work_close(rpc);
		free(rpc->path);
	}
	free(rpc);
	return NULL;
}

int rpc_serve(struct rpc *rpc, struct engine *engine, struct error *error)
{
	unsigned n_swept = engine_share_sweep(rpc->path); // the path is this process's

	if (n_swept > 0)
		log_info("removed %u memif sockets of a daemon that was killed", n_swept);
	if (engine_event_listen(engine, rpc_event_tell, rpc) < 0)
		return error_set(error, ENOMEM, "control socket: out of memory");
	// Backlog 0: the socket is listening already.
	rpc->listener =
		evconnlistener_new(rpc->base, on_accept, rpc, LEV_OPT_CLOSE_ON_FREE, 0, rpc->fd);
	if (!rpc->listener) {
		engine_event_unlisten(engine, rpc_event_tell, rpc);
		return error_set(error, ENOMEM, "control socket: out of memory");
	}
	rpc->fd = -1;
	rpc->engine = engine;
	evconnlistener_set_error_cb(rpc->listener, on_accept_error);
	return 0;
}

void rpc_close(struct rpc *rpc)
{
	struct rpc_connection *connection;

	rpc_socket_remove(rpc->path, &rpc->file);
	if (rpc->listener)
		evconnlistener_free(rpc->listener);
	else
		close(rpc->fd);
	if (rpc->engine)
		engine_event_unlisten(rpc->engine, rpc_event_tell, rpc);
	while ((connection = LIST_FIRST(&rpc->connections)))
		rpc_connection_close(connection);
	rpc_work_close(rpc);
	free(rpc->path);
	free(rpc);
}
