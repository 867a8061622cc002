// SPDX-License-Identifier: BSD-3-Clause
// Accepts connections, a few per turn. Some places and the last descriptors are for operators only,
// so that no number of other clients keeps them out.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"
#include "log.h"
#include "rpc_private.h"

enum {
	CONNECTIONS_MAX = 1024,
	CONNECTIONS_KEPT = 32, // of them, for operators
	ACCEPTED_MAX = 8, // per turn
	PAUSE_MS = 100, // without accepting, after descriptors ran out
};

// ---- Callbacks of a connection -------------------------------------------------------------

static void on_read(struct bufferevent *stream, void *arg)
{
	(void)stream;
	rpc_work_add(arg);
}

static void on_drained(struct bufferevent *stream, void *arg)
{
	struct rpc_connection *connection = arg;

	rpc_event_flush(connection);
	rpc_buffer_account(connection);
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

// ---- Accepting -----------------------------------------------------------------------------

// Sends the client the reason, if it can be sent without waiting, and takes over the descriptor.
__attribute__((format(printf, 3, 4))) static void refuse(
	evutil_socket_t fd, int code, const char *format, ...)
{
	struct evbuffer *line = evbuffer_new();
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_limited(LOG_LEVEL_WARNING, "control socket: %s", text);
	if (line) {
		size_t len;

		rpc_call_write_error(line, NULL, -code, text);
		evbuffer_add(line, "\n", 1);
		len = evbuffer_get_length(line);
		if (send(fd, evbuffer_pullup(line, -1), len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_debug("control socket: a refused client does not read");
		evbuffer_free(line);
	}
	close(fd);
}

static int open_connection(
	struct rpc_listener *listener, evutil_socket_t fd, const struct rpc_peer *peer)
{
	struct rpc_connection *connection = calloc(1, sizeof(*connection));
	struct rpc *rpc = listener->rpc;

	if (!connection)
		return -ENOMEM;
	connection->stream = bufferevent_socket_new(rpc->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!connection->stream) {
		free(connection);
		return -ENOMEM;
	}
	connection->rpc = rpc;
	connection->number = ++rpc->n_accepted;
	connection->peer = *peer;
	connection->active_ms = engine_now_ms();
	connection->read_only = listener->read_only;
	LIST_INSERT_HEAD(&rpc->connections, connection, next);
	rpc->n_connections++;
	bufferevent_setcb(connection->stream, on_read, on_drained, on_event, connection);
	bufferevent_setwatermark(connection->stream, EV_READ, 0, RPC_LINE_MAX);
	bufferevent_setwatermark(connection->stream, EV_WRITE, RPC_OUTPUT_HIGH / 4, 0);
	bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
	return 0;
}

static unsigned count_connections(const struct rpc *rpc, uid_t uid)
{
	const struct rpc_connection *connection;
	unsigned n = 0;

	LIST_FOREACH (connection, &rpc->connections, next)
		n += connection->peer.uid == uid;
	return n;
}

static void admit(struct rpc_listener *listener, evutil_socket_t fd)
{
	struct rpc *rpc = listener->rpc;
	const unsigned quota = rpc->control.quotas.connections;
	struct rpc_peer peer;
	unsigned max = CONNECTIONS_MAX;

	if (rpc_peer_read(fd, &rpc->control, &peer) < 0) {
		close(fd);
		return;
	}
	if (!peer.operates)
		max -= CONNECTIONS_KEPT;
	if (rpc->n_connections >= max)
		refuse(fd, EMFILE, "%u clients are connected, one of user %u is refused",
			rpc->n_connections, peer.uid);
	else if (!peer.operates && descriptor_is_kept(fd))
		refuse(fd, EMFILE, "the limit of open files is reached, user %u is refused",
			peer.uid);
	else if (!peer.operates && count_connections(rpc, peer.uid) >= quota)
		refuse(fd, EDQUOT,
			"user %u has %u connections and may have no more, see control.quotas",
			peer.uid, quota);
	else if (open_connection(listener, fd, &peer) < 0)
		refuse(fd, ENOMEM, "out of memory, user %u is refused", peer.uid);
}

static void pause_listening(struct rpc_listener *listener, int code)
{
	static const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};

	log_limited(LOG_LEVEL_ERROR, "control socket: clients have to wait: %s: %s",
		error_name(code), strerror(code));
	event_del(listener->ready);
	event_add(listener->resume, &pause);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_listener *listener = arg;

	(void)what;
	for (unsigned i = 0; i < ACCEPTED_MAX; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			admit(listener, client);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			// The connection still waits, and would wake the loop again at once.
			pause_listening(listener, errno);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct rpc_listener *listener = arg;

	(void)fd;
	(void)what;
	event_add(listener->ready, NULL);
}

// ---- Life ----------------------------------------------------------------------------------

int rpc_listener_open(struct rpc_listener *listener, struct rpc *rpc, const char *path,
	const struct socket_file_access *access, struct error *error)
{
	*listener = (struct rpc_listener){.rpc = rpc, .path = strdup(path), .fd = -1};
	if (!listener->path)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	listener->fd = rpc_socket_open(path, access, &listener->file, error);
	return listener->fd < 0 ? listener->fd : 0;
}

int rpc_listener_start(struct rpc_listener *listener, struct error *error)
{
	struct event_base *base = listener->rpc->base;

	listener->ready = event_new(base, listener->fd, EV_READ | EV_PERSIST, on_ready, listener);
	listener->resume = event_new(base, -1, 0, on_resume, listener);
	if (!listener->ready || !listener->resume || event_add(listener->ready, NULL) < 0)
		return error_set(error, ENOMEM, "%s: out of memory", listener->path);
	return 0;
}

void rpc_listener_close(struct rpc_listener *listener)
{
	if (listener->ready)
		event_free(listener->ready);
	if (listener->resume)
		event_free(listener->resume);
	if (listener->fd >= 0) {
		rpc_socket_remove(listener->path, &listener->file);
		close(listener->fd);
	}
	free(listener->path);
}
