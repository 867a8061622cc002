// SPDX-License-Identifier: BSD-3-Clause
// The groups that wait to be told, in the order of their turns. A ring in an array rather than a
// list: those whose turn comes next are known without a look at those before them, and so can be
// fetched from memory ahead of it.
#ifndef IGMP_QUEUE_H
#define IGMP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct group;

struct queue {
	struct group **slots;
	size_t n_slots; // a power of two, or 0
	size_t first;
	size_t n_ready; // may be sent
	size_t n_dirty; // after the ready ones: wait for the next flush
	size_t n_urgent; // ready ones at the head that may run into debt
	size_t *held;
};

// Makes room for n groups in all, or gives room back. False: no memory for more.
bool queue_resize(struct queue *queue, size_t n);
void queue_close(struct queue *queue);

// A group is in the queue once, and there is room for it.
void queue_put_dirty(struct queue *queue, struct group *group);
void queue_put_ready(struct queue *queue, struct group *group);

// The dirty ones become ready: urgent ones before all others, else after them.
void queue_flush(struct queue *queue, bool urgent);

struct group *queue_take(struct queue *queue); // the first of those that are ready

// The i-th of all, counted from 0.
static inline struct group *queue_at(const struct queue *queue, size_t i)
{
	return queue->slots[(queue->first + i) & (queue->n_slots - 1)];
}

#endif
