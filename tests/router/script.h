// SPDX-License-Identifier: BSD-3-Clause
// A script: everything that happens to one host and the routers of its link, drawn from a seed.
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
	EVENT_INCLUDE, // a filter set whole
	EVENT_EXCLUDE,
	EVENT_CLOSE, // the session closes and another takes its place
	EVENT_JOIN_BULK,
	EVENT_LEAVE_BULK,
	EVENT_CALLS, // all before are calls of sessions

	EVENT_RESTART_QUERIER = EVENT_CALLS, // it forgets all and may change version
	EVENT_LINK, // goes down or comes back
	EVENT_RESTART_HOST, // all sessions die with it
	EVENT_STRAY_QUERY, // from another querier of some version, which then falls silent
	EVENT_FOREIGN_REPORT, // another host reports the group the old way
	EVENT_TYPES,
};

struct event {
	uint64_t at_ms; // events of one millisecond are one batch
	enum event_type type;
	unsigned session, group, version;
	uint32_t sources; // a set; of calls that take one source, one bit
};

struct script {
	uint64_t seed;
	int family;
	// Clean: IGMPv3 or MLDv2 throughout and no frame lost while the link is up, so every change
	// must reach the routers by its own reports. Otherwise anything goes until the calm.
	bool clean;
	unsigned loss_percent; // of frames, each way
	bool lose_copies; // clean only: of each change's copies some are lost, but never all
			  // (CHG-7)
	unsigned robustness;
	uint32_t query_interval_ms, response_interval_ms;
	uint16_t mtu;
	bool learn_timeout; // older querier timeout from the querier's words, not fixed
	uint64_t calm_ms; // from here on no loss and no events
	unsigned calm_version;
	unsigned n_events;
	struct event events[SCRIPT_EVENTS];
};

void script_generate(struct script *script, uint64_t seed, int family);
void script_print(const struct script *script, FILE *out);

void script_group(int family, unsigned group, struct sluice_addr *addr);
void script_source(int family, unsigned source, struct sluice_addr *addr);
// -1 if it is none of them.
int script_find_group(const struct sluice_addr *addr);
int script_find_source(const struct sluice_addr *addr);

// A small generator of random numbers, the same on every machine.
uint64_t script_random(uint64_t *state);

#endif
