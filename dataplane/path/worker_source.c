// SPDX-License-Identifier: BSD-3-Clause
#include "worker_source.h"
#include <errno.h>
#include <stdlib.h>
#include "pipeline.h"
#include "port.h"

// ---- Polling: the worker -------------------------------------------------------------------

static unsigned poll_queue(struct worker *worker, const struct worker_source *source)
{
	struct rte_mbuf *frames[BURST];
	unsigned n;

	if (unlikely(atomic_load_explicit(&source->port->removed, memory_order_relaxed)))
		return 0;
	n = rte_eth_rx_burst(source->port->id, source->queue, frames, BURST);
	if (n > 0)
		pipeline_burst(worker, source->port, frames, n);
	return n;
}

static unsigned poll_ring(struct worker *worker, const struct worker_source *source)
{
	struct rte_mbuf *frames[BURST];
	unsigned n = rte_ring_dequeue_burst(source->ring, (void **)frames, BURST, NULL);

	if (n > 0)
		pipeline_burst(worker, source->port, frames, n);
	return n;
}

static unsigned drain_queue(struct worker *worker, const struct worker_source *source)
{
	(void)worker;
	port_drain(source->port, source->queue);
	return 0;
}

// ---- Changing: the control thread ----------------------------------------------------------

static struct worker_source_list *present(const struct worker *worker)
{
	return atomic_load_explicit(&worker->sources, memory_order_relaxed);
}

static void list_free(struct reclaim_item *item)
{
	free((char *)item - offsetof(struct worker_source_list, reclaim));
}

static void publish(struct worker *worker, struct worker_source_list *list)
{
	struct worker_source_list *old = present(worker);

	atomic_store_explicit(&worker->sources, list, memory_order_release);
	if (old == NULL)
		return;
	old->reclaim.free = list_free;
	reclaim_retire(&worker->dp->reclaim, &old->reclaim);
}

// A copy of the worker's list with room for n more.
static struct worker_source_list *copy(const struct worker *worker, unsigned n)
{
	const struct worker_source_list *old = present(worker);
	const unsigned n_old = old != NULL ? old->n : 0;
	struct worker_source_list *new =
		aligned_memory_alloc(sizeof(*new) + (n_old + n) * sizeof(new->sources[0]));

	if (new == NULL || old == NULL)
		return new;
	new->n_received = old->n_received;
	new->n = old->n;
	memcpy(new->sources, old->sources, old->n * sizeof(old->sources[0]));
	return new;
}

// Behind the sources that receive and before those that drain.
static void insert(struct worker_source_list *list, struct worker_source source)
{
	struct worker_source *at = &list->sources[list->n_received++];

	memmove(at + 1, at, (list->n++ + 1 - list->n_received) * sizeof(*at));
	*at = source;
}

static bool polls(const struct worker *worker, unsigned queue)
{
	const struct dataplane *dp = worker->dp;

	return (dp->next_worker + queue) % dp->n_workers == worker->index;
}

static struct worker_source_list *list_with_port(const struct worker *worker, struct port *port)
{
	struct worker_source_list *list = copy(worker, port->n_rx + 1u);

	if (list == NULL)
		return NULL;
	for (uint16_t queue = 0; queue < port->n_rx; queue++)
		if (polls(worker, queue))
			insert(list, (struct worker_source){
					     .poll = poll_queue, .port = port, .queue = queue});
	if (port->tx_rings != NULL && worker->index < port->n_tx)
		list->sources[list->n++] = (struct worker_source){
			.poll = drain_queue, .port = port, .queue = worker->index};
	return list;
}

int worker_source_add_port(struct dataplane *dp, struct port *port)
{
	struct worker_source_list *lists[RTE_MAX_LCORE];

	for (unsigned i = 0; i < dp->n_workers; i++) {
		lists[i] = list_with_port(dp->workers[i], port);
		if (lists[i] != NULL)
			continue;
		while (i-- > 0)
			free(lists[i]);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < dp->n_workers; i++)
		publish(dp->workers[i], lists[i]);
	for (uint16_t queue = 0; queue < port->n_rx; queue++)
		dp->workers[dp->next_worker++ % dp->n_workers]->n_queues++;
	dp->next_worker %= dp->n_workers;
	return 0;
}

int worker_source_add_ring(
	struct dataplane *dp, unsigned worker, struct rte_ring *ring, struct port *port)
{
	struct worker_source_list *list = copy(dp->workers[worker], 1);

	if (list == NULL)
		return -ENOMEM;
	insert(list, (struct worker_source){.poll = poll_ring, .port = port, .ring = ring});
	publish(dp->workers[worker], list);
	return 0;
}

int worker_source_remove_ring(struct dataplane *dp, unsigned worker, const struct rte_ring *ring)
{
	struct worker_source_list *list = copy(dp->workers[worker], 0);
	unsigned at = 0;

	if (list == NULL)
		return -ENOMEM;
	while (at < list->n_received && list->sources[at].ring != ring)
		at++;
	if (at == list->n_received) {
		free(list);
		return -ENOENT;
	}
	list->n_received--;
	list->n--;
	memmove(&list->sources[at], &list->sources[at + 1],
		(list->n - at) * sizeof(list->sources[0]));
	publish(dp->workers[worker], list);
	return reclaim_synchronize(&dp->reclaim);
}
