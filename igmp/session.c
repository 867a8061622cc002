// SPDX-License-Identifier: BSD-3-Clause
#include "machine.h"
#include "memory.h"

struct session *session_open(const struct session_limits *limits, void *user)
{
	size_t held = 0;
	struct session *session = memory_get(&held, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->limits = *limits;
	session->user = user;
	LIST_INIT(&session->members);
	return session;
}

void session_close(struct session *session, uint64_t now_ms)
{
	size_t held = sizeof(*session);
	struct member *member;

	while ((member = LIST_FIRST(&session->members)) != NULL)
		member_end(member);
	memory_put(&held, session, sizeof(*session));
}

void *session_user(const struct session *session)
{
	return session->user;
}

unsigned session_members(const struct session *session)
{
	return session->n_members;
}
