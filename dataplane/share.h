// SPDX-License-Identifier: BSD-3-Clause
// A ring output shared with another process: a thread copies its frames into a memif port, whose
// shared memory is the other process's, so that neither needs huge pages of the other.
#ifndef DATAPLANE_SHARE_H
#define DATAPLANE_SHARE_H

#include "dataplane.h"

struct share;

// Listens at `path`, for whom this user lets in. `ring_size` frames, a power of two, may wait on
// the other side. Control thread.
int share_open(struct output *ring, const char *path, unsigned ring_size, struct share **share,
	struct dataplane_error *error);
// Before the output is closed.
void share_close(struct share *share);
// Waits until what the ring held at the call has gone to the other side, or was dropped because
// that is full. Control thread.
void share_settle(const struct share *share);
// Frames dropped because the other side is slow. Any thread.
uint64_t share_dropped(const struct share *share);

// ---- The other side: any process with EAL --------------------------------------------------

struct share_port;

int share_port_open(const char *path, unsigned ring_size, struct share_port **port);
// Frames received before are to be freed before.
void share_port_close(struct share_port *port);
unsigned share_port_receive(struct share_port *port, struct rte_mbuf **frames, unsigned n);

#endif
