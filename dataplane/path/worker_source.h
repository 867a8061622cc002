// SPDX-License-Identifier: BSD-3-Clause
// What a worker polls: receive queues of ports, rings that some other part of the process fills,
// and the shared transmit queues it has to drain.
//
// The list of a worker's sources is immutable. A change publishes a copy by one store and retires
// the present one, so that sources come and go while the worker runs.
#ifndef DATAPLANE_WORKER_SOURCE_H
#define DATAPLANE_WORKER_SOURCE_H

#include "worker.h"

struct worker_source {
	// Worker. Takes on one burst, if there is one; returns the number of frames received.
	unsigned (*poll)(struct worker *worker, const struct worker_source *source);
	struct port *port; // by which the frames came, or leave: its interfaces and offload flags
	uint16_t queue; // of the port
	struct rte_ring *ring; // of a ring source
};

struct worker_source_list {
	struct reclaim_item reclaim;
	unsigned n_received; // sources that receive; behind them those that drain
	unsigned n;
	struct worker_source sources[];
};

// Control thread, all of them; workers may run. Failures change nothing.

// Deals the receive queues of the port round the workers, and gives each shared transmit queue to
// the worker of its number. -ENOMEM
int worker_source_add_port(struct dataplane *dp, struct port *port);

// Makes the worker poll the ring, of which it is the only consumer. The frames in it, mbufs that
// become the worker's, go the way of frames that `port` received. -ENOMEM
int worker_source_add_ring(
	struct dataplane *dp, unsigned worker, struct rte_ring *ring, struct port *port);
// When it returns 0, the worker does not use the ring any more. Frames may be left in it, for the
// caller to free. -ENOENT: the worker has no such source; -ENOMEM; -ETIMEDOUT: a worker is stalled,
// and the ring stays in use until dataplane_synchronize() returns 0
int worker_source_remove_ring(struct dataplane *dp, unsigned worker, const struct rte_ring *ring);

#endif
