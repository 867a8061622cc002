// SPDX-License-Identifier: BSD-3-Clause
// The events of a session: a bounded queue with a descriptor that polls readable, and the events
// that were taken from it and are not acknowledged yet.
//
// Thread rule: any thread.
#ifndef CTRL_EVENT_QUEUE_H
#define CTRL_EVENT_QUEUE_H

#include <pthread.h>
#include <sys/queue.h>
#include <sluice/control.h>

#define EVENT_QUEUE_MAX (1u << 18) // queued events; later ones are lost, and counted

struct event_entry;
TAILQ_HEAD(event_list, event_entry);

struct event_queue {
	pthread_mutex_t lock;
	pthread_cond_t acked;
	int fd; // const once open; readable while events are queued
	bool wanted; // under the lock, like the next fields
	struct event_list waiting, taken;
	unsigned n_waiting;
	uint64_t last_id;
	uint64_t n_lost;
};

int event_queue_init(struct event_queue *queue);
void event_queue_fini(struct event_queue *queue);

// Sets entries for n events aside, so that those events are not lost for lack of memory. -ENOMEM:
// none. No lock is needed.
int event_queue_reserve(struct event_list *reserve, unsigned n);
void event_queue_release(struct event_list *reserve); // those that are left
// Adds an event and sets its id; under the lock. Does nothing before events are wanted. Takes an
// entry of the reserve, if there is one; NULL: none.
void event_queue_put(
	struct event_queue *queue, const struct sluice_event *event, struct event_list *reserve);

// Events are queued from now on.
void event_queue_want(struct event_queue *queue);
// The same, and returns the descriptor.
int event_queue_fd(struct event_queue *queue);
// Takes the oldest event. -EAGAIN if the queue is empty.
int event_queue_get(struct event_queue *queue, struct sluice_event *event);
// Acknowledges a taken event. -ENOENT if no taken event has the id.
int event_queue_ack(struct event_queue *queue, uint64_t id);
// Drops the queued events of the group, and waits until all events that were taken are
// acknowledged.
void event_queue_drain(
	struct event_queue *queue, unsigned ifindex, const struct sluice_addr *group);
uint64_t event_queue_lost(struct event_queue *queue);

#endif
