// SPDX-License-Identifier: BSD-3-Clause
// How many IGMP and MLD messages of each kind a worker hands to the control thread.
//
// Each interface has budgets of its own per kind of message, and more for the queriers that the
// control side knows, so that a flood of one kind, or of forged queries from other addresses, does
// not displace the messages of another. Messages of unknown types take part in none.
#ifndef DATAPLANE_PUNT_BUDGET_H
#define DATAPLANE_PUNT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_mbuf.h>
#include "parse.h"
#include "punt_limit.h"
#include "punt_queriers.h"

// Each has a ring to the control thread, in this order of precedence.
enum punt_class {
	PUNT_QUERIER_GENERAL, // general query of a known querier
	PUNT_QUERIER_SPECIFIC,
	PUNT_GENERAL, // the same of others
	PUNT_SPECIFIC,
	PUNT_REPORT, // report or leave
	PUNT_OTHER, // a fragment, or too short to tell
	PUNT_CLASSES,
	PUNT_UNKNOWN = PUNT_CLASSES, // a type that is neither IGMP's nor MLD's
};

// What one worker may hand over of one interface. Worker only.
struct punt_budget {
	struct punt_limit limits[2][2 * PUNT_QUERIERS + PUNT_CLASSES - PUNT_GENERAL];
} __rte_cache_aligned;

// rate: of the worker, frames per second.
void punt_budget_init(struct punt_budget *budget, uint64_t hz, unsigned rate);

// What a message is. *slot is the number of its querier if that is known. Any thread.
enum punt_class punt_budget_class(const struct punt_queriers *queriers,
	const struct rte_mbuf *frame, const struct parsed *parsed, unsigned *slot);
// Worker. False: the message exceeds the budget.
bool punt_budget_take(struct punt_budget *budget, const struct parsed *parsed,
	enum punt_class class, unsigned slot, uint64_t now_tsc);

#endif
