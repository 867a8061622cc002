// SPDX-License-Identifier: BSD-3-Clause
// Runs a script in virtual time: a host of igmp/, and on the same link a querier and a second
// router that only listens, both naive. When the channel is calm, what the routers forward must
// be what the sessions want.
//
// Two bounds are watched. "Wanted" holds that nothing a session wants is blocked: at once on a
// clean link, after one answered general query where frames were lost. "Exact" holds that nothing
// else is forwarded either: once the last-member queries have gone by on a clean link, once the
// older timers have run out on any other.
#ifndef SCENARIO_H
#define SCENARIO_H

#include <host.h>
#include <member.h>
#include "model.h"

struct scenario_result {
	uint64_t packets_hash; // FNV-1a of all packets the host sent, continued from the caller's
	// Of the first failure.
	uint64_t at_ms;
	char text[160];
};

// Runs it; false if a bound was broken. All records of one type may be kept from the routers, to
// see that the bounds notice: `deaf_to` names it, 0 for none.
bool scenario_run(
	const struct script *script, enum frame_type deaf_to, struct scenario_result *result);

// Cuts a script that fails down to few events and plain parameters that still fail.
void scenario_shrink(struct script *script, enum frame_type deaf_to);

// Makes the event's call; returns what it returned.
int event_call(struct session *session, struct host *host, const struct event *event);

#endif
