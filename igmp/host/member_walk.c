// SPDX-License-Identifier: BSD-3-Clause
// Walks over the members of a session that go on while members end.
#include "group.h"
#include "session.h"

void member_walk_begin(struct member_walk *walk, struct session *session)
{
	walk->session = session;
	walk->next = member_array_before(&session->members, session->members.end);
	LIST_INSERT_HEAD(&session->walks, walk, entry);
}

struct member *member_walk_next(struct member_walk *walk)
{
	struct member *member = walk->next;

	if (member != NULL)
		walk->next = member_array_before(&walk->session->members, member->place);
	return member;
}

void member_walk_end(struct member_walk *walk)
{
	if (walk->session == NULL)
		return;
	LIST_REMOVE(walk, entry);
	walk->session = NULL;
	walk->next = NULL;
}

void member_walk_remove(struct session *session, struct member *member)
{
	struct member_walk *walk;

	LIST_FOREACH (walk, &session->walks, entry)
		if (walk->next == member)
			walk->next = member_array_before(&session->members, member->place);
	member_array_remove(&session->members, member);
}
