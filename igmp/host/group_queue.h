// SPDX-License-Identifier: BSD-3-Clause
// The groups that wait to be sent, in order. A ring in an array rather than a linked list, so that
// the next groups can be prefetched without reading the ones before them.
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
	size_t n_dirty; // wait for the next flush, behind the ready ones
	size_t n_urgent; // ready ones at the head, which the rate limit lets go first
	size_t *held;
};

// Grows or shrinks the ring to n groups. False: no memory to grow.
bool group_queue_resize(struct group_queue *queue, size_t n);
void group_queue_close(struct group_queue *queue);

// A group is in the queue at most once. There must be room.
void group_queue_put_dirty(struct group_queue *queue, struct group *group);
void group_queue_put_ready(struct group_queue *queue, struct group *group);

// The dirty groups become ready: before all others if they are urgent, else behind them.
void group_queue_flush(struct group_queue *queue, bool urgent);

struct group *group_queue_take(struct group_queue *queue); // the first ready one

// The i-th group, counted from 0.
static inline struct group *group_queue_at(const struct group_queue *queue, size_t i)
{
	return queue->slots[(queue->first + i) & (queue->n_slots - 1)];
}

#endif
