// SPDX-License-Identifier: BSD-3-Clause
// A session and its members. Private to igmp/host.
#ifndef IGMP_SESSION_H
#define IGMP_SESSION_H

#include <sys/queue.h>

#include "member.h"
#include "member_array.h"

struct session {
	struct session_limits limits;
	struct member_array members;
	LIST_HEAD(, member_walk) walks;
	void *user;
};

// Takes a member that ends out of the session and out of the walks that come to it.
void member_walk_remove(struct session *session, struct member *member);

#endif
