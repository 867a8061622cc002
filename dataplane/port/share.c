// SPDX-License-Identifier: BSD-3-Clause
#include "share.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <rte_ethdev.h>
#include "memif.h"
#include "output.h"

enum { POLL_US = 100, TAG_POOL = 2 * BURST - 1 };

struct queue {
	uint64_t number; // const
	struct output *output; // const
	atomic_bool settling; // control: wo, thread: ro
	// thread: rw, others: ro
	counter_t done; // frames that went to the other side, or were dropped
	counter_t empty; // looks that found nothing left to send
	counter_t dropped;
	// thread only: taken from the ring, and not sent yet
	struct rte_mbuf *held[BURST];
	unsigned n_held;
};

struct share {
	struct memif memif;
	pthread_t thread;
	atomic_bool stop; // control: wo, thread: ro
	_Atomic(struct queue *) queues[SHARE_QUEUES]; // control: wo, thread: ro
	uint64_t n_added; // control only
	counter_t turns; // of the thread
};

// ---- The thread ----------------------------------------------------------------------------

// Sends each frame behind its queue's number; returns how many found room. The frames themselves,
// which other outputs may share, stay as they are: the number goes in a segment before theirs.
static unsigned send_tagged(
	struct share *share, uint64_t number, struct rte_mbuf **frames, unsigned n)
{
	struct rte_mbuf *tagged[BURST];
	unsigned sent;

	if (rte_pktmbuf_alloc_bulk(share->memif.pool, tagged, n) < 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		memcpy(rte_pktmbuf_append(tagged[i], SHARE_TAG), &number, SHARE_TAG);
		tagged[i]->next = frames[i];
		tagged[i]->nb_segs += frames[i]->nb_segs;
		tagged[i]->pkt_len += frames[i]->pkt_len;
	}
	sent = rte_eth_tx_burst(share->memif.port, 0, tagged, n);
	for (unsigned i = sent; i < n; i++) {
		tagged[i]->next = NULL;
		tagged[i]->nb_segs = 1;
	}
	rte_pktmbuf_free_bulk(&tagged[sent], n - sent);
	return sent;
}

// Returns whether it did anything.
static bool pump_queue(struct share *share, struct queue *queue)
{
	unsigned n = queue->n_held, gone;

	if (n == 0)
		n = output_receive_burst(queue->output, queue->held, BURST);
	if (n == 0) {
		counter_add(&queue->empty, 1);
		return false;
	}
	gone = send_tagged(share, queue->number, queue->held, n);
	if (gone < n && atomic_load(&queue->settling)) {
		rte_pktmbuf_free_bulk(&queue->held[gone], n - gone);
		counter_add(&queue->dropped, n - gone);
		gone = n;
	}
	counter_add(&queue->done, gone);
	queue->n_held = n - gone;
	memmove(queue->held, &queue->held[gone], queue->n_held * sizeof(queue->held[0]));
	return gone > 0;
}

static void *pump(void *arg)
{
	struct share *share = arg;
	bool busy;

	while (!atomic_load_explicit(&share->stop, memory_order_relaxed)) {
		busy = false;
		for (unsigned i = 0; i < SHARE_QUEUES; i++) {
			struct queue *queue =
				atomic_load_explicit(&share->queues[i], memory_order_acquire);

			if (queue != NULL)
				busy |= pump_queue(share, queue);
		}
		atomic_fetch_add_explicit(&share->turns, 1, memory_order_release);
		if (!busy)
			usleep(POLL_US);
	}
	return NULL;
}

// ---- Life ----------------------------------------------------------------------------------

int share_open(const char *path, struct share **share, struct dataplane_error *error)
{
	struct share *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return dataplane_error_set(error, ENOMEM, "out of memory");
	unlink(path); // of a predecessor that was killed
	rc = memif_open(&new->memif, "server", path, TAG_POOL);
	if (rc < 0) {
		free(new);
		return dataplane_error_set(error, -rc, "memif at %s: %s", path, strerror(-rc));
	}
	chmod(path, S_IRUSR | S_IWUSR);
	rc = rte_ctrl_thread_create(&new->thread, "sluice-share", NULL, pump, new);
	if (rc != 0) {
		memif_close(&new->memif);
		free(new);
		return dataplane_error_set(error, abs(rc), "thread: %s", strerror(abs(rc)));
	}
	*share = new;
	return 0;
}

void share_close(struct share *share)
{
	atomic_store(&share->stop, true);
	pthread_join(share->thread, NULL);
	memif_close(&share->memif);
	free(share);
}

// ---- Queues ---------------------------------------------------------------------------------

static struct queue *queue_of(const struct share *share, uint64_t number)
{
	return atomic_load_explicit(&share->queues[number % SHARE_QUEUES], memory_order_relaxed);
}

int share_add(struct share *share, struct output *ring, uint64_t *number)
{
	struct queue *queue;
	unsigned slot;

	for (slot = 0; slot < SHARE_QUEUES; slot++)
		if (queue_of(share, slot) == NULL)
			break;
	if (slot == SHARE_QUEUES)
		return -ENOBUFS;
	queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return -ENOMEM;
	queue->output = ring;
	queue->number = *number = share->n_added++ * SHARE_QUEUES + slot;
	atomic_store_explicit(&share->queues[slot], queue, memory_order_release);
	return 0;
}

void share_remove(struct share *share, uint64_t number)
{
	struct queue *queue = queue_of(share, number);
	uint64_t turns;

	atomic_store(&share->queues[number % SHARE_QUEUES], NULL);
	// The turn that is going on may still use it, the second from here began without it.
	turns = atomic_load(&share->turns);
	while (atomic_load_explicit(&share->turns, memory_order_acquire) < turns + 2)
		sched_yield();
	rte_pktmbuf_free_bulk(queue->held, queue->n_held);
	free(queue);
}

void share_settle(struct share *share, uint64_t number)
{
	struct queue *queue = queue_of(share, number);
	uint64_t empty = counter_read(&queue->empty), done = counter_read(&queue->done);

	// The thread may have a burst in hand, taken before the rest.
	done += BURST + output_waiting(queue->output);
	atomic_store(&queue->settling, true);
	// Of two looks that found nothing, the second began after the call.
	while (counter_read(&queue->done) < done && counter_read(&queue->empty) < empty + 2)
		sched_yield();
	atomic_store(&queue->settling, false);
}

uint64_t share_dropped(const struct share *share, uint64_t number)
{
	return counter_read(&queue_of(share, number)->dropped);
}
