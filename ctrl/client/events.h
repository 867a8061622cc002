// SPDX-License-Identifier: BSD-3-Clause
// The events of one session: a bounded queue with a descriptor that polls readable, and the
// asynchronous joins that wait for theirs.
//
// A watch is one asynchronous join. What happens to a membership is told once with the context of
// each of its watches; if it has none, once without a context.
//
// Thread rule: any thread; one lock guards a session's events.
#ifndef CTRL_EVENTS_H
#define CTRL_EVENTS_H

#include <pthread.h>
#include <sys/queue.h>
#include <sluice/control.h>

#define EVENTS_MAX (1u << 18) // that wait to be taken; further ones are lost, and counted

struct events_key { // whose membership of the session
	unsigned ifindex;
	struct sluice_addr group;
};

struct events_entry;
TAILQ_HEAD(events_queue, events_entry);

struct events {
	pthread_mutex_t lock;
	pthread_cond_t acked;
	bool wanted; // all below: under the lock
	int fd;
	struct events_queue waiting, taken;
	unsigned n_waiting;
	uint64_t last_id;
	uint64_t n_lost;
	void *watched; // tsearch() tree of the memberships with watches
};

int events_init(struct events *events);
void events_fini(struct events *events);

// ---- What the application asks -------------------------------------------------------------

int events_fd(struct events *events);
// Events are kept from now on.
void events_want(struct events *events);
int events_get(struct events *events, struct sluice_event *event);
int events_ack(struct events *events, uint64_t id);
void events_drain(struct events *events, const struct events_key *key);
uint64_t events_lost(struct events *events);

// ---- What the backend tells ----------------------------------------------------------------

// Before the join is asked for; `source` NULL: any. Returns the watch's id, or 0 without memory.
uint64_t events_watch(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, void *context);
// The join was done: PENDING and, if `joined`, JOINED, unless a notice brought them already.
void events_watch_done(
	struct events *events, const struct events_key *key, uint64_t id, bool joined);
// The join failed: ERROR, and the watch is gone.
void events_watch_failed(
	struct events *events, const struct events_key *key, uint64_t id, int status);
// The join was not asked for after all.
void events_watch_cancel(struct events *events, const struct events_key *key, uint64_t id);
// A leave undid joins: forgets the newest watches of that source (NULL: any) beyond `keep`.
void events_unwatch(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, unsigned keep);

// What happened to the membership.
void events_notice(struct events *events, const struct events_key *key, enum sluice_event_kind kind,
	int status);
// What all memberships came from is gone: ERROR for each watch, and one without group or context.
void events_lose(struct events *events, int status);

#endif
