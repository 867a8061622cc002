// SPDX-License-Identifier: BSD-3-Clause
// A script: all events of one host and of the routers on its link, drawn from a seed.
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdio.h>
#include "router.h"

#define SCRIPT_SESSIONS 4
#define SCRIPT_SOURCES 6
#define SCRIPT_BULK 4 // the groups from here on are joined and left together
#define SCRIPT_GROUPS 200
#define SCRIPT_SSM 3 // this group is in the SSM range
#define SCRIPT_EVENTS 48

enum event_type {
	EVENT_JOIN,
	EVENT_LEAVE,
	EVENT_JOIN_SOURCE,
	EVENT_LEAVE_SOURCE,
	EVENT_BLOCK,
	EVENT_UNBLOCK,
	EVENT_INCLUDE, // sets the whole filter
	EVENT_EXCLUDE,
	EVENT_CLOSE, // the session is closed and another one opened
	EVENT_JOIN_BULK,
	EVENT_LEAVE_BULK,
	EVENT_CALLS, // those before are calls of sessions

	EVENT_RESTART_QUERIER = EVENT_CALLS, // it loses its state and may change its version
	EVENT_LINK, // goes down or up
	EVENT_RESTART_HOST, // all sessions end with it
	EVENT_STRAY_QUERY, // from another querier of any version, which is then silent
	EVENT_FOREIGN_REPORT, // another host reports the group in an older version
	EVENT_TYPES,
};

struct event {
	uint64_t at_ms; // events of one millisecond are one batch
	enum event_type type;
	unsigned session, group, version;
	uint32_t sources; // a set; one bit in calls that take one source
};

struct script {
	uint64_t seed;
	int family;
	// Clean: always IGMPv3 or MLDv2, and no frame is lost while the link is up, so that the
	// reports of each change must reach the routers. Otherwise anything may happen until
	// calm_ms.
	bool clean;
	unsigned loss_percent; // of frames, each way
	bool lose_copies; // clean only: some copies of each change are lost, but never all
			  // (CHG-7)
	unsigned robustness;
	uint32_t query_interval_ms, response_interval_ms;
	uint16_t mtu;
	bool learn_timeout; // the older querier timeout follows the querier's values
	uint64_t calm_ms; // from here on nothing is lost and nothing happens
	unsigned calm_version;
	unsigned n_events;
	struct event events[SCRIPT_EVENTS];
};

void script_generate(struct script *script, uint64_t seed, int family);
void script_print(const struct script *script, FILE *out);

void script_group(int family, unsigned group, struct sluice_addr *addr);
void script_source(int family, unsigned source, struct sluice_addr *addr);
// -1 if there is none with that name.
int script_find_group(const struct sluice_addr *addr);
int script_find_source(const struct sluice_addr *addr);

// A small generator of random numbers, the same on every machine.
uint64_t script_random(uint64_t *state);

#endif
