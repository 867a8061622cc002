// SPDX-License-Identifier: BSD-3-Clause
// What a host says while an older querier is heard. Private to igmp/.
#ifndef IGMP_OLDER_VERSION_H
#define IGMP_OLDER_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct group;
struct host;
struct message;

// The turn of the group at the head of the queue; false if the port or the pace is full.
bool older_version_transmit(struct host *host, uint64_t now_ms);

// A query of this group, or of all if it is NULL, wants an answer within its time (CMP-11).
void older_version_respond(
	struct host *host, struct group *group, const struct message *query, uint64_t now_ms);
// Another host has reported the group (CMP-12).
void older_version_suppress(struct host *host, struct group *group);

#endif
