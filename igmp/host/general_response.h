// SPDX-License-Identifier: BSD-3-Clause
// The answer to a general query: a walk over all groups, cut into as many steps as it takes frames.
// The steps are spread evenly over the response time from a random first one on (RSP-5); with one
// frame that is one random delay. Private to igmp/.
#ifndef IGMP_GENERAL_RESPONSE_H
#define IGMP_GENERAL_RESPONSE_H

#include "source.h"
#include "wheel.h"

struct group;
struct host;

struct general_response {
	struct wheel_timer timer;
	bool pending;
	bool begun; // the first frame's time has come
	bool timer_set; // steps are left
	uint64_t start_ms; // the first frame's time
	uint32_t spread_ms; // the time to spread over
	uint32_t n_steps;
	uint32_t n_groups; // when it began
	uint32_t visited;
	uint32_t quota; // to be visited up to now
	struct group *at; // NULL: all have been visited
	uint32_t from; // the number of the first group
	bool wrapped; // past the last group of the pool: those before the first are left
	struct source_place place; // in the list of `at`
};

// A walk that is still going on takes the new query in: it goes on where it is until it has met all
// groups once more, fast enough that nobody waits longer for being asked again.
void general_response_start(struct host *host, uint32_t response_ms, uint64_t now_ms);
void general_response_stop(struct host *host);
void general_response_expire(struct host *host, uint64_t now_ms);
bool general_response_transmit(
	struct host *host, uint64_t now_ms); // false if the port or the pace is full
void general_response_forget(struct host *host, const struct group *group); // the group goes away

// Whether a walk that has not begun will have met all groups by then.
bool general_response_ends_by(const struct host *host, uint64_t at_ms);

#endif
