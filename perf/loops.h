// SPDX-License-Identifier: BSD-3-Clause
// What the benchmark of the whole loop does with a burst: the loop of a worker, the loops it is
// compared with, and the limits of both.
#ifndef PERF_LOOPS_H
#define PERF_LOOPS_H

#include "aligned_memory.h"
#include "frame_source.h"
#include "worker.h"

#define LOOP_OUTPUTS 8

struct loop_line {
	_Alignas(ALIGNED_MEMORY_LINE) uint64_t words[ALIGNED_MEMORY_LINE / 8];
};

struct loop {
	struct dataplane *dp;
	struct worker *worker;
	struct port *port;
	struct interface *interface;
	struct output *outputs[LOOP_OUTPUTS];
	unsigned n_outputs; // 0: one counting output
	struct rte_ring *rings[LOOP_OUTPUTS]; // DPDK rings
	struct group_table *peer; // joined, with one group in it: replaced by another table
	struct rte_hash *hash;
	void **known; // the record of each frame of the source
	unsigned at; // number of the burst's first frame in `known`
	struct loop_line *lines; // one per group
	uint32_t n_lines;
	struct frame_source source;
};

typedef void (*loop_burst)(struct loop *loop, struct rte_mbuf **frames, unsigned n);

// Receives and frees: the ceiling of all loops.
void loops_free(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// Parses in between.
void loops_parse(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// Also reads one line per frame, as every lookup must.
void loops_limit(struct loop *loop, struct rte_mbuf **frames, unsigned n);

// The loop of a worker, and the consumer of its outputs.
void loops_sluice(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// The same with rte_hash as the table, and with a table that costs nothing.
void loops_hash(struct loop *loop, struct rte_mbuf **frames, unsigned n);
void loops_known(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// And with one that only reads one line per frame, of a memory of 24 bytes per group.
void loops_line(struct loop *loop, struct rte_mbuf **frames, unsigned n);

// Receives, passes frames through eight DPDK rings, chosen by a byte of the group, and frees.
void loops_rings(struct loop *loop, struct rte_mbuf **frames, unsigned n);

#endif
