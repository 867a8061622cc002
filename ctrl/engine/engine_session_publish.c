// SPDX-License-Identifier: BSD-3-Clause
// Publishes the memberships of a session again, with another port or output, in parts: a session
// may have a million of them.
#include "engine_private.h"

#define PART_MEMBERS 16u
#define TICK_NS 1000000 // CPU time per tick

void engine_session_publish_begin(struct engine_session *session)
{
	if (session->publishing)
		member_walk_end(&session->published);
	else
		TAILQ_INSERT_TAIL(&session->engine->publishing, session, next_publishing);
	session->publishing = true;
	member_walk_begin(&session->published, session->memberships);
}

void engine_session_publish_end(struct engine_session *session)
{
	if (!session->publishing)
		return;
	session->publishing = false;
	member_walk_end(&session->published);
	TAILQ_REMOVE(&session->engine->publishing, session, next_publishing);
}

// A change of only the port or the output never makes the fan-out larger, so it cannot fail.
bool engine_session_publish_some(struct engine_session *session)
{
	for (unsigned i = 0; session->publishing && i < PART_MEMBERS; i++) {
		struct member *member = member_walk_next(&session->published);

		if (member != NULL)
			engine_member_set_outputs(member, member_user(member));
		else
			engine_session_publish_end(session);
	}
	return !session->publishing;
}

void engine_session_publish_advance(struct engine *engine)
{
	const uint64_t end_ns = engine_now_cpu_ns() + TICK_NS;
	struct engine_session *session;

	while ((session = TAILQ_FIRST(&engine->publishing)) != NULL && engine_now_cpu_ns() < end_ns)
		engine_session_publish_some(session);
}
