// SPDX-License-Identifier: BSD-3-Clause
#include "member_ref.h"
#include "memory.h"
#include "session.h"

#define ROOM_MIN 16 // members
#define LINE 64 // bytes of a cache line

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

void session_close(struct session *session, uint64_t now_ms)
{
	size_t held = sizeof(*session) + session->room * sizeof(*session->members);
	struct member *member;

	while ((member = member_first(session)) != NULL)
		member_ref_end_member(member);
	memory_put(&held, session->members, session->room * sizeof(*session->members));
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
	return session->n_members;
}

// ---- The array of members ---------------------------------------------------------------------

static bool set_room(struct session *session, uint32_t room)
{
	size_t held = session->room * sizeof(*session->members);
	struct member **members = memory_get_aligned(&held, LINE, room * sizeof(*members));

	if (members == NULL)
		return false;
	for (uint32_t i = 0; i < session->end; i++)
		members[i] = session->members[i];
	memory_put(&held, session->members, session->room * sizeof(*members));
	session->members = members;
	session->room = room;
	return true;
}

static void write_holes(const struct session *session)
{
	for (unsigned i = 0; i < session->n_holes; i++)
		session->members[session->holes[i]] = NULL;
}

static void close_up(struct session *session)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < session->end; i++) {
		struct member *member = session->members[i];

		if (member == NULL)
			continue;
		member->place = n;
		session->members[n++] = member;
	}
	session->end = n;
}

// Writes the blanks, and takes them out where there are too many.
static void settle(struct session *session)
{
	write_holes(session);
	session->n_holes = 0;
	while (session->end > 0 && session->members[session->end - 1] == NULL)
		session->end--;
	if (session->n_members < session->room / 8 && session->room > ROOM_MIN) {
		close_up(session);
		set_room(session, session->room / 2); // without memory it stays large
	}
}

bool session_reserve(struct session *session)
{
	if (session->end < session->room)
		return true;
	if (session->room == 0)
		return set_room(session, ROOM_MIN);
	if (session->n_members > session->room / 2)
		return set_room(session, 2 * session->room);
	settle(session);
	close_up(session);
	return true;
}

void session_add(struct session *session, struct member *member)
{
	member->place = session->end;
	session->members[session->end++] = member;
	session->n_members++;
}

void session_remove(struct session *session, struct member *member)
{
	__builtin_prefetch(&session->members[member->place], 1);
	session->holes[session->n_holes++] = member->place;
	session->n_members--;
	if (session->n_holes == SESSION_HOLES)
		settle(session);
}

// ---- Going through the members ----------------------------------------------------------------

// The newest one that is older than the one at this place.
static struct member *member_before(const struct session *session, uint32_t place)
{
	write_holes(session);
	while (place > 0) {
		if (session->members[--place] != NULL)
			return session->members[place];
	}
	return NULL;
}

struct member *member_first(const struct session *session)
{
	return member_before(session, session->end);
}

struct member *member_next(const struct member *member)
{
	return member_before(member->session, member->place);
}
