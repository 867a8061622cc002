// SPDX-License-Identifier: BSD-3-Clause
// Runs a script in virtual time: a host of igmp/, and on the same link a querier and a second
// router that only listens, both naive. When the link is calm, the routers must forward exactly
// what the sessions want.
//
// Two conditions are checked. "Wanted": everything that a session wants is forwarded, at once on a
// clean link, and after one answered general query if frames were lost. "Exact": nothing else is
// forwarded, after the last-member queries on a clean link, and otherwise after the older timers
// have expired.
#ifndef SCENARIO_H
#define SCENARIO_H

#include <host.h>
#include <member.h>
#include "model.h"

struct scenario_result {
	uint64_t packets_hash; // FNV-1a of all packets of the host; continues the caller's value
	// The first failure.
	uint64_t at_ms;
	char text[160];
};

// Runs the script. Returns false if a condition did not hold. The routers do not receive records of
// type `deaf_to` (0: all are received), to show that the conditions detect their absence.
bool scenario_run(
	const struct script *script, enum frame_type deaf_to, struct scenario_result *result);

// Reduces a failing script to few events and simple parameters that still fail.
void shrink_scenario(struct script *script, enum frame_type deaf_to);

// Makes the event's call and returns its result.
int event_call(struct session *session, struct host *host, const struct event *event);

#endif
