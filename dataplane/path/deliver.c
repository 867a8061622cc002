// SPDX-License-Identifier: BSD-3-Clause
#include "deliver.h"

static bool any_ring(struct output *const *outputs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (outputs[i]->as_received)
			return true;
	return false;
}

void deliver_start(struct worker *worker, struct rte_mbuf *frame, uint16_t l3_offset,
	struct output *const *outputs, unsigned n)
{
	struct output_burst *burst = &worker->output_burst;
	bool stripped = rewrite_is_stripped(frame);

	// A ring gets the frame as it was on the wire. If all outputs are ports, the tag stays in
	// the metadata.
	if (unlikely(stripped) && any_ring(outputs, n)) {
		l3_offset += rewrite_restore(frame);
		stripped = false;
	}
	if (output_burst_continues(burst, l3_offset, stripped, outputs, n))
		return;
	output_burst_end(worker);
	output_burst_start(burst, l3_offset, stripped, outputs, n);
}

// The common case is unshared frames of one segment from one pool, which are returned in bulk.
static void free_unwanted(struct rte_mbuf **frames, unsigned n)
{
	// The fields of rearm_data: one reference, one segment.
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
	output_burst_end(worker);
	staging_hand_over(worker);
	if (worker->n_unwanted > 0)
		free_unwanted(worker->unwanted, worker->n_unwanted);
	worker->n_unwanted = 0;
}
