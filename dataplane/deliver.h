// SPDX-License-Identifier: BSD-3-Clause
// The last stage of a burst: frames to outputs.
#ifndef DATAPLANE_DELIVER_H
#define DATAPLANE_DELIVER_H

#include "output.h"
#include "rewrite.h"
#include "worker.h"

// Worker. Stages the frame for each of n outputs, 1 or more; takes the frame over. l3_offset tells
// where its IP header starts.
void deliver_many(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n);

static inline void deliver_count(
	struct worker *worker, struct output *output, const struct rte_mbuf *frame)
{
	struct output_lane *lane = &output->lanes[worker->index];

	counter_add(&lane->packets, 1);
	counter_add(&lane->bytes, frame->pkt_len);
}

static inline void deliver_stage(
	struct worker *worker, struct output *output, struct rte_mbuf *frame)
{
	struct output_lane *lane = &output->lanes[worker->index];

	if (lane->n_staged == 0) {
		lane->next_staged = worker->staged;
		worker->staged = output;
	}
	lane->staged[lane->n_staged++] = frame;
}

// Worker. The same for one output: nobody shares the frame.
static inline void deliver_single(
	struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset, struct output *output)
{
	if (output->kind == OUTPUT_RING) {
		if (unlikely(rewrite_is_stripped(frame)))
			rewrite_restore(frame);
		deliver_stage(worker, output, frame);
	} else if (output->kind == OUTPUT_COUNT) {
		deliver_count(worker, output, frame);
		worker_discard(worker, frame);
	} else {
		deliver_many(worker, frame, l3_offset, &output, 1);
	}
}

// Worker. Hands over what was staged since the last call, one enqueue an output, and frees what
// nobody wanted.
void deliver_flush(struct worker *worker);

#endif
