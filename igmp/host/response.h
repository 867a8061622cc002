// SPDX-License-Identifier: BSD-3-Clause
// Answers to queries: who asks what, and the answers to specific ones. Private to igmp/.
#ifndef IGMP_ANSWER_H
#define IGMP_ANSWER_H

#include "source.h"
#include "wheel.h"

struct group;
struct host;
struct query;

// The answer to a specific query that waits for its time.
struct answer {
	union {
		struct wheel_timer timer;
		TAILQ_ENTRY(answer) queue; // host->answers
	};
	struct group *group;
	uint8_t (*asked)[16]; // sorted; NULL: the whole record is asked for
	unsigned n_asked;
	bool queued; // its time has come
	struct source_place place;
};

TAILQ_HEAD(answer_queue, answer);

void answer_query(struct host *host, const struct query *query, uint64_t now_ms);
void answer_expire(struct answer *answer);
bool answer_transmit(struct host *host, uint64_t now_ms); // false if the port or the pace is full
void answer_forget(struct host *host, struct group *group); // the group goes away
void answer_cancel(struct host *host);

#endif
