// SPDX-License-Identifier: BSD-3-Clause
// A host that takes steps without memory: its calls by number and name, its frames as bytes, and
// its state as text.
#ifndef HOST_ALLOCATION_FIXTURE_H
#define HOST_ALLOCATION_FIXTURE_H

#include "host_fixture.h"

#define HOST_SESSIONS 3
#define HOST_WIRE_SIZE (4u << 20) // bytes
#define HOST_TEXT_SIZE (1u << 20)

enum host_operation {
	END,
	OPEN, // a session
	CLOSE,
	JOIN,
	JOIN_MANY,
	LEAVE,
	LEAVE_MANY,
	JOIN_SOURCE,
	LEAVE_SOURCE,
	BLOCK,
	UNBLOCK,
	INCLUDE, // n sources, from this one on
	EXCLUDE,
	ADDRESSES, // n of them
	RECONFIGURE, // the MTU is n
	LIST, // the groups
	QUERY, // general if the group is NULL; n sources
	OLD_QUERY, // of an older version
	LINK, // up if n > 0
	RUN, // n milliseconds
};

struct host_step {
	enum host_operation operation;
	unsigned session;
	const char *group;
	unsigned source, n;
};

struct host_run {
	struct host_fixture fixture; // names and packets
	struct host *host;
	struct session *sessions[HOST_SESSIONS];
	uint64_t now_ms;
	unsigned done; // of JOIN_MANY or LEAVE_MANY
	unsigned n_published;
	uint8_t *wire; // time, length, packet
	size_t n_wire;
	size_t asked_at; // where the wire was at the query of a group
	const char *asked; // the group; NULL: none
	bool loose; // a query met a lack of memory, and so the frames may differ
};

extern struct host_run host_run;

void host_allocation_begin(int family);
int host_allocation_open(void);
int host_allocation_call(const struct host_step *step);
const char *host_allocation_describe(void);
void host_allocation_finish(void);

#endif
