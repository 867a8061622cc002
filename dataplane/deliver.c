// SPDX-License-Identifier: BSD-3-Clause
#include "deliver.h"

// Returns whether the port got the frame itself, which it may change if it is its `own`.
static __rte_noinline bool stage_for_port(struct worker *worker, struct output *output,
	struct rte_mbuf *frame, uint16_t l3_offset, bool own)
{
	struct rte_mbuf *rewritten;

	if (!rewrite_is_needed(output, frame, l3_offset) ||
		(own && rewrite_in_place(output, frame, l3_offset))) {
		deliver_stage(worker, output, frame);
		return true;
	}
	rewritten = rewrite_frame(output, frame, l3_offset);
	if (rewritten != NULL) {
		deliver_stage(worker, output, rewritten);
	} else {
		counter_add(&output->lanes[worker->index].dropped, 1);
		worker_drop(worker, DROP_NO_MBUF, 1);
	}
	return false;
}

static inline void stage_all(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n)
{
	const bool own = rewrite_is_own(frame);
	unsigned references = 0;

	for (unsigned i = 0; i < n; i++) {
		struct output *output = outputs[i];

		if (output->kind == OUTPUT_RING) {
			deliver_stage(worker, output, frame);
			references++;
		} else if (output->kind == OUTPUT_COUNT) {
			deliver_count(worker, output, frame);
		} else {
			// The last may have the frame itself if none before does.
			bool last = own && references == 0 && i + 1 == n;

			references += stage_for_port(worker, output, frame, l3_offset, last);
		}
	}
	if (references == 0)
		worker_discard(worker, frame);
	else if (references > 1)
		rte_pktmbuf_refcnt_update(frame, references - 1);
}

static bool any_ring(struct output *const *outputs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (outputs[i]->kind == OUTPUT_RING)
			return true;
	return false;
}

// A frame whose tag the NIC took out. A ring gets frames as they came. To ports alone it goes
// without, and a device that hands on mbufs must not tell of the tag.
static __rte_noinline void stage_stripped(struct worker *worker, struct rte_mbuf *frame,
	uint16_t l3_offset, struct output *const *outputs, unsigned n)
{
	const bool restore = any_ring(outputs, n), own = rewrite_is_own(frame);

	if (restore)
		l3_offset += rewrite_restore(frame);
	stage_all(worker, frame, l3_offset, outputs, n);
	if (own && !restore)
		rewrite_forget(frame);
}

void deliver_many(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n)
{
	if (unlikely(rewrite_is_stripped(frame)))
		stage_stripped(worker, frame, l3_offset, outputs, n);
	else
		stage_all(worker, frame, l3_offset, outputs, n);
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
		taken = rte_ring_mp_enqueue_burst(output->ring, (void **)lane->staged, n, NULL);
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

// Most frames are whole, nobody's but ours and of one pool: they go back to it as they are.
static void free_unwanted(struct rte_mbuf **frames, unsigned n)
{
	// The words that a driver writes at once: one reference, one segment.
	static const struct {
		uint16_t data_off, refcnt, nb_segs, port;
	} ours = {0, 1, 1, 0}, both = {0, UINT16_MAX, UINT16_MAX, 0};
	struct rte_mempool *pool = frames[0]->pool;
	uint64_t wanted, mask, other = 0;

	memcpy(&wanted, &ours, sizeof(wanted));
	memcpy(&mask, &both, sizeof(mask));
	for (unsigned i = 0; i < n; i++) {
		const struct rte_mbuf *frame = frames[i];
		uint64_t rearm;

		memcpy(&rearm, &frame->rearm_data, sizeof(rearm));
		other |= ((rearm ^ wanted) & mask) |
			 (frame->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)) |
			 (uintptr_t)frame->next | ((uintptr_t)frame->pool ^ (uintptr_t)pool);
	}
	if (likely(other == 0))
		rte_mempool_put_bulk(pool, (void **)frames, n);
	else
		rte_pktmbuf_free_bulk(frames, n);
}

void deliver_flush(struct worker *worker)
{
	struct output *output;

	while ((output = worker->staged) != NULL) {
		worker->staged = output->lanes[worker->index].next_staged;
		hand_over(worker, output);
	}
	if (worker->n_unwanted > 0)
		free_unwanted(worker->unwanted, worker->n_unwanted);
	worker->n_unwanted = 0;
}
