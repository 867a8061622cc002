// SPDX-License-Identifier: BSD-3-Clause
#include <limits.h>

#include "member_ref.h"
#include "memory.h"
#include "session.h"

struct session *session_open(const struct session_limits *limits, void *user)
{
	size_t held = 0;
	struct session *session = memory_get(&held, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->limits = *limits;
	session->user = user;
	LIST_INIT(&session->walks);
	return session;
}

void session_close(struct session *session)
{
	size_t held = sizeof(*session);
	struct member_walk *walk;

	while (!session_leave_some(session, UINT_MAX))
		;
	while ((walk = LIST_FIRST(&session->walks)) != NULL)
		member_walk_end(walk);
	member_array_close(&session->members);
	memory_put(&held, session, sizeof(*session));
}

bool session_leave_some(struct session *session, unsigned n)
{
	struct member *member;

	while (n > 0 && (member = session_first_member(session)) != NULL) {
		member_ref_end_member(member);
		n--;
	}
	return session->members.n_members == 0;
}

void session_set_limits(struct session *session, const struct session_limits *limits)
{
	session->limits = *limits;
}

void *session_user(const struct session *session)
{
	return session->user;
}

unsigned session_members(const struct session *session)
{
	return session->members.n_members;
}

struct member *session_first_member(struct session *session)
{
	return member_array_before(&session->members, session->members.end);
}

struct member *session_next_member(const struct member *member)
{
	return member_array_before(&member->session->members, member->place);
}
