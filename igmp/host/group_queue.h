// SPDX-License-Identifier: BSD-3-Clause
// The groups that wait to be told, in the order of their turns. A ring in an array rather than a
// list: those whose turn comes next are known without a look at those before them, and so can be
// fetched from memory ahead of it.
#ifndef IGMP_GROUP_QUEUE_H
#define IGMP_GROUP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct group;

struct group_queue {
	struct group **slots;
	size_t n_slots; // a power of two, or 0
	size_t first;
	size_t n_ready; // may be sent
	size_t n_dirty; // after the ready ones: wait for the next flush
	size_t n_urgent; // ready ones at the head that may run into debt
	size_t *held;
};

// Makes room for n groups in all, or gives room back. False: no memory for more.
bool group_queue_resize(struct group_queue *queue, size_t n);
void group_queue_close(struct group_queue *queue);

// A group is in the queue once, and there is room for it.
void group_queue_put_dirty(struct group_queue *queue, struct group *group);
void group_queue_put_ready(struct group_queue *queue, struct group *group);

// The dirty ones become ready: urgent ones before all others, else after them.
void group_queue_flush(struct group_queue *queue, bool urgent);

struct group *group_queue_take(struct group_queue *queue); // the first of those that are ready

// The i-th of all, counted from 0.
static inline struct group *group_queue_at(const struct group_queue *queue, size_t i)
{
	return queue->slots[(queue->first + i) & (queue->n_slots - 1)];
}

#endif
