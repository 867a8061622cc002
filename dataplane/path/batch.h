// SPDX-License-Identifier: BSD-3-Clause
// A batch: the frames of a burst that use the same group table, on their way through the stages
// match (or ask), find, fetch and deliver. Each stage prefetches the memory that the next one
// reads.
#ifndef DATAPLANE_BATCH_H
#define DATAPLANE_BATCH_H

#include "group_table.h"
#include "interface.h"
#include "parse_template.h"
#include "worker.h"

// Packets and bytes of consecutive frames for the same counting output, which are added to its
// counters at once.
struct tally {
	struct output *output;
	unsigned packets;
	uint64_t bytes;
};

struct batch {
	struct worker *worker;
	const struct group_table *table;
	bool joined; // the table has groups
	bool ipv6;
	struct rte_mbuf **frames;
	// Uniform frames match the template, and `data` points to their bytes. Other frames have
	// been parsed one by one.
	bool uniform;
	const uint8_t *const *data;
	struct parse_template template;
	const struct parsed *parsed;

	struct group_query query;
	uint32_t index[BURST];
	struct group_record *groups[BURST];

	// Sums over the frames.
	uint32_t tick;
	unsigned n_not_joined, n_filtered;
	unsigned n_more; // deliveries beyond one per frame
	uint64_t bytes;
	uint64_t unwanted; // frames to be freed; bit i is frame i
	struct tally tally;
};

// All functions belong to workers.

// Starts a batch of uniform frames received from the port, with the first frame as the template;
// `data` points to the bytes of each frame. False: the first frame is not on the fast path, or
// belongs to no interface. tick: group_record_tick().
bool batch_start_uniform(struct batch *batch, struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, const uint8_t *const *data, uint32_t tick);
// Starts a batch of parsed frames of one interface and family.
void batch_start_parsed(struct batch *batch, struct worker *worker,
	const struct interface *interface, bool ipv6, struct rte_mbuf **frames,
	const struct parsed *parsed, uint32_t tick);

// Each stage processes frames number `first` to end - 1. A batch that is not joined needs only the
// first stage.

// Matches frames with the template and adds their groups to the query. Returns the number of the
// first frame that does not match, or `end`.
unsigned batch_match(struct batch *batch, unsigned first, unsigned end);
// Adds the groups of parsed frames to the query.
void batch_ask(struct batch *batch, unsigned first, unsigned end);
// Looks up the records of the groups.
void batch_find(struct batch *batch, unsigned first, unsigned end);
// Prefetches the fan-outs of groups without a direct route.
void batch_fetch(struct batch *batch, unsigned first, unsigned end);
// Calls hooks, applies filters and delivers.
void batch_deliver(struct batch *batch, unsigned first, unsigned end);

// Counts the n >= 1 frames of the batch and frees those that no output took.
void batch_end(struct batch *batch, unsigned n);

#endif
