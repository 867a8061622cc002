// SPDX-License-Identifier: BSD-3-Clause
// Users that own sessions, and what their sessions hold together. A user lives as long as its last
// session, one that is being closed included, as that still takes memory.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"

struct engine_owner {
	LIST_ENTRY(engine_owner) entry;
	uid_t uid;
	struct engine_usage usage;
};

static struct engine_owner *find(const struct engine *engine, uid_t uid)
{
	struct engine_owner *owner;

	LIST_FOREACH (owner, &engine->owners, entry)
		if (owner->uid == uid)
			return owner;
	return NULL;
}

int engine_owner_set(struct engine_session *session, uid_t uid)
{
	struct engine *engine = session->engine;
	struct engine_owner *owner = find(engine, uid);

	if (owner == NULL) {
		owner = calloc(1, sizeof(*owner));
		if (owner == NULL)
			return -ENOMEM;
		owner->uid = uid;
		LIST_INSERT_HEAD(&engine->owners, owner, entry);
	}
	session->owner = owner;
	session->held.sessions = 1;
	owner->usage.sessions++;
	return 0;
}

bool engine_owner_get(const struct engine_session *session, uid_t *uid)
{
	if (session->owner == NULL)
		return false;
	*uid = session->owner->uid;
	return true;
}

void engine_owner_usage(const struct engine *engine, uid_t uid, struct engine_usage *usage)
{
	const struct engine_owner *owner = find(engine, uid);

	*usage = owner != NULL ? owner->usage : (struct engine_usage){0};
}

void engine_owner_measure(const struct engine_session *session, const struct host *host,
	const struct sluice_addr *group, struct engine_usage *usage)
{
	const struct member *member =
		session->owner != NULL ? member_find(session->memberships, host, group) : NULL;

	*usage = (struct engine_usage){0};
	if (member == NULL)
		return;
	usage->groups = 1;
	usage->sources = member_filter(member).n_sources;
}

static void add(struct engine_usage *to, const struct engine_usage *more)
{
	to->sessions += more->sessions;
	to->groups += more->groups;
	to->sources += more->sources;
	to->queued_frames += more->queued_frames;
}

static void subtract(struct engine_usage *from, const struct engine_usage *less)
{
	from->sessions -= less->sessions;
	from->groups -= less->groups;
	from->sources -= less->sources;
	from->queued_frames -= less->queued_frames;
}

void engine_owner_account(struct engine_session *session, const struct engine_usage *before,
	const struct engine_usage *now)
{
	if (session->owner == NULL)
		return;
	add(&session->held, now);
	subtract(&session->held, before);
	add(&session->owner->usage, now);
	subtract(&session->owner->usage, before);
}

void engine_owner_release(struct engine_session *session)
{
	struct engine_owner *owner = session->owner;

	if (owner == NULL)
		return;
	subtract(&owner->usage, &session->held);
	if (owner->usage.sessions > 0)
		return;
	LIST_REMOVE(owner, entry);
	free(owner);
}
