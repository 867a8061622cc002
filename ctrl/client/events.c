// SPDX-License-Identifier: BSD-3-Clause
#include "events.h"
#include <search.h>
#include <stdlib.h>

enum events_join_state { JOIN_REQUESTED, JOIN_PENDING, JOIN_JOINED };

struct events_join {
	TAILQ_ENTRY(events_join) next;
	uint64_t id;
	struct sluice_addr source; // family 0: any
	void *context;
	enum events_join_state state;
	struct event_list reserve; // for its events up to JOINED or ERROR
};

struct events_membership {
	struct events_key key; // must be first: the tree compares it
	TAILQ_HEAD(, events_join) joins; // oldest first
};

static void free_join(struct events_join *join)
{
	event_queue_release(&join->reserve);
	free(join);
}

static void free_membership(void *node)
{
	struct events_membership *membership = node;
	struct events_join *join;

	while ((join = TAILQ_FIRST(&membership->joins)) != NULL) {
		TAILQ_REMOVE(&membership->joins, join, next);
		free_join(join);
	}
	free(membership);
}

int events_init(struct events *events)
{
	events->memberships = NULL;
	return event_queue_init(&events->queue);
}

void events_fini(struct events *events)
{
	tdestroy(events->memberships, free_membership);
	event_queue_fini(&events->queue);
}

static void lock(struct events *events)
{
	pthread_mutex_lock(&events->queue.lock);
}

static void unlock(struct events *events)
{
	pthread_mutex_unlock(&events->queue.lock);
}

// ---- Under the lock ------------------------------------------------------------------------

// `join` is NULL if it concerns no asynchronous join.
static void put(struct events *events, const struct events_key *key, enum sluice_event_kind kind,
	int status, struct events_join *join)
{
	const struct sluice_event event = {
		.kind = kind,
		.status = status,
		.ifindex = key->ifindex,
		.group = key->group,
		.context = join != NULL ? join->context : NULL,
	};

	event_queue_put(&events->queue, &event, join != NULL ? &join->reserve : NULL);
}

static int compare_keys(const void *a, const void *b)
{
	const struct events_key *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return memcmp(&x->group, &y->group, sizeof(x->group));
}

static struct events_membership *find_membership(
	const struct events *events, const struct events_key *key)
{
	struct events_membership *const *found = tfind(key, &events->memberships, compare_keys);

	return found != NULL ? *found : NULL;
}

static struct events_membership *make_membership(
	struct events *events, const struct events_key *key)
{
	struct events_membership *membership = find_membership(events, key);

	if (membership != NULL)
		return membership;
	membership = malloc(sizeof(*membership));
	if (membership == NULL)
		return NULL;
	membership->key = *key;
	TAILQ_INIT(&membership->joins);
	if (tsearch(membership, &events->memberships, compare_keys) == NULL) {
		free(membership);
		return NULL;
	}
	return membership;
}

static struct events_join *find_join(const struct events_membership *membership, uint64_t id)
{
	struct events_join *join;

	if (membership == NULL)
		return NULL;
	TAILQ_FOREACH (join, &membership->joins, next)
		if (join->id == id)
			return join;
	return NULL;
}

static void remove_join(
	struct events *events, struct events_membership *membership, struct events_join *join)
{
	TAILQ_REMOVE(&membership->joins, join, next);
	free_join(join);
	if (TAILQ_EMPTY(&membership->joins)) {
		tdelete(membership, &events->memberships, compare_keys);
		free(membership);
	}
}

// Adds the events of a join up to `state` that were not added before.
static void advance(struct events *events, const struct events_key *key, struct events_join *join,
	enum events_join_state state)
{
	if (join->state == JOIN_REQUESTED) {
		join->state = JOIN_PENDING;
		put(events, key, SLUICE_EVENT_PENDING, 0, join);
	}
	if (join->state == JOIN_PENDING && state == JOIN_JOINED) {
		join->state = JOIN_JOINED;
		put(events, key, SLUICE_EVENT_JOINED, 0, join);
	}
}

// ---- Asynchronous joins --------------------------------------------------------------------

