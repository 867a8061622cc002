// SPDX-License-Identifier: BSD-3-Clause
// Answers to queries: who asks what, and the answers to specific ones. Private to igmp/.
#ifndef IGMP_RESPONSE_H
#define IGMP_RESPONSE_H

#include "source.h"
#include "wheel.h"

struct group;
struct host;
struct message;

// The answer to a specific query that waits for its time.
struct response {
	union {
		struct wheel_timer timer;
		TAILQ_ENTRY(response) queue; // host->responses
	};
	struct group *group;
	uint8_t (*queried)[16]; // sorted; NULL: the whole record is queried for
	unsigned n_queried;
	bool queued; // its time has come
	struct source_place place;
};

TAILQ_HEAD(response_queue, response);

// A group or group-and-source query asks for the group.
void response_start(
	struct host *host, struct group *group, const struct message *query, uint64_t now_ms);
void response_expire(struct response *response);
bool response_transmit(struct host *host, uint64_t now_ms); // false if the port or the pace is full
void response_forget(struct host *host, struct group *group); // the group goes away
void response_cancel(struct host *host);

#endif
