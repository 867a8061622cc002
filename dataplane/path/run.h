// SPDX-License-Identifier: BSD-3-Clause
// A run: frames of a burst that come one after the other and go to the same outputs. Their outputs
// are looked at once a run, not once a frame.
#ifndef DATAPLANE_RUN_H
#define DATAPLANE_RUN_H

#include <string.h>
#include "fanout.h"
#include "dataplane_private.h"

struct worker;

struct run {
	unsigned n; // frames; 0: there is no run
	// What they have in common.
	uint16_t l3_offset; // where the IP header starts
	bool stripped; // the NIC took out a tag that stays out
	unsigned n_outputs;
	uint64_t bytes; // of all frames
	struct rte_mbuf *frames[BURST];
	struct output *outputs[FANOUT_LINES_MAX];
};

// Whether a frame for n outputs goes on with the run, if there is one.
static inline bool run_continues(const struct run *run, uint16_t l3_offset, bool stripped,
	struct output *const *outputs, unsigned n)
{
	if (run->n_outputs != n || run->l3_offset != l3_offset || run->stripped != stripped)
		return false;
	// They are few: a call would take longer.
	for (unsigned i = 0; i < n; i++)
		if (run->outputs[i] != outputs[i])
			return false;
	return true;
}

// Starts a run without a frame.
static inline void run_start(struct run *run, uint16_t l3_offset, bool stripped,
	struct output *const *outputs, unsigned n)
{
	run->l3_offset = l3_offset;
	run->stripped = stripped;
	run->n_outputs = n;
	memcpy(run->outputs, outputs, n * sizeof(*outputs));
}

// Worker. Stages the frames of its run, if there is one, for their outputs.
void run_end(struct worker *worker);

#endif
