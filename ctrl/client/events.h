// SPDX-License-Identifier: BSD-3-Clause
// The events of one session: adds the events of its memberships to the event queue.
//
// Each event of a membership is added once per asynchronous join of it, with the context of the
// join; if there is no such join, once without a context.
//
// Thread rule: any thread. The lock of the queue guards the joins as well.
#ifndef CTRL_EVENTS_H
#define CTRL_EVENTS_H

#include "event_queue.h"

struct events_key { // identifies a membership of the session
	unsigned ifindex;
	struct sluice_addr group;
};

struct events {
	struct event_queue queue;
	void *memberships; // tsearch() tree; those with asynchronous joins; under the lock
};

int events_init(struct events *events);
void events_fini(struct events *events);

// ---- Asynchronous joins --------------------------------------------------------------------

// Call it before the join is requested. `source` is NULL for any source. Returns the id of the
// join, or 0 without memory.
uint64_t events_join_start(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, void *context);
// The join was carried out: adds PENDING and, if `joined`, JOINED, unless events_notice() has.
void events_join_done(
	struct events *events, const struct events_key *key, uint64_t id, bool joined);
// The join failed: adds ERROR and forgets the join.
void events_join_failed(
	struct events *events, const struct events_key *key, uint64_t id, int status);
// The join was not requested: forgets it.
void events_join_cancel(struct events *events, const struct events_key *key, uint64_t id);
// A leave undid joins: forgets the newest joins of that source (NULL: any) beyond `keep`.
void events_join_forget(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, unsigned keep);

// ---- Notices -------------------------------------------------------------------------------

// An event of one membership. `status`: 0 or a negative errno.
void events_notice(struct events *events, const struct events_key *key, enum sluice_event_kind kind,
	int status);
// All memberships are lost: adds ERROR for each join, and one event without interface, group and
// context.
void events_lose(struct events *events, int status);

#endif
