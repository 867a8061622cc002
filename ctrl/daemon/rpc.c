// SPDX-License-Identifier: BSD-3-Clause
// Connections of the control socket: lines in, answers out, and what a connection leaves behind.
#include "rpc_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES (1u << 20)
// A client that does not read its answers is not read from either.
#define OUTPUT_HIGH_BYTES (1u << 20)
// Below the usual limit of open files, which would hit ports and configuration as well.
#define CONNECTIONS_MAX 256

static void connection_close(struct rpc_connection *connection)
{
	LIST_REMOVE(connection, next);
	connection->rpc->n_connections--;
	rpc_connection_close_sessions(connection);
	rpc_group_list_end(connection);
	bufferevent_free(connection->stream);
	free(connection);
}

static size_t output_length(const struct rpc_connection *connection)
{
	return evbuffer_get_length(bufferevent_get_output(connection->stream));
}

static void end(struct rpc_connection *connection)
{
	connection->ending = true;
	bufferevent_disable(connection->stream, EV_READ);
	if (output_length(connection) == 0)
		connection_close(connection);
}

// Answers the lines that are complete, as far as the client reads the answers.
static void answer_lines(struct rpc_connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);

	while (output_length(connection) < OUTPUT_HIGH_BYTES) {
		size_t len;
		char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);

		if (!line)
			break;
		if (len > 0)
			rpc_call_answer(connection, line, len);
		free(line);
	}
	if (output_length(connection) >= OUTPUT_HIGH_BYTES) {
		bufferevent_disable(connection->stream, EV_READ);
	} else if (evbuffer_get_length(input) >= LINE_MAX_BYTES) {
		rpc_call_refuse(connection, RPC_PARSE_ERROR, "a line longer than 1 MiB");
		end(connection);
	}
}

static void on_read(struct bufferevent *stream, void *arg)
{
	(void)stream;
	answer_lines(arg);
}

static void on_drained(struct bufferevent *stream, void *arg)
{
	struct rpc_connection *connection = arg;

	if (connection->ending) {
		connection_close(connection);
	} else if (!(bufferevent_get_enabled(stream) & EV_READ)) {
		bufferevent_enable(stream, EV_READ);
		answer_lines(connection);
	}
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	// A client may shut down its side and still read what it is owed.
	if (what & BEV_EVENT_EOF)
		end(arg);
	else
		connection_close(arg);
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
	bufferevent_setwatermark(connection->stream, EV_READ, 0, LINE_MAX_BYTES);
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

	if (!rpc)
		goto out_of_memory;
	rpc->path = strdup(path);
	if (!rpc->path)
		goto out_of_memory;
	rpc->base = base;
	LIST_INIT(&rpc->connections);
	rpc->fd = rpc_socket_open(path, &rpc->file, error);
	if (rpc->fd >= 0)
		return rpc;
	free(rpc->path);
	free(rpc);
	return NULL;

out_of_memory:
	free(rpc);
	error_set(error, ENOMEM, "control socket: out of memory");
	return NULL;
}

int rpc_serve(struct rpc *rpc, struct engine *engine, struct error *error)
{
	unsigned n_swept = engine_share_sweep(rpc->path); // the path is this process's

	if (n_swept > 0)
		log_info("removed %u memif sockets of a daemon that was killed", n_swept);
	if (engine_event_listen(engine, rpc_event_tell, rpc) < 0)
		return error_set(error, ENOMEM, "control socket: out of memory");
	// The socket listens already, which backlog 0 says.
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
		connection_close(connection);
	free(rpc->path);
	free(rpc);
}
