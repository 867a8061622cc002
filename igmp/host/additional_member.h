// SPDX-License-Identifier: BSD-3-Clause
// The members of a group after its first. They are rare, so that they are kept apart from the group
// and are found by a hash table. Private to igmp/host.
#ifndef IGMP_ADDITIONAL_MEMBER_H
#define IGMP_ADDITIONAL_MEMBER_H

#include <stdbool.h>

struct group;
struct host;
struct member;
struct session;

// NULL if the session has none.
struct member *additional_member_find(
	const struct host *host, const struct group *group, const struct session *session);

// Allocates a member that is not yet in the group. NULL: no memory.
struct member *additional_member_open(struct host *host, struct group *group);
void additional_member_close(struct member *member);

// Puts a member, whose session is set, into the group. It waits for the report of its join.
void additional_member_add(struct host *host, struct group *group, struct member *member);
void additional_member_remove(struct host *host, struct group *group, struct member *member);

#endif
