// SPDX-License-Identifier: BSD-3-Clause
#include "events.h"
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct events_entry {
	TAILQ_ENTRY(events_entry) next;
	struct sluice_event event;
};

enum watch_state { WATCH_NEW, WATCH_PENDING, WATCH_JOINED };

struct watch {
	TAILQ_ENTRY(watch) next;
	uint64_t id;
	struct sluice_addr source; // family 0: any
	void *context;
	enum watch_state state;
};

struct watched {
	struct events_key key; // first: what the tree compares
	TAILQ_HEAD(watches, watch) watches; // oldest first
};

int events_init(struct events *events)
{
	*events = (struct events){0};
	events->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (events->fd < 0)
		return -errno;
	pthread_mutex_init(&events->lock, NULL);
	pthread_cond_init(&events->acked, NULL);
	TAILQ_INIT(&events->waiting);
	TAILQ_INIT(&events->taken);
	return 0;
}

static void queue_free(struct events_queue *queue)
{
	struct events_entry *entry;

	while ((entry = TAILQ_FIRST(queue)) != NULL) {
		TAILQ_REMOVE(queue, entry, next);
		free(entry);
	}
}

static void watched_free(void *node)
{
	struct watched *watched = node;
	struct watch *watch;

	while ((watch = TAILQ_FIRST(&watched->watches)) != NULL) {
		TAILQ_REMOVE(&watched->watches, watch, next);
		free(watch);
	}
	free(watched);
}

void events_fini(struct events *events)
{
	queue_free(&events->waiting);
	queue_free(&events->taken);
	tdestroy(events->watched, watched_free);
	pthread_cond_destroy(&events->acked);
	pthread_mutex_destroy(&events->lock);
	close(events->fd);
}

static int key_compare(const void *a, const void *b)
{
	const struct events_key *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return memcmp(&x->group, &y->group, sizeof(x->group));
}

// ---- The queue: called under the lock ------------------------------------------------------

static void put(struct events *events, const struct events_key *key, enum sluice_event_kind kind,
	int status, void *context)
{
	struct events_entry *entry = NULL;

	if (!events->wanted)
		return;
	if (events->n_waiting < EVENTS_MAX)
		entry = malloc(sizeof(*entry));
	if (entry == NULL) {
		events->n_lost++;
		return;
	}
	entry->event = (struct sluice_event){
		.kind = kind,
		.status = status,
		.ifindex = key->ifindex,
		.group = key->group,
		.context = context,
		.id = ++events->last_id,
	};
	TAILQ_INSERT_TAIL(&events->waiting, entry, next);
	if (events->n_waiting++ == 0)
		eventfd_write(events->fd, 1);
}

static void unqueue(struct events *events, struct events_entry *entry)
{
	eventfd_t ignored;

	TAILQ_REMOVE(&events->waiting, entry, next);
	if (--events->n_waiting == 0)
		eventfd_read(events->fd, &ignored);
}

static bool of_key(const struct events_entry *entry, const struct events_key *key)
{
	return entry->event.ifindex == key->ifindex &&
	       sluice_addr_equal(&entry->event.group, &key->group);
}

static bool any_taken(const struct events *events, const struct events_key *key)
{
	const struct events_entry *entry;

	TAILQ_FOREACH (entry, &events->taken, next)
		if (of_key(entry, key))
			return true;
	return false;
}

// ---- What the application asks -------------------------------------------------------------

void events_want(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->wanted = true;
	pthread_mutex_unlock(&events->lock);
}

int events_fd(struct events *events)
{
	events_want(events);
	return events->fd;
}

int events_get(struct events *events, struct sluice_event *event)
{
	struct events_entry *entry;

	pthread_mutex_lock(&events->lock);
	entry = TAILQ_FIRST(&events->waiting);
	if (entry != NULL) {
		unqueue(events, entry);
		TAILQ_INSERT_TAIL(&events->taken, entry, next);
		*event = entry->event;
	}
	pthread_mutex_unlock(&events->lock);
	return entry != NULL ? 0 : -EAGAIN;
}

