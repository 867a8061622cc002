// SPDX-License-Identifier: BSD-3-Clause
// Staging: a worker collects the frames of a receive burst in its lane of each output and hands
// them over once per output and burst. The worker remembers which outputs have staged frames.
#ifndef DATAPLANE_STAGING_H
#define DATAPLANE_STAGING_H

#include "output.h"
#include "worker.h"

// Worker. Makes room for n more outputs with staged frames, beside one for each frame of the burst
// that goes to a single output. Hands over what is staged if there is no room.
void staging_reserve(struct worker *worker, unsigned n);

// Worker. Its lane of the output. The caller stages frames in it at once.
static inline struct output_lane *staging_lane(struct worker *worker, struct output *output)
{
	struct output_lane *lane = &output->lanes[worker->index];

	// Without a branch: which outputs a burst goes to is different each time.
	worker->staged[worker->n_staged] = output;
	worker->n_staged += !output_has_staged(lane);
	return lane;
}

// Worker. Hands over what is staged, with one enqueue per output.
void staging_hand_over(struct worker *worker);

#endif