uint64_t events_join_start(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, void *context)
{
	struct events_join *join = calloc(1, sizeof(*join));
	struct events_membership *membership;
	uint64_t id = 0;

	if (join == NULL)
		return 0;
	if (event_queue_reserve(&join->reserve, 2) < 0) {
		free(join);
		return 0;
	}
	join->context = context;
	if (source != NULL)
		join->source = *source;
	lock(events);
	events->queue.wanted = true;
	membership = make_membership(events, key);
	if (membership != NULL) {
		id = join->id = ++events->queue.last_id;
		TAILQ_INSERT_TAIL(&membership->joins, join, next);
	}
	unlock(events);
	if (membership == NULL)
		free_join(join);
	return id;
}

void events_join_done(struct events *events, const struct events_key *key, uint64_t id, bool joined)
{
	struct events_join *join;

	lock(events);
	join = find_join(find_membership(events, key), id);
	if (join != NULL)
		advance(events, key, join, joined ? JOIN_JOINED : JOIN_PENDING);
	unlock(events);
}

void events_join_failed(
	struct events *events, const struct events_key *key, uint64_t id, int status)
{
	struct events_membership *membership;
	struct events_join *join;

	lock(events);
	membership = find_membership(events, key);
	join = find_join(membership, id);
	if (join != NULL) {
		put(events, key, SLUICE_EVENT_ERROR, status, join);
		remove_join(events, membership, join);
	}
	unlock(events);
}

void events_join_cancel(struct events *events, const struct events_key *key, uint64_t id)
{
	struct events_membership *membership;
	struct events_join *join;

	lock(events);
	membership = find_membership(events, key);
	join = find_join(membership, id);
	if (join != NULL)
		remove_join(events, membership, join);
	unlock(events);
}

static bool is_from(const struct events_join *join, const struct sluice_addr *source)
{
	return source != NULL ? sluice_addr_equal(&join->source, source) : join->source.family == 0;
}

// A leave or a notice cannot concern a join that was not carried out yet.
void events_join_forget(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, unsigned keep)
{
	struct events_membership *membership;
	struct events_join *join, *next;

	lock(events);
	membership = find_membership(events, key);
	for (join = membership != NULL ? TAILQ_FIRST(&membership->joins) : NULL; join != NULL;
		join = next) {
		next = TAILQ_NEXT(join, next);
		if (join->state == JOIN_REQUESTED || !is_from(join, source))
			continue;
		if (keep > 0)
			keep--;
		else
			remove_join(events, membership, join);
	}
	unlock(events);
}

// ---- Notices -------------------------------------------------------------------------------

// Returns whether the join got the event.
static bool notify(struct events *events, struct events_membership *membership,
	struct events_join *join, enum sluice_event_kind kind, int status)
{
	struct events_key key = membership->key; // outlives the membership

	if (kind == SLUICE_EVENT_PENDING) {
		advance(events, &key, join, JOIN_PENDING);
		return true;
	}
	if (join->state == JOIN_REQUESTED)
		return false;
	if (kind == SLUICE_EVENT_JOINED) {
		advance(events, &key, join, JOIN_JOINED);
		return true;
	}
	put(events, &key, kind, status, join);
	if (kind == SLUICE_EVENT_LEFT)
		remove_join(events, membership, join);
	return true;
}

void events_notice(struct events *events, const struct events_key *key, enum sluice_event_kind kind,
	int status)
{
	struct events_membership *membership;
	struct events_join *join, *next;
	bool notified = false;

	lock(events);
	membership = find_membership(events, key);
	for (join = membership != NULL ? TAILQ_FIRST(&membership->joins) : NULL; join != NULL;
		join = next) {
		next = TAILQ_NEXT(join, next);
		notified |= notify(events, membership, join, kind, status);
		// One join creates a membership. The others get the event when they are carried
		// out.
		if (notified && kind == SLUICE_EVENT_PENDING)
			break;
	}
	if (!notified)
		put(events, key, kind, status, NULL);
	unlock(events);
}

struct loss {
	struct events *events;
	int status;
};

static void lose_joins(const void *node, VISIT visit, void *arg)
{
	struct events_membership *membership = *(struct events_membership *const *)node;
	const struct loss *loss = arg;
	struct events_join *join;

	// An inner node is visited three times.
	if (visit != postorder && visit != leaf)
		return;
	TAILQ_FOREACH (join, &membership->joins, next)
		notify(loss->events, membership, join, SLUICE_EVENT_ERROR, loss->status);
}

void events_lose(struct events *events, int status)
{
	static const struct events_key none;
	struct loss loss = {events, status};

	lock(events);
	twalk_r(events->memberships, lose_joins, &loss);
	put(events, &none, SLUICE_EVENT_ERROR, status, NULL);
	unlock(events);
}
