// SPDX-License-Identifier: BSD-3-Clause
// A connection to the control socket of sluiced: requests with their answers, lists in pages, and
// events. JSON-RPC 2.0, one object per line. A thread of the connection reads what sluiced sends;
// sluiced answers the requests of a connection in order.
//
// Thread rule: any thread. Callbacks run on the reading thread, so that a callback must not wait
// for an answer.
#ifndef CTRL_CONNECTION_H
#define CTRL_CONNECTION_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sluice/control.h>

// Called by the reading thread, once per request. `body` is valid during the call: it is the result
// if rc is 0, the error object of a refused request or connection, or NULL with -EPIPE if sluiced
// is gone.
typedef void (*connection_answer_fn)(void *arg, int rc, const json_t *body);
typedef void (*connection_event_fn)(void *arg, const json_t *event);
// sluiced is gone, or the connection is being closed. All requests are answered.
typedef void (*connection_lost_fn)(void *arg);

struct connection_request;

struct connection {
	FILE *in; // reading thread: rw, others: only its descriptor
	char *buffer, *line; // reading thread: rw; of `in`, and the line that is read
	size_t line_room;
	pthread_t reader;
	bool stopped; // the closing thread: rw
	connection_event_fn on_event; // these three: const once open
	connection_lost_fn on_lost;
	void *arg;
	pthread_mutex_t lock;
	bool lost; // under the lock, like the next fields
	TAILQ_HEAD(, connection_request) requests; // sent and not answered, oldest first
	json_t *refusal; // the error with which sluiced refused the connection; NULL: none
};

// Connects to the socket at `path`. -ENOENT or -ECONNREFUSED if no sluiced answers there.
int connection_open(struct connection *connection, const char *path, connection_event_fn on_event,
	connection_lost_fn on_lost, void *arg);
// Closes the connection and ends the reading thread, so that no callback runs any more. Later
// requests fail.
void connection_stop(struct connection *connection);
// Stops the connection unless connection_stop() was called, and frees it. No thread may be in a
// call.
void connection_close(struct connection *connection);

// Sets a parameter of a request. Returns `params`, or NULL if there is no memory for it: then the
// request is not sent, for it would be another one.
json_t *connection_param(json_t *params, const char *name, json_t *value);

// Sends a request and returns. on_answer() is called later if this succeeded. Releases `params`, an
// object, or NULL if the caller had no memory for it. -EPIPE if sluiced is gone, the errno with
// which it refused the connection, -ENOMEM.
int connection_post(struct connection *connection, const char *method, json_t *params,
	connection_answer_fn on_answer, void *arg);

// Sends a request and waits for its answer. The caller releases the result; `result` and `error`
// may be NULL. Returns the errno with which sluiced refused the request, -EPROTO if it has none, or
// an error of connection_post(); then `error` has the reason.
int connection_call(struct connection *connection, const char *method, json_t *params,
	json_t **result, struct sluice_error *error);

// The same for a method that returns a list named `list` in pages. The result has the whole list.
// sluiced serves other clients between two pages.
int connection_call_pages(struct connection *connection, const char *method, const char *list,
	json_t *params, json_t **result, struct sluice_error *error);

bool connection_is_lost(struct connection *connection);

#endif
