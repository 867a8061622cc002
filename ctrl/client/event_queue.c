// SPDX-License-Identifier: BSD-3-Clause
#include "event_queue.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct event_entry {
	TAILQ_ENTRY(event_entry) next;
	struct sluice_event event;
};

int event_queue_init(struct event_queue *queue)
{
	*queue = (struct event_queue){0};
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->fd < 0)
		return -errno;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->acked, NULL);
	TAILQ_INIT(&queue->waiting);
	TAILQ_INIT(&queue->taken);
	return 0;
}

static void free_all(struct event_list *list)
{
	struct event_entry *entry;

	while ((entry = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, entry, next);
		free(entry);
	}
}

int event_queue_reserve(struct event_list *reserve, unsigned n)
{
	TAILQ_INIT(reserve);
	for (unsigned i = 0; i < n; i++) {
		struct event_entry *entry = malloc(sizeof(*entry));

		if (entry == NULL) {
			free_all(reserve);
			return -ENOMEM;
		}
		TAILQ_INSERT_TAIL(reserve, entry, next);
	}
	return 0;
}

void event_queue_release(struct event_list *reserve)
{
	free_all(reserve);
}

void event_queue_fini(struct event_queue *queue)
{
	free_all(&queue->waiting);
	free_all(&queue->taken);
	pthread_cond_destroy(&queue->acked);
	pthread_mutex_destroy(&queue->lock);
	close(queue->fd);
}

// ---- Under the lock ------------------------------------------------------------------------

static struct event_entry *new_entry(struct event_list *reserve)
{
	struct event_entry *entry = reserve != NULL ? TAILQ_FIRST(reserve) : NULL;

	if (entry == NULL)
		return malloc(sizeof(*entry));
	TAILQ_REMOVE(reserve, entry, next);
	return entry;
}

void event_queue_put(
	struct event_queue *queue, const struct sluice_event *event, struct event_list *reserve)
{
	struct event_entry *entry = NULL;

	if (!queue->wanted)
		return;
	if (queue->n_waiting < EVENT_QUEUE_MAX)
		entry = new_entry(reserve);
	if (entry == NULL) {
		queue->n_lost++;
		return;
	}
	entry->event = *event;
	entry->event.id = ++queue->last_id;
	TAILQ_INSERT_TAIL(&queue->waiting, entry, next);
	if (queue->n_waiting++ == 0)
		eventfd_write(queue->fd, 1);
}

static void remove_waiting(struct event_queue *queue, struct event_entry *entry)
{
	eventfd_t ignored;

	TAILQ_REMOVE(&queue->waiting, entry, next);
	if (--queue->n_waiting == 0)
		eventfd_read(queue->fd, &ignored);
}

static bool is_about(
	const struct event_entry *entry, unsigned ifindex, const struct sluice_addr *group)
{
	return entry->event.ifindex == ifindex && sluice_addr_equal(&entry->event.group, group);
}

static bool any_taken(
	const struct event_queue *queue, unsigned ifindex, const struct sluice_addr *group)
{
	const struct event_entry *entry;

	TAILQ_FOREACH (entry, &queue->taken, next)
		if (is_about(entry, ifindex, group))
			return true;
	return false;
}

// ---- Calls ---------------------------------------------------------------------------------

void event_queue_want(struct event_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->wanted = true;
	pthread_mutex_unlock(&queue->lock);
}

int event_queue_fd(struct event_queue *queue)
{
	event_queue_want(queue);
	return queue->fd;
}

int event_queue_get(struct event_queue *queue, struct sluice_event *event)
{
	struct event_entry *entry;

	pthread_mutex_lock(&queue->lock);
	entry = TAILQ_FIRST(&queue->waiting);
	if (entry != NULL) {
		remove_waiting(queue, entry);
		TAILQ_INSERT_TAIL(&queue->taken, entry, next);
		*event = entry->event;
	}
	pthread_mutex_unlock(&queue->lock);
	return entry != NULL ? 0 : -EAGAIN;
}

int event_queue_ack(struct event_queue *queue, uint64_t id)
{
	struct event_entry *entry;

	pthread_mutex_lock(&queue->lock);
	TAILQ_FOREACH (entry, &queue->taken, next)
		if (entry->event.id == id)
			break;
	if (entry != NULL) {
		TAILQ_REMOVE(&queue->taken, entry, next);
		pthread_cond_broadcast(&queue->acked);
	}
	pthread_mutex_unlock(&queue->lock);
	free(entry);
	return entry != NULL ? 0 : -ENOENT;
}

void event_queue_drain(struct event_queue *queue, unsigned ifindex, const struct sluice_addr *group)
{
	struct event_entry *entry, *next;

	pthread_mutex_lock(&queue->lock);
	for (entry = TAILQ_FIRST(&queue->waiting); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, next);
		if (is_about(entry, ifindex, group)) {
			remove_waiting(queue, entry);
			free(entry);
		}
	}
	while (any_taken(queue, ifindex, group))
		pthread_cond_wait(&queue->acked, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

uint64_t event_queue_lost(struct event_queue *queue)
{
	uint64_t lost;

	pthread_mutex_lock(&queue->lock);
	lost = queue->n_lost;
	pthread_mutex_unlock(&queue->lock);
	return lost;
}
