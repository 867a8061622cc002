// SPDX-License-Identifier: BSD-3-Clause
// The last stage of a burst: frames to outputs.
#ifndef DATAPLANE_DELIVER_H
#define DATAPLANE_DELIVER_H

#include "output.h"
#include "parse.h"
#include "worker.h"

// Worker. Stages the frame for each of the outputs; takes the frame over.
void deliver_frame(struct worker *worker, struct rte_mbuf *frame, const struct parsed *parsed,
	struct output *const *outputs, unsigned n);

// Worker. Hands over what was staged since the last call, one enqueue an output, and frees what
// nobody wanted.
void deliver_flush(struct worker *worker);

#endif
