// SPDX-License-Identifier: BSD-3-Clause
// A session and its members. Private to igmp/.
#ifndef IGMP_SESSION_H
#define IGMP_SESSION_H

#include "member.h"

#define SESSION_HOLES 16 // members

struct session {
	struct session_limits limits;
	// In the order of joining. One that ends leaves a blank behind: a list would have it write
	// to its neighbours, which are anywhere in memory. Some blanks are written at a time, when
	// their places have been fetched.
	struct member **members;
	uint32_t room;
	uint32_t end; // of the places in use
	uint32_t n_members;
	uint32_t n_holes;
	uint32_t holes[SESSION_HOLES]; // places that are still to be blank
	void *user;
};

// Makes sure that session_add() succeeds. False: no memory.
bool session_reserve(struct session *session);
void session_add(struct session *session, struct member *member);
void session_remove(struct session *session, struct member *member);

#endif
