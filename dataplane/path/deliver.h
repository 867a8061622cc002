// SPDX-License-Identifier: BSD-3-Clause
// Delivery: frames to outputs, at the end of a worker's pipeline.
#ifndef DATAPLANE_DELIVER_H
#define DATAPLANE_DELIVER_H

#include "output_burst.h"
#include "rewrite.h"
#include "staging.h"

// Worker. Sends the output burst unless the frame continues it, and starts the next one.
void deliver_start(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n);

// Worker. Stages the frame for each of n >= 1 outputs and takes it over. l3_offset: of the IP
// header in the first segment.
static inline void deliver_many(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n)
{
	struct output_burst *burst = &worker->output_burst;

	if (unlikely(rewrite_is_stripped(frame) ||
		     !output_burst_continues(burst, l3_offset, false, outputs, n)))
		deliver_start(worker, frame, l3_offset, outputs, n);
	burst->frames[burst->n++] = frame;
	burst->bytes += frame->pkt_len;
}

// Worker. deliver_many() for one output, which does not share the frame.
static inline void deliver_single(
	struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset, struct output *output)
{
	if (output->as_received) {
		if (unlikely(rewrite_is_stripped(frame)))
			rewrite_restore(frame);
		// Its frames may be for this output, too, and came before this one.
		if (unlikely(worker->output_burst.n > 0))
			output_burst_end(worker);
		output_stage(output, staging_lane(worker, output), frame);
	} else if (output->counts) {
		output_count(output, worker->index, 1, frame->pkt_len);
		worker_discard(worker, frame);
	} else {
		deliver_many(worker, frame, l3_offset, &output, 1);
	}
}

// Worker. Hands over all staged frames, with one enqueue per output, and frees those that no output
// took.
void deliver_flush(struct worker *worker);

#endif
