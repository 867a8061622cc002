// SPDX-License-Identifier: BSD-3-Clause
#include "memory.h"
#include "group_queue.h"

#define SLOTS_MIN 64
#define LINE 64 // bytes of a cache line

static size_t count(const struct group_queue *queue)
{
	return queue->n_ready + queue->n_dirty;
}

static struct group **slot(const struct group_queue *queue, size_t i)
{
	return &queue->slots[(queue->first + i) & (queue->n_slots - 1)];
}

bool group_queue_resize(struct group_queue *queue, size_t n)
{
	size_t n_slots = queue->n_slots > 0 ? queue->n_slots : SLOTS_MIN;
	struct group **slots;

	if (n <= queue->n_slots && n >= queue->n_slots / 8)
		return true;
	while (n_slots < n)
		n_slots *= 2;
	while (n_slots > SLOTS_MIN && n < n_slots / 8 && count(queue) <= n_slots / 2)
		n_slots /= 2;
	if (n_slots == queue->n_slots)
		return true;
	slots = memory_get_aligned(queue->held, LINE, n_slots * sizeof(struct group *));
	if (slots == NULL)
		return n <= queue->n_slots;
	for (size_t i = 0; i < count(queue); i++)
		slots[i] = group_queue_at(queue, i);
	group_queue_close(queue);
	queue->slots = slots;
	queue->n_slots = n_slots;
	queue->first = 0;
	return true;
}

void group_queue_close(struct group_queue *queue)
{
	memory_put(queue->held, queue->slots, queue->n_slots * sizeof(struct group *));
	queue->slots = NULL;
	queue->n_slots = 0;
}

void group_queue_put_dirty(struct group_queue *queue, struct group *group)
{
	*slot(queue, count(queue)) = group;
	queue->n_dirty++;
}

void group_queue_put_ready(struct group_queue *queue, struct group *group)
{
	// In front of the dirty groups: the first of them moves to the end.
	*slot(queue, count(queue)) = *slot(queue, queue->n_ready);
	*slot(queue, queue->n_ready) = group;
	queue->n_ready++;
}

void group_queue_flush(struct group_queue *queue, bool urgent)
{
	size_t n_ready = queue->n_ready;
	size_t n_dirty = queue->n_dirty;

	queue->n_ready += n_dirty;
	queue->n_dirty = 0;
	if (!urgent)
		return;
	queue->n_urgent += n_dirty;
	if (n_ready == 0)
		return;
	// Backwards: in a full ring the two places are the same.
	for (size_t i = 0; i < n_dirty; i++) {
		struct group *group = *slot(queue, n_ready + n_dirty - 1);

		queue->first--;
		*slot(queue, 0) = group;
	}
}

struct group *group_queue_take(struct group_queue *queue)
{
	struct group *group = group_queue_at(queue, 0);

	queue->first++;
	queue->n_ready--;
	if (queue->n_urgent > 0)
		queue->n_urgent--;
	return group;
}
