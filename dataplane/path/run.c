// SPDX-License-Identifier: BSD-3-Clause
#include "deliver.h"
#include "run.h"

// What becomes of the frames of a run that goes to ports.
struct fate {
	uint64_t own; // frames whose bytes are ours to change, bit i is frame i
	uint64_t referenced; // frames that ports got themselves, beside `all`
	uint16_t references[BURST]; // by how many
	uint16_t all; // outputs that get each of them
	bool last; // whoever is asked now is the last to want them
};

static_assert(BURST <= 64, "a bit a frame");

static void send_all(struct worker *worker, const struct run *run, struct output *output)
{
	struct output_lane *lane = deliver_lane(worker, output);

	output_stage_burst(output, lane, run->frames, run->n, run->bytes);
}

static void refer(struct worker *worker, struct rte_mbuf *frame, unsigned references)
{
	if (references == 0)
		worker_discard(worker, frame);
	else if (references > 1)
		rte_pktmbuf_refcnt_update(frame, (int16_t)(references - 1));
}

static void send_by_port(
	struct worker *worker, const struct run *run, struct output *output, struct fate *fate)
{
	const int longer = (int)rewrite_header_len(output) - run->l3_offset;
	uint64_t change = rewrite_needed(output, run->frames, run->n, run->l3_offset);
	uint64_t bytes = run->bytes + (int64_t)longer * run->n;
	struct rte_mbuf *frames[BURST];
	unsigned n = run->n;

	// Frames nobody else has need no copy.
	if (fate->last && fate->all == 0)
		change &= ~rewrite_in_place(output, run->frames,
			change & fate->own & ~fate->referenced, run->l3_offset);
	fate->referenced |= ~change;
	for (unsigned i = 0; i < n; i++) {
		frames[i] = run->frames[i];
		fate->references[i] += !(change >> i & 1);
	}
	if (change != 0)
		n = rewrite_burst(output, frames, n, change, run->l3_offset);
	if (unlikely(n < run->n)) {
		bytes = 0;
		for (unsigned i = 0; i < n; i++)
			bytes += frames[i]->pkt_len;
		counter_add(&output->lanes[worker->index].dropped, run->n - n);
		worker_drop(worker, DROP_NO_MBUF, run->n - n);
	}
	if (likely(n > 0))
		output_stage_burst(output, deliver_lane(worker, output), frames, n, bytes);
}

static bool is_chained(const struct run *run)
{
	for (unsigned i = 0; i < run->n; i++)
		if (run->frames[i]->nb_segs > 1)
			return true;
	return false;
}

static __rte_noinline void send_by_ports(
	struct worker *worker, const struct run *run, unsigned n_rings, unsigned n_ports)
{
	struct fate fate = {.all = n_rings};

	for (unsigned i = 0; i < run->n; i++)
		fate.own |= (uint64_t)rewrite_is_own(run->frames[i]) << i;
	for (unsigned k = 0; n_ports > 0; k++) {
		struct output *output = run->outputs[k];

		if (output->kind != OUTPUT_PORT)
			continue;
		fate.last = --n_ports == 0;
		if (rewrite_is_never_needed(output, run->l3_offset) &&
			(output->port->multi_segs || !is_chained(run))) {
			send_all(worker, run, output);
			fate.all++;
		} else {
			send_by_port(worker, run, output, &fate);
		}
	}
	for (unsigned i = 0; i < run->n; i++) {
		// A device that hands on mbufs must not tell of the tag.
		if (unlikely(run->stripped) && (fate.own >> i & 1))
			rewrite_forget(run->frames[i]);
		refer(worker, run->frames[i], fate.all + fate.references[i]);
	}
}

static void send_run(struct worker *worker, const struct run *run)
{
	unsigned n_rings = 0, n_ports = 0;

	for (unsigned k = 0; k < run->n_outputs; k++) {
		struct output *output = run->outputs[k];

		if (output->kind == OUTPUT_RING) {
			send_all(worker, run, output);
			n_rings++;
		} else if (output->kind == OUTPUT_COUNT) {
			deliver_count(worker, output, run->n, run->bytes);
		} else {
			n_ports++;
		}
	}
	if (n_ports > 0)
		send_by_ports(worker, run, n_rings, n_ports);
	else
		for (unsigned i = 0; i < run->n; i++)
			refer(worker, run->frames[i], n_rings);
}

void run_end(struct worker *worker)
{
	struct run *run = &worker->run;

	if (run->n == 0)
		return;
	deliver_reserve(worker, run->n_outputs);
	send_run(worker, run);
	run->n = 0;
	run->bytes = 0;
}
