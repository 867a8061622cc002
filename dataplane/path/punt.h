// SPDX-License-Identifier: BSD-3-Clause
// IGMP and MLD frames from the workers to the control thread: a bounded ring behind a rate limit,
// so that a flood of forged queries does not displace the real one.
#ifndef DATAPLANE_PUNT_H
#define DATAPLANE_PUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_ring.h>
#include "dataplane_private.h"
#include "parse.h"

struct interface;

struct rte_ring *punt_ring_create(const void *owner);
// Frees the ring and the frames in it. NULL is ignored.
void punt_ring_free(struct rte_ring *ring);
// Control thread. Frees the frames of this interface, of which no thread puts any more.
void punt_forget(struct rte_ring *ring, const struct interface *interface);

// A worker's share of the punt rate: a token bucket, stored as the time at which it is full again.
struct punt_limit {
	uint64_t cost_tsc; // per frame
	uint64_t depth_tsc; // how far full_tsc may be ahead of the clock
	uint64_t full_tsc;
};

// rate: frames per second; hz: frequency of the clock.
void punt_limit_init(struct punt_limit *limit, uint64_t hz, unsigned rate);
// Worker. False: the frame exceeds the rate.
bool punt_limit_take(struct punt_limit *limit, uint64_t now_tsc);

// Worker. Puts the frame into the ring, which takes it over, and returns DROP_NONE. Otherwise
// returns the reason to drop the frame, which stays the caller's.
enum drop_reason punt_put(struct rte_ring *ring, struct interface *interface,
	struct rte_mbuf *frame, const struct parsed *parsed);

#endif
