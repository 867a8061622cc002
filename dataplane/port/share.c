// SPDX-License-Identifier: BSD-3-Clause
#include "share.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_lcore.h>
#include <rte_prefetch.h>
#include "memif_server.h"
#include "memif_socket.h"
#include "output.h"

enum { POLL_US = 100, PARTS = 32 /* the number and the segments of a frame */ };

struct queue {
	uint64_t number; // const
	struct output *output; // const
	atomic_bool settling; // control: wo, thread: ro
	// thread: rw, others: ro
	counter_t done; // frames that were sent to the other side or dropped
	counter_t empty; // polls that found nothing left to send
	counter_t dropped;
	// thread only: taken from the ring and not sent yet
	struct rte_mbuf *held[BURST];
	unsigned n_held;
};

struct share {
	struct memif_server *server;
	pthread_t thread;
	atomic_bool stop; // control: wo, thread: ro
	_Atomic(struct queue *) queues[SHARE_QUEUES]; // control: wo, thread: ro
	uint64_t n_added; // control only
	counter_t turns; // of the thread
};

// ---- The thread ----------------------------------------------------------------------------

// Writes the number of the queue, then the frame. The frame is not changed, because other outputs
// may share it.
static int write_frame(
	struct memif_writer *writer, const struct queue *queue, const struct rte_mbuf *frame)
{
	struct iovec parts[PARTS] = {{(void *)(uintptr_t)&queue->number, SHARE_TAG}};
	unsigned n = 1;

	for (; frame != NULL; frame = frame->next) {
		if (n == PARTS)
			return -EMSGSIZE;
		parts[n].iov_base = rte_pktmbuf_mtod(frame, void *);
		parts[n++].iov_len = frame->data_len;
	}
	return memif_writer_put(writer, parts, n);
}

// Returns how many of the first n waiting frames were written, or dropped because they never fit.
static unsigned write_frames(
	struct share *share, struct memif_writer *writer, struct queue *queue, unsigned n)
{
	unsigned gone;

	for (gone = 0; gone < n; gone++) {
		int rc;

		if (gone + 1 < n)
			rte_prefetch0(rte_pktmbuf_mtod(queue->held[gone + 1], void *));
		rc = write_frame(writer, queue, queue->held[gone]);
		if (rc == -EMSGSIZE)
			counter_add(&queue->dropped, 1);
		else if (rc == -EPROTO)
			memif_server_wake(share->server);
		if (rc < 0 && rc != -EMSGSIZE)
			break;
	}
	memif_writer_publish(writer);
	return gone;
}

// Returns whether there was work.
static bool pump_queue(struct share *share, struct queue *queue)
{
	struct memif_writer *writer;
	unsigned n = queue->n_held, gone;

	if (n == 0)
		n = output_receive_burst(queue->output, queue->held, BURST);
	if (n == 0) {
		counter_add(&queue->empty, 1);
		return false;
	}
	// Called after taking the frames, so that frames sent after a client connected reach it.
	writer = memif_server_writer(share->server);
	gone = writer != NULL ? write_frames(share, writer, queue, n) : 0;
	if (gone < n && atomic_load(&queue->settling)) {
		counter_add(&queue->dropped, n - gone);
		gone = n;
	}
	rte_pktmbuf_free_bulk(queue->held, gone);
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
		memif_server_writer(share->server); // frees the writer of the last client
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

int share_open(
	const struct share_config *config, struct share **share, struct dataplane_error *error)
{
	const struct memif_server_config server = {
		.path = config->path,
		.access = config->access,
		.allow = config->allow,
		.arg = config->arg,
	};
	struct share *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return dataplane_error_set(error, ENOMEM, "out of memory");
	rc = memif_server_open(&server, &new->server);
	if (rc < 0) {
		free(new);
		return dataplane_error_set(
			error, -rc, "memif at %s: %s", config->path, strerror(-rc));
	}
	rc = rte_ctrl_thread_create(&new->thread, "sluice-share", NULL, pump, new);
	if (rc != 0) {
		memif_server_close(new->server);
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
	memif_server_close(share->server);
	free(share);
}

unsigned share_sweep(const char *prefix)
{
	return memif_socket_sweep(prefix);
}

int share_fd(const struct share *share)
{
	return memif_server_fd(share->server);
}

void share_process(struct share *share)
{
	memif_server_process(share->server);
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
	// The present turn may still use it. The second turn from now begins without it.
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

	// The thread may hold a burst that it took from the ring earlier.
	done += BURST + output_waiting(queue->output);
	atomic_store(&queue->settling, true);
	// The second of two polls that found nothing began after the call.
	while (counter_read(&queue->done) < done && counter_read(&queue->empty) < empty + 2)
		sched_yield();
	atomic_store(&queue->settling, false);
}

uint64_t share_dropped(const struct share *share, uint64_t number)
{
	return counter_read(&queue_of(share, number)->dropped);
}
