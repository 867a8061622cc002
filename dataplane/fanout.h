// SPDX-License-Identifier: BSD-3-Clause
// A fan-out: who gets the frames of one group. Immutable once built, so a worker reads it without
// a lock; a change builds the next one from it.
//
// The distinct outputs come first, those that take every frame ("open") before those with a
// filter. A line is one subscriber's filter; the lines of one output are adjacent, so that an
// output gets a frame once however many of its lines want it.
#ifndef DATAPLANE_FANOUT_H
#define DATAPLANE_FANOUT_H

#include "dataplane.h"
#include "reclaim.h"

#define FANOUT_LINES_MAX 1024

struct fanout {
	struct reclaim_item reclaim;
	uint16_t n_lines;
	uint16_t n_outputs;
	uint16_t n_open; // outputs[0 .. n_open - 1] take every frame
	uint16_t family;
	struct output *outputs[]; // n_outputs, then the lines, then their sources
};

// What a filter looks at in a frame.
struct fanout_frame {
	const void *source; // IP source address, network order, any alignment
	uint16_t udp_port_be; // destination port; 0 if the frame is not UDP
	bool later_fragment; // carries no port: every port-bound line takes it
};

// Builds the fan-out in which the owner's lines of `old` (NULL: there is none) are replaced by
// `subs`. *next is NULL when no line remains. -ENOMEM, or -ENOSPC beyond FANOUT_LINES_MAX lines.
int fanout_replace(const struct fanout *old, uint16_t family, uint64_t owner,
	const struct subscriber *subs, unsigned n, struct fanout **next);
void fanout_free(struct fanout *fanout);

// The outputs that want the frame, each once, as far as filters decide it: fills `wanted` (room
// for n_outputs) and returns their number.
unsigned fanout_filter(
	const struct fanout *fanout, const struct fanout_frame *frame, struct output **wanted);

#endif
