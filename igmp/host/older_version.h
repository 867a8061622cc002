// SPDX-License-Identifier: BSD-3-Clause
// Messages of older versions, while an older querier is present. Private to igmp/host.
#ifndef IGMP_OLDER_VERSION_H
#define IGMP_OLDER_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct group;
struct host;
struct message;

// Sends for the group at the head of the queue. False if the port is full or the rate limit is
// reached.
bool older_version_transmit(struct host *host, uint64_t now_ms);

// Schedules the response to a query of this group, or of all groups if it is NULL (CMP-11).
void older_version_respond(
	struct host *host, struct group *group, const struct message *query, uint64_t now_ms);
// Another host has reported the group: cancels the pending report (CMP-12).
void older_version_suppress(struct host *host, struct group *group);

#endif
