// SPDX-License-Identifier: BSD-3-Clause
// What the benchmark of the whole loop does with a burst: a worker's loop, what it is compared
// with, and what limits both.
#ifndef PERF_LOOPS_H
#define PERF_LOOPS_H

#include "aligned_memory.h"
#include "frame_source.h"
#include "worker.h"

#define LOOP_OUTPUTS 8

struct line {
	_Alignas(ALIGNED_MEMORY_LINE) uint64_t words[ALIGNED_MEMORY_LINE / 8];
};

struct loop {
	struct dataplane *dp;
	struct worker *worker;
	struct port *port;
	struct interface *interface;
	struct output *outputs[LOOP_OUTPUTS];
	unsigned n_outputs; // 0: an output that counts
	struct rte_ring *rings[LOOP_OUTPUTS]; // bare ones
	struct group_table *peer; // joined, with one group in it: holds the place of another table
	struct rte_hash *hash;
	void **known; // the record of each frame of the source
	unsigned at; // number of the burst's first frame in `known`
	struct line *lines; // one per group
	uint32_t n_lines;
	struct source source;
};

typedef void (*loop_burst)(struct loop *loop, struct rte_mbuf **frames, unsigned n);

// Receiving and freeing, the ceiling of all.
void free_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// And parsing in between.
void parse_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// And reading a line a group, as whoever asks for groups has to.
void limit_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);

// A worker's loop, and what takes frames out of its outputs.
void sluice_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// The worker's loop with rte_hash as its table, and with a table that costs nothing.
void hash_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);
void known_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);
// And with one that reads one line per frame, of a memory of 24 bytes per group.
void line_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);

// Receiving, eight of DPDK's rings, and freeing: frames are dealt by a byte of the group.
void rings_burst(struct loop *loop, struct rte_mbuf **frames, unsigned n);

#endif
