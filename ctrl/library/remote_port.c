// SPDX-License-Identifier: BSD-3-Clause
#include "remote_port.h"
#include <errno.h>
#include <stdlib.h>
#include <rte_common.h>

enum { PORT_FRAMES = 4096 }; // of a port's lines together, unless one wants more

struct remote_port {
	LIST_ENTRY(remote_port) next;
	struct share_port *share;
	char *path; // of the port's socket
	unsigned n_left; // frames there is room for
	LIST_HEAD(, remote_session) sessions;
};

static LIST_HEAD(, remote_port) ports = LIST_HEAD_INITIALIZER(ports);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // guards ports and what is in them

// A port's sessions are all on the same sluiced, which has gone for all of them or for none.
static bool is_of(const struct remote_port *port, struct remote_session *session)
{
	struct remote_session *first = LIST_FIRST(&port->sessions);

	return strcmp(first->socket, session->socket) == 0 &&
	       !connection_is_lost(&first->connection);
}

static int ask(struct remote_session *session, const char *path, json_t **result)
{
	json_t *params = json_pack("{s:I, s:i, s:s*}", "session", session->id, "ring_size",
		session->session.ring_size, "socket", path);

	return connection_call(&session->connection, "session.attach", params, result);
}

static int open_line(struct remote_session *session, struct remote_port *port, const json_t *result)
{
	const json_t *number = json_object_get(result, "line");
	int rc;

	if (!json_is_integer(number))
		return -EPROTO;
	rc = share_queue_open(port->share, json_integer_value(number), session->session.ring_size,
		&session->line);
	if (rc < 0)
		return rc;
	session->port = port;
	port->n_left -= session->session.ring_size;
	LIST_INSERT_HEAD(&port->sessions, session, of_port);
	return 0;
}

// -ENOENT or -ENOBUFS if no port has room.
static int attach_to_old(struct remote_session *session)
{
	struct remote_port *port;
	json_t *result;
	int rc = -ENOENT;

	LIST_FOREACH (port, &ports, next) {
		if (port->n_left < session->session.ring_size || !is_of(port, session))
			continue;
		rc = ask(session, port->path, &result);
		if (rc == -ENOENT || rc == -ENOBUFS)
			continue;
		if (rc < 0)
			return rc;
		rc = open_line(session, port, result);
		json_decref(result);
		return rc;
	}
	return rc;
}

static void close_unused(struct remote_port *port)
{
	if (!LIST_EMPTY(&port->sessions))
		return;
	LIST_REMOVE(port, next);
	share_port_close(port->share);
	free(port->path);
	free(port);
}

static int open_port(
	struct remote_session *session, const json_t *result, struct remote_port **port)
{
	const char *path = json_string_value(json_object_get(result, "socket"));
	struct remote_port *new;
	int rc;

	if (path == NULL)
		return -EPROTO;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	new->n_left = RTE_MAX(session->session.ring_size, (unsigned)PORT_FRAMES);
	new->path = strdup(path);
	rc = new->path == NULL ? -ENOMEM : share_port_open(path, new->n_left, &new->share);
	if (rc < 0) {
		free(new->path);
		free(new);
		return rc;
	}
	LIST_INIT(&new->sessions);
	LIST_INSERT_HEAD(&ports, new, next);
	*port = new;
	return 0;
}

static int attach_to_new(struct remote_session *session)
{
	struct remote_port *port;
	json_t *result;
	int rc;

	rc = ask(session, NULL, &result);
	if (rc < 0)
		return rc;
	rc = open_port(session, result, &port);
	if (rc == 0) {
		rc = open_line(session, port, result);
		close_unused(port);
	}
	json_decref(result);
	return rc;
}

int remote_port_attach(struct remote_session *session)
{
	int rc;

	// Under the lock, so that the port which sluiced is asked for does not go away.
	pthread_mutex_lock(&lock);
	rc = attach_to_old(session);
	if (rc == -ENOENT || rc == -ENOBUFS)
		rc = attach_to_new(session);
	pthread_mutex_unlock(&lock);
	return rc;
}

void remote_port_detach(struct remote_session *session)
{
	if (session->port == NULL)
		return;
	pthread_mutex_lock(&lock);
	share_queue_close(session->line);
	session->port->n_left += session->session.ring_size;
	LIST_REMOVE(session, of_port);
	close_unused(session->port);
	pthread_mutex_unlock(&lock);
}