int events_ack(struct events *events, uint64_t id)
{
	struct events_entry *entry;

	pthread_mutex_lock(&events->lock);
	TAILQ_FOREACH (entry, &events->taken, next)
		if (entry->event.id == id)
			break;
	if (entry != NULL) {
		TAILQ_REMOVE(&events->taken, entry, next);
		pthread_cond_broadcast(&events->acked);
	}
	pthread_mutex_unlock(&events->lock);
	free(entry);
	return entry != NULL ? 0 : -ENOENT;
}

void events_drain(struct events *events, const struct events_key *key)
{
	struct events_entry *entry, *next;

	pthread_mutex_lock(&events->lock);
	for (entry = TAILQ_FIRST(&events->waiting); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, next);
		if (of_key(entry, key)) {
			unqueue(events, entry);
			free(entry);
		}
	}
	while (any_taken(events, key))
		pthread_cond_wait(&events->acked, &events->lock);
	pthread_mutex_unlock(&events->lock);
}

uint64_t events_lost(struct events *events)
{
	uint64_t lost;

	pthread_mutex_lock(&events->lock);
	lost = events->n_lost;
	pthread_mutex_unlock(&events->lock);
	return lost;
}

// ---- Watches -------------------------------------------------------------------------------

static struct watched *watched_find(const struct events *events, const struct events_key *key)
{
	struct watched *const *found = tfind(key, &events->watched, key_compare);

	return found != NULL ? *found : NULL;
}

static struct watched *watched_make(struct events *events, const struct events_key *key)
{
	struct watched *watched = watched_find(events, key);

	if (watched != NULL)
		return watched;
	watched = malloc(sizeof(*watched));
	if (watched == NULL)
		return NULL;
	watched->key = *key;
	TAILQ_INIT(&watched->watches);
	if (tsearch(watched, &events->watched, key_compare) == NULL) {
		free(watched);
		return NULL;
	}
	return watched;
}

static void watch_remove(struct events *events, struct watched *watched, struct watch *watch)
{
	TAILQ_REMOVE(&watched->watches, watch, next);
	free(watch);
	if (TAILQ_EMPTY(&watched->watches)) {
		tdelete(watched, &events->watched, key_compare);
		free(watched);
	}
}

static struct watch *watch_find(const struct watched *watched, uint64_t id)
{
	struct watch *watch;

	if (watched == NULL)
		return NULL;
	TAILQ_FOREACH (watch, &watched->watches, next)
		if (watch->id == id)
			return watch;
	return NULL;
}

uint64_t events_watch(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, void *context)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct watched *watched;
	uint64_t id = 0;

	if (watch == NULL)
		return 0;
	watch->context = context;
	if (source != NULL)
		watch->source = *source;
	pthread_mutex_lock(&events->lock);
	events->wanted = true;
	watched = watched_make(events, key);
	if (watched != NULL) {
		id = watch->id = ++events->last_id;
		TAILQ_INSERT_TAIL(&watched->watches, watch, next);
	}
	pthread_mutex_unlock(&events->lock);
	if (watched == NULL)
		free(watch);
	return id;
}

// Tells a watch as much as it has not heard yet.
static void advance(struct events *events, const struct events_key *key, struct watch *watch,
	enum watch_state state)
{
	if (watch->state == WATCH_NEW) {
		watch->state = WATCH_PENDING;
		put(events, key, SLUICE_EVENT_PENDING, 0, watch->context);
	}
	if (watch->state == WATCH_PENDING && state == WATCH_JOINED) {
		watch->state = WATCH_JOINED;
		put(events, key, SLUICE_EVENT_JOINED, 0, watch->context);
	}
}

void events_watch_done(
	struct events *events, const struct events_key *key, uint64_t id, bool joined)
{
	struct watch *watch;

	pthread_mutex_lock(&events->lock);
	watch = watch_find(watched_find(events, key), id);
	if (watch != NULL)
		advance(events, key, watch, joined ? WATCH_JOINED : WATCH_PENDING);
	pthread_mutex_unlock(&events->lock);
}

void events_watch_failed(
	struct events *events, const struct events_key *key, uint64_t id, int status)
{
	struct watched *watched;
	struct watch *watch;

