// SPDX-License-Identifier: BSD-3-Clause
// A connection to sluiced's control socket that many threads share: calls with their answers, and
// events. A thread of its own reads; answers come in the order of their requests.
#ifndef API_LINK_H
#define API_LINK_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>

// Called by the reading thread, with a result that lives as long as the call, or a negative errno.
typedef void (*link_done_fn)(void *arg, int rc, const json_t *result);
typedef void (*link_event_fn)(void *arg, const json_t *event);
// sluiced has gone, or the link is being closed; all requests are answered.
typedef void (*link_lost_fn)(void *arg);

struct link_request;

struct link {
	FILE *in; // reading thread only, but for its descriptor
	pthread_t reader;
	link_event_fn on_event;
	link_lost_fn on_lost;
	void *arg;
	pthread_mutex_t lock;
	bool lost; // under the lock, as what follows
	TAILQ_HEAD(, link_request) requests; // sent and not answered, oldest first
};

// -ENOENT, -ECONNREFUSED: nobody answers there.
int link_open(struct link *link, const char *path, link_event_fn on_event, link_lost_fn on_lost,
	void *arg);
// No thread may be in a call.
void link_close(struct link *link);

// Sends a request and returns; done() follows if that succeeded. Takes `params` over, which may be
// NULL for a lack of memory. -EPIPE when sluiced has gone.
int link_post(struct link *link, const char *method, json_t *params, link_done_fn done, void *arg);

bool link_is_lost(struct link *link);

// Sends a request and waits. The result, if wanted, is the caller's to free.
int link_call(struct link *link, const char *method, json_t *params, json_t **result);

#endif
