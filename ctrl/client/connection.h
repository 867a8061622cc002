// SPDX-License-Identifier: BSD-3-Clause
// A connection to sluiced's control socket that many threads share: calls with their answers, and
// events. A thread of its own reads; answers come in the order of their requests.
#ifndef CTRL_CONNECTION_H
#define CTRL_CONNECTION_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>

// Called by the reading thread, with a result that lives as long as the call, or a negative errno.
typedef void (*connection_done_fn)(void *arg, int rc, const json_t *result);
typedef void (*connection_event_fn)(void *arg, const json_t *event);
// sluiced has gone, or the connection is being closed; all requests are answered.
typedef void (*connection_lost_fn)(void *arg);

struct connection_request;

struct connection {
	FILE *in; // reading thread only, but for its descriptor
	pthread_t reader;
	connection_event_fn on_event;
	connection_lost_fn on_lost;
	void *arg;
	pthread_mutex_t lock;
	bool lost; // under the lock, as what follows
	TAILQ_HEAD(, connection_request) requests; // sent and not answered, oldest first
};

// -ENOENT, -ECONNREFUSED: nobody answers there.
int connection_open(struct connection *connection, const char *path, connection_event_fn on_event,
	connection_lost_fn on_lost, void *arg);
// No thread may be in a call.
void connection_close(struct connection *connection);

// Sends a request and returns; done() follows if that succeeded. Takes `params` over, which may be
// NULL for a lack of memory. -EPIPE when sluiced has gone.
int connection_post(struct connection *connection, const char *method, json_t *params,
	connection_done_fn done, void *arg);

bool connection_is_lost(struct connection *connection);

// Sends a request and waits. The result, if wanted, is the caller's to free.
int connection_call(
	struct connection *connection, const char *method, json_t *params, json_t **result);

#endif
