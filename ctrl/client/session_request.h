// SPDX-License-Identifier: BSD-3-Clause
// The requests of a session, which the public calls pass to sluiced or to an engine in this
// process. The arguments are checked before: groups have a family, sources have the family of their
// group, and `ifindex` is the index of an interface.
#ifndef CTRL_SESSION_REQUEST_H
#define CTRL_SESSION_REQUEST_H

#include <stddef.h>
#include <sluice/types.h>

enum membership_call {
	MEMBERSHIP_JOIN,
	MEMBERSHIP_LEAVE,
	MEMBERSHIP_JOIN_SOURCE,
	MEMBERSHIP_LEAVE_SOURCE,
	MEMBERSHIP_BLOCK_SOURCE,
	MEMBERSHIP_UNBLOCK_SOURCE,
	MEMBERSHIP_SET_FILTER,
};

// A call that changes a membership. The sources are valid during the call; the mode of the filter
// counts for MEMBERSHIP_SET_FILTER only.
struct membership_request {
	enum membership_call call;
	unsigned ifindex;
	struct sluice_addr group;
	struct sluice_source_filter filter;
};

// Reads the filter of a membership.
struct filter_request {
	unsigned ifindex;
	struct sluice_addr group;
	enum sluice_filter_mode mode; // result
	struct sluice_addr *sources; // room for n
	unsigned n; // in: the room, out: the number of sources
};

// Sends a UDP datagram. The payload is valid during the call.
struct send_request {
	unsigned ifindex;
	struct sluice_addr group;
	uint16_t source_port_be, port_be;
	uint8_t ttl; // or hop limit
	bool loop; // sessions that joined the group get it as well
	const void *payload;
	size_t len; // bytes
};

#endif
