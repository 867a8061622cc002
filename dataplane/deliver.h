// SPDX-License-Identifier: BSD-3-Clause
// The last stage of a burst: frames to outputs.
#ifndef DATAPLANE_DELIVER_H
#define DATAPLANE_DELIVER_H

#include "output.h"
#include "worker.h"

// Worker. Any number of outputs of any kind; deliver_frame() is for all to call.
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

// Worker. Stages the frame for each of the outputs; takes the frame over. l3_offset tells where its
// IP header starts.
static inline void deliver_frame(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n)
{
	// Most groups have a single subscriber, and then nobody shares the frame.
	if (n == 1 && outputs[0]->kind == OUTPUT_RING) {
		deliver_stage(worker, outputs[0], frame);
	} else if (n == 1 && outputs[0]->kind == OUTPUT_COUNT) {
		deliver_count(worker, outputs[0], frame);
		worker_discard(worker, frame);
	} else {
		deliver_many(worker, frame, l3_offset, outputs, n);
	}
}

// Worker. Hands over what was staged since the last call, one enqueue an output, and frees what
// nobody wanted.
void deliver_flush(struct worker *worker);

#endif
