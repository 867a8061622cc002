// SPDX-License-Identifier: BSD-3-Clause
// The requests of a session, as the public calls hand them to sluiced or to an engine of the
// process. Arguments are checked before: groups have a family, sources that of their group, and
// `ifindex` is the index of an interface.
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

// One call that changes a membership. The sources live as long as the call.
struct membership_request {
	enum membership_call call;
	unsigned ifindex;
	struct sluice_addr group;
	enum sluice_filter_mode mode; // MEMBERSHIP_SET_FILTER
	const struct sluice_addr *sources;
	unsigned n_sources;
};

// Reads the filter of a membership.
struct filter_request {
	unsigned ifindex;
	struct sluice_addr group;
	enum sluice_filter_mode mode; // result
	struct sluice_addr *sources; // room for n
	unsigned n; // room before, number of sources after
};

// Sends a UDP datagram. The payload lives as long as the call.
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
