// SPDX-License-Identifier: BSD-3-Clause
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
	return session;
}

void session_close(struct session *session)
{
	size_t held = sizeof(*session);
	struct member *member;

	while ((member = member_first(session)) != NULL)
		member_ref_end_member(member);
	member_array_close(&session->members);
	memory_put(&held, session, sizeof(*session));
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

struct member *member_first(struct session *session)
{
	return member_array_before(&session->members, session->members.end);
}

struct member *member_next(const struct member *member)
{
	return member_array_before(&member->session->members, member->place);
}
