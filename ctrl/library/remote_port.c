// SPDX-License-Identifier: BSD-3-Clause
#include "remote_port.h"
#include <errno.h>
#include <stdlib.h>
#include <rte_common.h>

enum { PORT_FRAMES = 4096 }; // of all queues of a port, unless one needs more

struct remote_port {
	LIST_ENTRY(remote_port) next;
	struct share_port *share;
	char *path; // of the memif socket
	unsigned n_left; // frames there is room for
	LIST_HEAD(, remote_queue) queues;
};

static LIST_HEAD(, remote_port) ports = LIST_HEAD_INITIALIZER(ports);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // guards ports and what is in them

// The sessions of a port are all on the same sluiced, which is gone for all of them or for none.
static bool serves(const struct remote_port *port, const struct client *client)
{
	struct client *first = LIST_FIRST(&port->queues)->client;

	return strcmp(first->path, client->path) == 0 && !connection_is_lost(&first->connection);
}

static int ask(const struct remote_queue *queue, const char *path, json_t **result)
{
	json_t *params = client_params(queue->client);

	params = connection_param(params, "ring_size", json_integer(queue->size));
	if (path != NULL)
		params = connection_param(params, "socket", json_string(path));
	return client_call(queue->client, "session.attach", params, result);
}

static int open_queue(struct remote_queue *queue, struct remote_port *port, const json_t *result)
{
	const json_t *number = json_object_get(result, "line");
	int rc;

	if (!json_is_integer(number))
		return -EPROTO;
	rc = share_port_queue_open(
		port->share, json_integer_value(number), queue->size, &queue->share);
	if (rc < 0)
		return rc;
	queue->port = port;
	port->n_left -= queue->size;
	LIST_INSERT_HEAD(&port->queues, queue, next);
	return 0;
}

// -ENOENT or -ENOBUFS if no port has room.
static int attach_to_old(struct remote_queue *queue)
{
	struct remote_port *port;
	json_t *result;
	int rc = -ENOENT;

	LIST_FOREACH (port, &ports, next) {
		if (port->n_left < queue->size || !serves(port, queue->client))
			continue;
		rc = ask(queue, port->path, &result);
		if (rc == -ENOENT || rc == -ENOBUFS)
			continue;
		if (rc < 0)
			return rc;
		rc = open_queue(queue, port, result);
		json_decref(result);
		return rc;
	}
	return rc;
}

static void close_unused(struct remote_port *port)
{
	if (!LIST_EMPTY(&port->queues))
		return;
	LIST_REMOVE(port, next);
	share_port_close(port->share);
	free(port->path);
	free(port);
}

static int open_port(
	const struct remote_queue *queue, const json_t *result, struct remote_port **port)
{
	const char *path = json_string_value(json_object_get(result, "socket"));
	struct remote_port *new;
	int rc;

	if (path == NULL)
		return -EPROTO;
	new = calloc(1, sizeof(*new));
	if (new == NULL)
		return -ENOMEM;
	new->n_left = RTE_MAX(queue->size, (unsigned)PORT_FRAMES);
	new->path = strdup(path);
	rc = new->path == NULL ? -ENOMEM : share_port_open(path, new->n_left, &new->share);
	if (rc < 0) {
		free(new->path);
		free(new);
		return rc;
	}
	LIST_INIT(&new->queues);
	LIST_INSERT_HEAD(&ports, new, next);
	*port = new;
	return 0;
}

static int attach_to_new(struct remote_queue *queue)
{
	struct remote_port *port;
	json_t *result;
	int rc;

	rc = ask(queue, NULL, &result);
	if (rc < 0)
		return rc;
	rc = open_port(queue, result, &port);
	if (rc == 0) {
		rc = open_queue(queue, port, result);
		close_unused(port);
	}
	json_decref(result);
	return rc;
}

int remote_port_attach(struct remote_queue *queue, struct client *client, unsigned size)
{
	int rc;

	queue->client = client;
	queue->size = size;
	// Under the lock, so that the requested port of sluiced stays open.
	pthread_mutex_lock(&lock);
	rc = attach_to_old(queue);
	if (rc == -ENOENT || rc == -ENOBUFS)
		rc = attach_to_new(queue);
	pthread_mutex_unlock(&lock);
	return rc;
}

void remote_port_detach(struct remote_queue *queue)
{
	if (queue->port == NULL)
		return;
	pthread_mutex_lock(&lock);
	share_port_queue_close(queue->share);
	queue->port->n_left += queue->size;
	LIST_REMOVE(queue, next);
	close_unused(queue->port);
	pthread_mutex_unlock(&lock);
}
