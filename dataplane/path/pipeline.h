// SPDX-License-Identifier: BSD-3-Clause
// What happens to a burst of received frames: parsed, sorted by group table, looked up, delivered.
#ifndef DATAPLANE_PIPELINE_H
#define DATAPLANE_PIPELINE_H

#include "worker.h"

// Worker. Takes n <= BURST frames received by `port` over.
void pipeline_burst(
	struct worker *worker, const struct port *port, struct rte_mbuf **frames, unsigned n);

#endif
