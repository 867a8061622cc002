// SPDX-License-Identifier: BSD-3-Clause
#include "engine_reload.h"

void engine_reload_walk_begin(struct engine_reload *reload)
{
	struct engine_reload_walk *walk = &reload->walk;

	if (walk->open)
		return;
	walk->open = true;
	walk->members.session = NULL;
	engine_session_walk_begin(&walk->sessions, reload->engine);
}

struct engine_session *engine_reload_walk_session(struct engine_reload *reload)
{
	struct engine_reload_walk *walk = &reload->walk;
	struct engine_session *session = engine_session_walk_any(&walk->sessions);

	member_walk_end(&walk->members);
	if (session != NULL)
		member_walk_begin(&walk->members, session->memberships);
	return session;
}

struct member *engine_reload_walk_member(struct engine_reload *reload)
{
	return reload->walk.members.session != NULL ? member_walk_next(&reload->walk.members)
						    : NULL;
}

void engine_reload_walk_end(struct engine_reload *reload)
{
	struct engine_reload_walk *walk = &reload->walk;

	if (!walk->open)
		return;
	member_walk_end(&walk->members);
	engine_session_walk_end(&walk->sessions);
	walk->open = false;
}

void engine_reload_walk_name(const struct engine_session *session, char name[CONFIG_NAME_MAX + 1])
{
	snprintf(name, CONFIG_NAME_MAX + 1, "%s",
		session->name != NULL ? session->name : "of a connection");
}
