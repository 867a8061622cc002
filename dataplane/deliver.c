// SPDX-License-Identifier: BSD-3-Clause
#include "deliver.h"
#include "rewrite.h"

static void stage(struct worker *worker, struct output *output, struct rte_mbuf *frame)
{
	struct output_lane *lane = &output->lanes[worker->index];

	if (lane->n_staged == 0) {
		lane->next_staged = worker->staged;
		worker->staged = output;
	}
	lane->staged[lane->n_staged++] = frame;
}

static void count(struct worker *worker, struct output *output, uint32_t bytes)
{
	struct output_lane *lane = &output->lanes[worker->index];

	counter_add(&lane->packets, 1);
	counter_add(&lane->bytes, bytes);
}

static void stage_rewritten(struct worker *worker, struct output *output, struct rte_mbuf *frame,
	const struct parsed *parsed)
{
	struct rte_mbuf *rewritten = rewrite_frame(output, frame, parsed->l3_offset);

	if (rewritten == NULL) {
		counter_add(&output->lanes[worker->index].dropped, 1);
		worker_drop(worker, DROP_NO_MBUF, 1);
		return;
	}
	stage(worker, output, rewritten);
}

void deliver_frame(struct worker *worker, struct rte_mbuf *frame, const struct parsed *parsed,
	struct output *const *outputs, unsigned n)
{
	unsigned references = 0;

	for (unsigned i = 0; i < n; i++) {
		struct output *output = outputs[i];

		if (output->kind == OUTPUT_COUNT) {
			count(worker, output, frame->pkt_len);
		} else if (output->kind == OUTPUT_PORT &&
			   rewrite_is_needed(output, frame, parsed->l3_offset)) {
			stage_rewritten(worker, output, frame, parsed);
		} else {
			stage(worker, output, frame);
			references++;
		}
	}
	if (references == 0)
		worker_discard(worker, frame);
	else if (references > 1)
		rte_pktmbuf_refcnt_update(frame, references - 1);
	counter_add(&worker->counters.delivered, 1);
	counter_add(&worker->counters.deliveries, n);
}

static void hand_over(struct worker *worker, struct output *output)
{
	struct output_lane *lane = &output->lanes[worker->index];
	unsigned n = lane->n_staged, taken;
	uint64_t bytes = 0;

	// A frame that was taken may be gone at once.
	for (unsigned i = 0; i < n; i++)
		bytes += lane->staged[i]->pkt_len;
	if (output->kind == OUTPUT_RING)
		taken = rte_ring_enqueue_burst(output->ring, (void **)lane->staged, n, NULL);
	else
		taken = port_transmit(output->port, worker->index, lane->staged, n);
	if (taken < n) {
		for (unsigned i = taken; i < n; i++)
			bytes -= lane->staged[i]->pkt_len;
		rte_pktmbuf_free_bulk(&lane->staged[taken], n - taken);
		counter_add(&lane->dropped, n - taken);
		worker_drop(worker, DROP_OUTPUT_FULL, n - taken);
	}
	counter_add(&lane->packets, taken);
	counter_add(&lane->bytes, bytes);
	lane->n_staged = 0;
}

void deliver_flush(struct worker *worker)
{
	struct output *output;

	while ((output = worker->staged) != NULL) {
		worker->staged = output->lanes[worker->index].next_staged;
		hand_over(worker, output);
	}
	rte_pktmbuf_free_bulk(worker->unwanted, worker->n_unwanted);
	worker->n_unwanted = 0;
}
