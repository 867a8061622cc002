// SPDX-License-Identifier: BSD-3-Clause
// The members of a group after its first: rare, so that they lie apart and are found by a table.
// Private to igmp/.
#ifndef IGMP_ADDITIONAL_MEMBER_H
#define IGMP_ADDITIONAL_MEMBER_H

#include <stdbool.h>

struct group;
struct host;
struct member;
struct session;

// NULL if the session is none of them.
struct member *additional_member_find(
	const struct host *host, const struct group *group, const struct session *session);

// Makes a member that is not yet one of the group's. NULL: no memory.
struct member *additional_member_open(struct host *host, struct group *group);
void additional_member_close(struct member *member);

// The member has its session: from now on it is found, and waits to be told that it has joined.
void additional_member_add(struct host *host, struct group *group, struct member *member);
void additional_member_remove(struct host *host, struct group *group, struct member *member);

#endif
