// SPDX-License-Identifier: BSD-3-Clause
// IGMP and MLD frames from the workers to the control thread: a bounded ring per kind of message,
// so that a flood of one kind does not displace another. punt_budget.h limits their rate.
#ifndef DATAPLANE_PUNT_H
#define DATAPLANE_PUNT_H

#include "dataplane_private.h"
#include "parse.h"
#include "punt_budget.h"

struct interface;

struct punt_rings;

struct punt_rings *punt_rings_create(const void *owner);
// Frees the rings and the frames in them. NULL is ignored.
void punt_rings_free(struct punt_rings *rings);
// Control thread. Frees the frames of this interface, of which no thread puts any more.
void punt_forget(struct punt_rings *rings, const struct interface *interface);

// Any thread. Puts the frame into the ring of its class, which takes it over, and returns
// DROP_NONE. Otherwise returns the reason to drop the frame, which stays the caller's.
enum drop_reason punt_put(struct punt_rings *rings, enum punt_class class,
	struct interface *interface, struct rte_mbuf *frame, const struct parsed *parsed);

#endif
