// SPDX-License-Identifier: BSD-3-Clause
// An output burst: consecutive frames of a receive burst that go to the same outputs. The outputs
// are visited once per output burst, not once per frame.
#ifndef DATAPLANE_OUTPUT_BURST_H
#define DATAPLANE_OUTPUT_BURST_H

#include <string.h>
#include "fanout.h"
#include "dataplane_private.h"

struct worker;

struct output_burst {
	unsigned n; // frames; 0: there is no burst
	// What the frames have in common.
	uint16_t l3_offset; // where the IP header starts
	bool stripped; // the NIC took out a tag that stays out
	unsigned n_outputs;
	uint64_t bytes; // of all frames
	struct rte_mbuf *frames[BURST];
	struct output *outputs[FANOUT_SUBSCRIBERS_MAX];
};

// Whether a frame for these n outputs continues the burst, if there is one.
static inline bool output_burst_continues(const struct output_burst *burst, uint16_t l3_offset,
	bool stripped, struct output *const *outputs, unsigned n)
{
	if (burst->n_outputs != n || burst->l3_offset != l3_offset || burst->stripped != stripped)
		return false;
	// Outputs are few: a call of memcmp() would take longer.
	for (unsigned i = 0; i < n; i++)
		if (burst->outputs[i] != outputs[i])
			return false;
	return true;
}

// Starts a burst without frames.
static inline void output_burst_start(struct output_burst *burst, uint16_t l3_offset, bool stripped,
	struct output *const *outputs, unsigned n)
{
	burst->l3_offset = l3_offset;
	burst->stripped = stripped;
	burst->n_outputs = n;
	memcpy(burst->outputs, outputs, n * sizeof(*outputs));
}

// Worker. Stages the frames of the worker's output burst, if it has any, for their outputs.
void output_burst_end(struct worker *worker);

#endif
