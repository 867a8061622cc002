// SPDX-License-Identifier: BSD-3-Clause
// The response to a general query. It goes through all groups in as many steps as it takes reports.
// The steps are spread evenly over the response time, from a random first one on (RSP-5). A single
// report has one random delay. Private to igmp/host.
#ifndef IGMP_GENERAL_RESPONSE_H
#define IGMP_GENERAL_RESPONSE_H

#include "source.h"
#include "wheel.h"

struct group;
struct host;

struct general_response {
	struct wheel_timer timer;
	bool pending;
	bool begun; // the time of the first report has come
	bool timer_set; // steps are left
	uint64_t start_ms; // of the first report
	uint32_t spread_ms; // the steps are spread over
	uint32_t n_steps;
	uint32_t n_groups; // at the beginning
	uint32_t visited;
	uint32_t quota; // groups that may have been visited by now
	struct group *at; // next group, NULL: all have been visited
	uint32_t from; // pool number of the first group
	bool wrapped; // past the last group of the pool, before the first one
	struct source_place place; // in the list of `at`
};

// A response in progress includes the new query: it continues where it is until it has visited all
// groups once more, fast enough that no group responds later because of the second query.
void general_response_start(struct host *host, uint32_t response_ms, uint64_t now_ms);
void general_response_stop(struct host *host);
void general_response_expire(struct host *host, uint64_t now_ms);
// False if the port is full or the rate limit is reached.
bool general_response_transmit(struct host *host, uint64_t now_ms);
void general_response_forget(struct host *host, const struct group *group); // the group is freed

// Whether a response that has not begun will have visited all groups by then.
bool general_response_ends_by(const struct host *host, uint64_t at_ms);

#endif
