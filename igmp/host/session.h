// SPDX-License-Identifier: BSD-3-Clause
// A session and its members. Private to igmp/host.
#ifndef IGMP_SESSION_H
#define IGMP_SESSION_H

#include "member.h"
#include "member_array.h"

struct session {
	struct session_limits limits;
	struct member_array members;
	void *user;
};

#endif
