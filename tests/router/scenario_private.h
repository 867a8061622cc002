// SPDX-License-Identifier: BSD-3-Clause
// The state of a running scenario. Private to scenario.c, which runs the script and checks the
// conditions, link.c, which carries frames between the host and the routers, and event.c, which
// executes events.
#ifndef SCENARIO_PRIVATE_H
#define SCENARIO_PRIVATE_H

#include "scenario.h"

#define SCENARIO_ORIGIN_MS 5000 // when the clock starts; scripts count from 0
#define SCENARIO_LAST_MEMBER_MS 1000 // last member query interval
#define SCENARIO_UNSOLICITED_MS 1000 // unsolicited report interval
#define SCENARIO_SLACK_MS 50 // how late all may be
#define SCENARIO_QUERIES 1024 // on the wire at one time

enum {
	QUERIER,
	LISTENER,
	ROUTERS,
};

struct scenario_query {
	unsigned group; // or ROUTER_GENERAL
	uint32_t sources;
	bool suppress;
};

struct scenario {
	const struct script *script;
	enum frame_type deaf_to;
	uint64_t now, random;
	struct host *host;
	struct session *sessions[SCRIPT_SESSIONS];
	struct model model;
	struct router routers[ROUTERS];
	unsigned lost_copies[SCRIPT_GROUPS]; // of state-change reports, in a row
	struct scenario_query queries[SCENARIO_QUERIES];
	unsigned n_queries;
	bool link_up, calm;
	bool bulk; // groups from SCRIPT_BULK on were used
	uint64_t wanted_from, exact_from; // the times from which the conditions must hold
	bool failed;
	struct scenario_result *result;
};

// Ends the scenario; only the first failure counts.
__attribute__((format(printf, 2, 3))) void scenario_fail(
	struct scenario *scenario, const char *format, ...);

// The host's side of the link; its context is the scenario.
extern const struct host_ops link_host_ops;

// Decides whether the next frame is lost.
bool link_loses(struct scenario *scenario);

// A router's query callback. link_drain_queries() sends the query.
void link_queue_query(void *scenario, unsigned group, uint32_t sources, bool suppress);
void link_drain_queries(struct scenario *scenario);

// A query of this version reaches the host, unless it is lost.
void link_deliver_query(
	struct scenario *scenario, const struct scenario_query *query, unsigned version);
void link_router_address(const struct script *script, struct sluice_addr *addr);

void event_open_host(struct scenario *scenario);
void event_open_session(struct scenario *scenario, unsigned i);
void event_play(struct scenario *scenario, const struct event *event);
// From now on nothing is lost and nothing happens.
void event_calm(struct scenario *scenario);

// Sets a time to a later one; it is never set to an earlier one.
static inline void scenario_later(uint64_t *time, uint64_t than)
{
	if (*time < than)
		*time = than;
}

#endif
