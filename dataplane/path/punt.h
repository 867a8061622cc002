// SPDX-License-Identifier: BSD-3-Clause
// IGMP and MLD frames on their way from the workers to the control thread: a bounded ring, and a
// rate limit in front of it, for whoever sends a flood of queries must not drown the real one.
#ifndef DATAPLANE_PUNT_H
#define DATAPLANE_PUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_ring.h>
#include "parse.h"

#define PUNT_RING_SIZE 512

struct interface;

struct rte_ring *punt_ring_create(const void *owner);
// Frees the frames in it, too.
void punt_ring_free(struct rte_ring *ring);

// A worker's share of the punt rate: a token bucket, told by when it will be full again.
struct punt_limit {
	uint64_t cost_tsc; // a frame
	uint64_t depth_tsc; // how far full_tsc may lie ahead
	uint64_t full_tsc;
};

// `rate` frames a second of a clock of `hz`.
void punt_limit_init(struct punt_limit *limit, uint64_t hz, unsigned rate);
bool punt_limit_take(struct punt_limit *limit, uint64_t now_tsc);

// Worker. Puts the frame into the ring, which takes it over, and returns DROP_NONE; or returns the
// reason to drop it, and it stays the caller's.
enum drop_reason punt_put(struct rte_ring *ring, struct interface *interface,
	struct rte_mbuf *frame, const struct parsed *parsed);

#endif
