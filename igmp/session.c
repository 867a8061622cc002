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

// ---- What can be seen of a membership ---------------------------------------------------------

struct member *member_first(const struct session *session)
{
	return LIST_FIRST(&session->members);
}

struct member *member_next(const struct member *member)
{
	return LIST_NEXT(member, of_session);
}

struct session *member_session(const struct member *member)
{
	return member->session;
}

struct host *member_host(const struct member *member)
{
	return group_host(group_of(member));
}

void member_group(const struct member *member, struct sluice_addr *group)
{
	group_address(group_of(member), group);
}

enum member_state member_state(const struct member *member)
{
	return member->state == MEMBER_JOINED ? MEMBER_JOINED : MEMBER_PENDING;
}

unsigned member_joins(const struct member *member)
{
	return member->joins;
}

enum sluice_filter_mode member_filter(
	const struct member *member, const struct sluice_addr **sources, unsigned *n)
{
	struct filter_view filter = member_view(member);

	*sources = filter.sources;
	*n = filter.n;
	return filter.mode;
}

void *member_user(const struct member *member)
{
	return member->user;
}

void member_set_user(struct member *member, void *user)
{
	member->user = user;
}
