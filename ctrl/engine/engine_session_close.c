// SPDX-License-Identifier: BSD-3-Clause
// The end of sessions in parts: to leave a million groups takes longer than protocol timers wait.
#include <stdlib.h>
#include "engine_private.h"

#define PART_GROUPS 4 // each tells a thousand subscribers
#define TICK_NS 1000000 // CPU time per tick

static void begin(struct engine_session *session)
{
	if (session->closing)
		return;
	session->closing = true;
	engine_session_table_remove(&session->engine->session_table, session);
}

bool engine_session_close_some(struct engine_session *session)
{
	begin(session);
	if (!session_leave_some(session->memberships, PART_GROUPS))
		return false;
	engine_session_free(session);
	return true;
}

void engine_session_close(struct engine_session *session)
{
	begin(session);
	while (!session_leave_some(session->memberships, PART_GROUPS))
		;
	engine_session_free(session);
}

void engine_session_close_later(struct engine_session *session)
{
	if (session->abandoned)
		return;
	begin(session);
	session->abandoned = true;
	TAILQ_INSERT_TAIL(&session->engine->abandoned, session, next_abandoned);
}

void engine_session_close_advance(struct engine *engine)
{
	struct engine_session *session;
	uint64_t end_ns;

	if (TAILQ_EMPTY(&engine->abandoned))
		return;
	end_ns = engine_now_cpu_ns() + TICK_NS;
	while ((session = TAILQ_FIRST(&engine->abandoned)) != NULL && engine_now_cpu_ns() < end_ns)
		engine_session_close_some(session);
}

bool engine_session_close_pending(const struct engine *engine)
{
	return !TAILQ_EMPTY(&engine->abandoned);
}
