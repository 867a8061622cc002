// SPDX-License-Identifier: BSD-3-Clause
// Responses to group and group-and-source queries. Private to igmp/host.
#ifndef IGMP_RESPONSE_H
#define IGMP_RESPONSE_H

#include "source.h"
#include "wheel.h"

struct group;
struct host;
struct message;

// A pending response.
struct response {
	union {
		struct wheel_timer timer;
		TAILQ_ENTRY(response) queue; // host->responses
	};
	struct group *group;
	uint8_t (*queried)[16]; // sorted; NULL: the whole record
	unsigned n_queried;
	bool queued; // its timer has expired
	struct source_place place;
};

TAILQ_HEAD(response_queue, response);

// Schedules the response to a group or group-and-source query.
void response_start(
	struct host *host, struct group *group, const struct message *query, uint64_t now_ms);
void response_expire(struct response *response);
// False if the port is full or the rate limit is reached.
bool response_transmit(struct host *host, uint64_t now_ms);
void response_forget(struct host *host, struct group *group); // the group is freed
void response_cancel(struct host *host);

#endif
