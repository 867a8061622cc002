// SPDX-License-Identifier: BSD-3-Clause
#include "output_burst.h"
#include "port.h"
#include "rewrite.h"
#include "staging.h"

// How the frames of an output burst that goes to ports are used.
struct fate {
	uint64_t own; // frames whose bytes may be changed; bit i is frame i
	uint64_t referenced; // frames that some port sends unchanged, in addition to `all`
	uint16_t references[BURST]; // number of those ports, per frame
	uint16_t all; // outputs that get every frame unchanged
	bool last; // the present output is the last one
};

static_assert(BURST <= 64, "one bit per frame");

static void send_all(struct worker *worker, const struct output_burst *burst, struct output *output)
{
	struct output_lane *lane = staging_lane(worker, output);

	output_stage_burst(output, lane, burst->frames, burst->n, burst->bytes);
}

static void refer(struct worker *worker, struct rte_mbuf *frame, unsigned references)
{
	if (references == 0)
		worker_discard(worker, frame);
	else if (references > 1)
		rte_pktmbuf_refcnt_update(frame, (int16_t)(references - 1));
}

static void send_by_port(struct worker *worker, const struct output_burst *burst,
	struct output *output, struct fate *fate)
{
	const int longer = (int)rewrite_header_len(output) - burst->l3_offset;
	uint64_t change = rewrite_needed(output, burst->frames, burst->n, burst->l3_offset);
	uint64_t bytes = burst->bytes + (int64_t)longer * burst->n;
	struct rte_mbuf *frames[BURST];
	unsigned n = burst->n;

	// Frames without other users need no copy.
	if (fate->last && fate->all == 0)
		change &= ~rewrite_in_place(output, burst->frames,
			change & fate->own & ~fate->referenced, burst->l3_offset);
	fate->referenced |= ~change;
	for (unsigned i = 0; i < n; i++) {
		frames[i] = burst->frames[i];
		fate->references[i] += !(change >> i & 1);
	}
	if (change != 0)
		n = rewrite_burst(output, frames, n, change, burst->l3_offset);
	if (unlikely(n < burst->n)) {
		bytes = 0;
		for (unsigned i = 0; i < n; i++)
			bytes += frames[i]->pkt_len;
		counter_add(&output->lanes[worker->index].dropped, burst->n - n);
		worker_drop(worker, DROP_NO_MBUF, burst->n - n);
	}
	if (likely(n > 0))
		output_stage_burst(output, staging_lane(worker, output), frames, n, bytes);
}

static bool is_chained(const struct output_burst *burst)
{
	for (unsigned i = 0; i < burst->n; i++)
		if (burst->frames[i]->nb_segs > 1)
			return true;
	return false;
}

static __rte_noinline void send_by_ports(
	struct worker *worker, const struct output_burst *burst, unsigned n_rings, unsigned n_ports)
{
	struct fate fate = {.all = n_rings};

	for (unsigned i = 0; i < burst->n; i++)
		fate.own |= (uint64_t)rewrite_is_own(burst->frames[i]) << i;
	for (unsigned k = 0; n_ports > 0; k++) {
		struct output *output = burst->outputs[k];

		if (output->counts || output->as_received)
			continue;
		fate.last = --n_ports == 0;
		if (rewrite_is_never_needed(output, burst->l3_offset) &&
			(output->port->multi_segs || !is_chained(burst))) {
			send_all(worker, burst, output);
			fate.all++;
		} else {
			send_by_port(worker, burst, output, &fate);
		}
	}
	for (unsigned i = 0; i < burst->n; i++) {
		// The tag stays out: a device that passes mbufs on must not restore it.
		if (unlikely(burst->stripped) && (fate.own >> i & 1))
			rewrite_forget(burst->frames[i]);
		refer(worker, burst->frames[i], fate.all + fate.references[i]);
	}
}

static void send_burst(struct worker *worker, const struct output_burst *burst)
{
	unsigned n_rings = 0, n_ports = 0;

	for (unsigned k = 0; k < burst->n_outputs; k++) {
		struct output *output = burst->outputs[k];

		if (output->as_received) {
			send_all(worker, burst, output);
			n_rings++;
		} else if (output->counts) {
			output_count(output, worker->index, burst->n, burst->bytes);
		} else {
			n_ports++;
		}
	}
	if (n_ports > 0)
		send_by_ports(worker, burst, n_rings, n_ports);
	else
		for (unsigned i = 0; i < burst->n; i++)
			refer(worker, burst->frames[i], n_rings);
}

void output_burst_end(struct worker *worker)
{
	struct output_burst *burst = &worker->output_burst;

	if (burst->n == 0)
		return;
	staging_reserve(worker, burst->n_outputs);
	send_burst(worker, burst);
	burst->n = 0;
	burst->bytes = 0;
}
