// SPDX-License-Identifier: BSD-3-Clause
// Frames that ask the same group table, on their way through the stages: asked for, found,
// delivered. While one stage works on some frames, the memory the next one needs comes.
#ifndef DATAPLANE_BATCH_H
#define DATAPLANE_BATCH_H

#include "group_table.h"
#include "interface.h"
#include "parse_template.h"
#include "worker.h"

// What frames of the same output add up to: one that counts is told once a run of them.
struct tally {
	struct output *output;
	unsigned packets;
	uint64_t bytes;
};

struct batch {
	struct worker *worker;
	const struct group_table *table;
	bool joined; // whether there is anything to ask for
	bool ipv6;
	struct rte_mbuf **frames;
	// Of frames that are alike: where their bytes are, and how they are laid out. Of others
	// what parsing each gave.
	bool alike;
	const uint8_t *const *data;
	struct parse_template template;
	const struct parsed *parsed;

	struct group_query query;
	uint32_t index[BURST];
	struct group_record *groups[BURST];

	// What the frames add up to.
	uint32_t tick;
	unsigned n_not_joined, n_filtered;
	unsigned n_more; // deliveries beyond one a frame
	uint64_t bytes;
	uint64_t unwanted; // frames to be freed, bit i is frame i
	struct tally tally;
};

// All of them are for workers.

// Starts a batch of frames that came by the port, whose bytes are at `data`, of those that are like
// the first. False: the first is none of the many, or no interface's.
bool batch_start_alike(struct batch *batch, struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, const uint8_t *const *data, uint32_t tick);
// Starts a batch of frames that were parsed, came by the interface and are of one family.
void batch_start_parsed(struct batch *batch, struct worker *worker,
	const struct interface *interface, bool ipv6, struct rte_mbuf **frames,
	const struct parsed *parsed, uint32_t tick);

// The stages take on frames number `first` to end - 1. A batch that is not joined is through after
// the first.

// Matches frames that are alike with the template, and asks for their groups. Returns where the
// first is that does not match.
unsigned batch_match(struct batch *batch, unsigned first, unsigned end);
// Asks for the groups of parsed frames.
void batch_ask(struct batch *batch, unsigned first, unsigned end);
void batch_find(struct batch *batch, unsigned first, unsigned end);
// Fetches fan-outs. Most groups come down to one output and have no need of theirs.
void batch_fetch(struct batch *batch, unsigned first, unsigned end);
void batch_deliver(struct batch *batch, unsigned first, unsigned end);

// Counts the batch's n >= 1 frames and frees what nobody wanted.
void batch_end(struct batch *batch, unsigned n);

#endif
