// SPDX-License-Identifier: BSD-3-Clause
// Outputs: where frames go. A worker stages the frames of a burst in its own lane of each output
// and hands them over at the end of the burst, so that an output costs one enqueue a burst.
#ifndef DATAPLANE_OUTPUT_H
#define DATAPLANE_OUTPUT_H

#include <sys/queue.h>
#include <rte_ring.h>
#include "counter.h"
#include "dataplane.h"
#include "plane.h"

// One worker's part of an output.
struct output_lane {
	counter_t packets, bytes, dropped; // worker: rw, control: ro
	// Worker only.
	struct output *next_staged; // the worker's list of outputs with staged frames
	unsigned n_staged;
	struct rte_mbuf *staged[BURST];
} __rte_cache_aligned;

struct output {
	// Const once open.
	enum output_kind kind;
	bool set_source_mac;
	uint16_t vlan;
	struct rte_ether_addr source_mac;
	struct port *port;
	struct rte_ring *ring;
	struct dataplane *dp;
	// Control thread only.
	unsigned uses; // fan-outs that name it
	LIST_ENTRY(output) next;
	struct output_lane lanes[]; // one a worker, and the control thread's
};

// A fan-out that names the output was published (1) or withdrawn (-1).
void output_use(struct output *output, int delta);

// Frees the output, whoever names it. No worker may use it any more.
void output_destroy(struct output *output);

#endif
