// SPDX-License-Identifier: BSD-3-Clause
// A naive router: the state tables RTR-3 to RTR-9 (RFC 9776 section 6, RFC 9777 section 7) and the
// group compatibility of RTR-13, written to be easily compared with the text of the RFCs. Groups
// and sources are small numbers, and sets of sources are bit masks.
#ifndef ROUTER_H
#define ROUTER_H

#include "router_frame.h"

#define ROUTER_GROUPS 256
#define ROUTER_SOURCES 8
#define ROUTER_OTHER (1u << ROUTER_SOURCES) // in a set: a source that no report names
#define ROUTER_ALL ((ROUTER_OTHER << 1) - 1)
#define ROUTER_GENERAL ROUTER_GROUPS // in place of a group: a general query
#define ROUTER_NEVER UINT64_MAX

struct router_config {
	bool querier; // a non-querier only receives reports and queries
	unsigned version;
	unsigned robustness;
	uint32_t query_interval_ms;
	uint32_t response_interval_ms;
	uint32_t last_member_interval_ms;
	// The tolerated delay of a response (TMR-14).
	uint32_t slack_ms;
	void (*query)(void *ctx, unsigned group, uint32_t sources, bool suppress);
	void *ctx;
};

struct router_group {
	bool exclude; // EX(x, y), else IN(x)
	uint32_t x; // sources whose timer runs
	uint32_t y; // sources whose timer has expired; blocked
	uint64_t timer; // the group timer, in EX
	uint64_t source_timer[ROUTER_SOURCES];

	unsigned queries; // Q(G) still to be sent
	unsigned source_queries[ROUTER_SOURCES]; // Q(G,S) still to be sent
	uint64_t next_query;

	uint64_t v1_host_until, v2_host_until; // Older Host Present
};

struct router {
	struct router_config config;
	unsigned startup_queries;
	uint64_t next_general;
	unsigned n_groups; // in use: higher groups have no state
	struct router_group groups[ROUTER_GROUPS];
};

// Starts the router, or restarts it without any state.
void router_start(struct router *router, const struct router_config *config, uint64_t now);

void router_report(struct router *router, unsigned group, unsigned version, enum frame_type type,
	uint32_t sources, uint64_t now);

// Processes another router's query (RTR-9).
void router_hear_query(
	struct router *router, unsigned group, uint32_t sources, bool suppress, uint64_t now);

uint64_t router_next_ms(const struct router *router);

// Expires timers and sends queries. Frames of the same millisecond come first.
void router_advance(struct router *router, uint64_t now);

// The set of sources, ROUTER_OTHER among them, whose packets it forwards (RTR-6).
uint32_t router_forwarded(const struct router *router, unsigned group);

// The group membership interval, TMR-6.
uint64_t router_membership_ms(const struct router_config *config);

#endif