	pthread_mutex_lock(&events->lock);
	watched = watched_find(events, key);
	watch = watch_find(watched, id);
	if (watch != NULL) {
		put(events, key, SLUICE_EVENT_ERROR, status, watch->context);
		watch_remove(events, watched, watch);
	}
	pthread_mutex_unlock(&events->lock);
}

void events_watch_cancel(struct events *events, const struct events_key *key, uint64_t id)
{
	struct watched *watched;
	struct watch *watch;

	pthread_mutex_lock(&events->lock);
	watched = watched_find(events, key);
	watch = watch_find(watched, id);
	if (watch != NULL)
		watch_remove(events, watched, watch);
	pthread_mutex_unlock(&events->lock);
}

static bool of_source(const struct watch *watch, const struct sluice_addr *source)
{
	return source != NULL ? sluice_addr_equal(&watch->source, source)
			      : watch->source.family == 0;
}

// A watch whose join was not done yet is none that a leave or a notice speaks of.
void events_unwatch(struct events *events, const struct events_key *key,
	const struct sluice_addr *source, unsigned keep)
{
	struct watch *watch, *next;
	struct watched *watched;

	pthread_mutex_lock(&events->lock);
	watched = watched_find(events, key);
	for (watch = watched != NULL ? TAILQ_FIRST(&watched->watches) : NULL; watch != NULL;
		watch = next) {
		next = TAILQ_NEXT(watch, next);
		if (watch->state == WATCH_NEW || !of_source(watch, source))
			continue;
		if (keep > 0)
			keep--;
		else
			watch_remove(events, watched, watch);
	}
	pthread_mutex_unlock(&events->lock);
}

// ---- Notices -------------------------------------------------------------------------------

// Returns whether the watch was told.
static bool tell(struct events *events, struct watched *watched, struct watch *watch,
	enum sluice_event_kind kind, int status)
{
	struct events_key key = watched->key;

	if (kind == SLUICE_EVENT_PENDING) {
		if (watch->state == WATCH_NEW)
			advance(events, &key, watch, WATCH_PENDING);
		return true;
	}
	if (watch->state == WATCH_NEW)
		return false;
	if (kind == SLUICE_EVENT_JOINED) {
		advance(events, &key, watch, WATCH_JOINED);
		return true;
	}
	put(events, &key, kind, status, watch->context);
	if (kind == SLUICE_EVENT_LEFT)
		watch_remove(events, watched, watch);
	return true;
}

void events_notice(struct events *events, const struct events_key *key, enum sluice_event_kind kind,
	int status)
{
	struct watch *watch, *next;
	struct watched *watched;
	bool told = false;

	pthread_mutex_lock(&events->lock);
	watched = watched_find(events, key);
	for (watch = watched != NULL ? TAILQ_FIRST(&watched->watches) : NULL; watch != NULL;
		watch = next) {
		next = TAILQ_NEXT(watch, next);
		told |= tell(events, watched, watch, kind, status);
		// A new membership is one join's doing.
		if (told && kind == SLUICE_EVENT_PENDING)
			break;
	}
	if (!told)
		put(events, key, kind, status, NULL);
	pthread_mutex_unlock(&events->lock);
}

struct loss {
	struct events *events;
	int status;
};

static void lose_watches(const void *node, VISIT visit, void *arg)
{
	struct watched *watched = *(struct watched *const *)node;
	const struct loss *loss = arg;
	struct watch *watch;

	// An inner node is visited three times.
	if (visit != postorder && visit != leaf)
		return;
	TAILQ_FOREACH (watch, &watched->watches, next)
		tell(loss->events, watched, watch, SLUICE_EVENT_ERROR, loss->status);
}

void events_lose(struct events *events, int status)
{
	static const struct events_key none;
	struct loss loss = {events, status};

	pthread_mutex_lock(&events->lock);
	twalk_r(events->watched, lose_watches, &loss);
	put(events, &none, SLUICE_EVENT_ERROR, status, NULL);
	pthread_mutex_unlock(&events->lock);
}
