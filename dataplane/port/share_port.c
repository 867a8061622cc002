// SPDX-License-Identifier: BSD-3-Clause
// The receiving side of a share: frames are distributed from the port to one ring per queue.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ring_elem.h>
#include "counter.h"
#include "memif.h"
#include "share.h"

enum { DEAL_BURST = 32, POOL_SLACK = 512, CONNECT_MAX_MS = 5000 };

struct share_queue {
	struct share_port *port; // const
	uint64_t number; // const
	struct rte_ring *ring; // filled under the port's lock
	counter_t dropped, dropped_bytes; // under the port's lock: rw, others: ro
};

struct share_port {
	struct memif memif;
	pthread_mutex_t lock; // of the receiver of the port
	struct share_queue *queues[SHARE_QUEUES];
};

// A thread of the other side does this, so that it takes some milliseconds.
static int wait_connected(uint16_t port)
{
	struct rte_eth_link link = {0};

	for (unsigned i = 0; i < CONNECT_MAX_MS; i++) {
		if (rte_eth_link_get_nowait(port, &link) == 0 &&
			link.link_status == RTE_ETH_LINK_UP)
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

int share_port_open(const char *path, unsigned n_frames, struct share_port **port)
{
	struct share_port *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return -ENOMEM;
	// The program may hold as many frames as may wait.
	rc = memif_open(&new->memif, path, 2 * n_frames + POOL_SLACK);
	if (rc < 0) {
		free(new);
		return rc;
	}
	rc = wait_connected(new->memif.port);
	if (rc < 0) {
		memif_close(&new->memif);
		free(new);
		return rc;
	}
	pthread_mutex_init(&new->lock, NULL);
	*port = new;
	return 0;
}

void share_port_close(struct share_port *port)
{
	memif_close(&port->memif);
	pthread_mutex_destroy(&port->lock);
	free(port);
}

// ---- Distributing: under the lock ----------------------------------------------------------

static uint64_t tag_of(const struct rte_mbuf *frame)
{
	uint64_t number;

	memcpy(&number, rte_pktmbuf_mtod(frame, const void *), SHARE_TAG);
	return number;
}

static void put(struct share_port *port, uint64_t number, struct rte_mbuf **frames, unsigned n)
{
	struct share_queue *queue = port->queues[number % SHARE_QUEUES];
	unsigned taken = 0;

	for (unsigned i = 0; i < n; i++)
		rte_pktmbuf_adj(frames[i], SHARE_TAG);
	// Frames of a queue that was closed meanwhile are dropped uncounted.
	if (queue != NULL && queue->number == number) {
		taken = rte_ring_enqueue_burst(queue->ring, (void **)frames, n, NULL);
		counter_add(&queue->dropped, n - taken);
		for (unsigned i = taken; i < n; i++)
			counter_add(&queue->dropped_bytes, frames[i]->pkt_len);
	}
	rte_pktmbuf_free_bulk(&frames[taken], n - taken);
}

// Distributes frames of the port until `queue` has n frames, and at most as many as the port holds.
static void deal(struct share_port *port, const struct share_queue *queue, unsigned n)
{
	struct rte_mbuf *frames[DEAL_BURST];
	unsigned got, end;

	for (unsigned sum = 0; sum < MEMIF_FRAMES && rte_ring_count(queue->ring) < n; sum += got) {
		got = rte_eth_rx_burst(port->memif.port, 0, frames, DEAL_BURST);
		if (got == 0)
			break;
		for (unsigned i = 0; i < got; i = end) {
			uint64_t number = tag_of(frames[i]);

			for (end = i + 1; end < got && tag_of(frames[end]) == number; end++)
				;
			put(port, number, &frames[i], end - i);
		}
	}
}

// ---- Queues ---------------------------------------------------------------------------------

int share_port_queue_open(
	struct share_port *port, uint64_t number, unsigned size, struct share_queue **queue)
{
	struct share_queue *new = calloc(1, sizeof(*new));
	char name[RTE_RING_NAMESIZE];

	if (new == NULL)
		return -ENOMEM;
	new->port = port;
	new->number = number;
	snprintf(name, sizeof(name), "sluice_l%p", (void *)new);
	new->ring = rte_ring_create(
		name, size, SOCKET_ID_ANY, RING_F_EXACT_SZ | RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (new->ring == NULL) {
		free(new);
		return -rte_errno;
	}
	pthread_mutex_lock(&port->lock);
	port->queues[number % SHARE_QUEUES] = new;
	pthread_mutex_unlock(&port->lock);
	*queue = new;
	return 0;
}

void share_port_queue_close(struct share_queue *queue)
{
	struct rte_mbuf *frame;

	pthread_mutex_lock(&queue->port->lock);
	queue->port->queues[queue->number % SHARE_QUEUES] = NULL;
	pthread_mutex_unlock(&queue->port->lock);
	while (rte_ring_dequeue(queue->ring, (void **)&frame) == 0)
		rte_pktmbuf_free(frame);
	rte_ring_free(queue->ring);
	free(queue);
}

unsigned share_port_queue_receive(struct share_queue *queue, struct rte_mbuf **frames, unsigned n)
{
	n = RTE_MIN(n, rte_ring_get_capacity(queue->ring));
	if (rte_ring_count(queue->ring) < n) {
		pthread_mutex_lock(&queue->port->lock);
		deal(queue->port, queue, n);
		pthread_mutex_unlock(&queue->port->lock);
	}
	return rte_ring_dequeue_burst(queue->ring, (void **)frames, n, NULL);
}

void share_port_queue_settle(struct share_queue *queue)
{
	pthread_mutex_lock(&queue->port->lock);
	deal(queue->port, queue, UINT_MAX);
	pthread_mutex_unlock(&queue->port->lock);
}

uint64_t share_port_queue_dropped(const struct share_queue *queue, uint64_t *bytes)
{
	*bytes = counter_read(&queue->dropped_bytes);
	return counter_read(&queue->dropped);
}
