// SPDX-License-Identifier: BSD-3-Clause
// Sessions own memberships. A named session lives until it is closed, a connected session as long
// as its opener.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"
#include "share.h"

static int session_new(
	struct engine *engine, const char *name, uint16_t udp_port, struct engine_session **session)
{
	const struct session_limits limits = {
		.groups = engine->limits.groups,
		.sources = engine->limits.sources_per_filter,
	};
	struct engine_session *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	if (name != NULL) {
		new->name = strdup(name);
		if (new->name == NULL)
			goto free_session;
	}
	new->memberships = session_open(&limits, new);
	if (new->memberships == NULL)
		goto free_name;
	new->engine = engine;
	new->id = ++engine->last_session_id;
	new->udp_port = udp_port;
	if (engine_session_table_put(&engine->session_table, new) < 0)
		goto close_memberships;
	TAILQ_INSERT_TAIL(&engine->sessions, new, next);
	*session = new;
	return 0;

close_memberships:
	session_close(new->memberships);
free_name:
	free(new->name);
free_session:
	free(new);
	return -ENOMEM;
}

int engine_session_open(struct engine *engine, const char *name, uint16_t udp_port,
	struct engine_session **session, struct error *error)
{
	struct engine_session *found = name != NULL ? engine_session_find(engine, name) : NULL;
	int rc;

	if (found != NULL && found->udp_port != udp_port)
		return error_set(
			error, EBUSY, "session %s is bound to UDP port %u", name, found->udp_port);
	if (found != NULL) {
		*session = found;
		return 0;
	}
	rc = session_new(engine, name, udp_port, session);
	if (rc < 0)
		return error_set(error, -rc, "session: out of memory");
	return 0;
}

static void leave_share(struct engine_session *session)
{
	if (session->share == NULL)
		return;
	engine_share_remove(session->share, session->line);
	output_close(session->output);
	engine_share_close_unused(session->engine, session->share);
}

void engine_session_free(struct engine_session *session)
{
	struct engine *engine = session->engine;
	struct engine_session_walk *walk;

	LIST_FOREACH (walk, &engine->session_walks, entry)
		if (walk->next == session)
			walk->next = TAILQ_NEXT(session, next);
	engine_session_publish_end(session);
	session_close(session->memberships);
	leave_share(session);
	engine_owner_release(session);
	TAILQ_REMOVE(&engine->sessions, session, next);
	if (session->abandoned)
		TAILQ_REMOVE(&engine->abandoned, session, next_abandoned);
	free(session->name);
	free(session);
}

struct engine_session *engine_session_find(struct engine *engine, const char *name)
{
	return engine_session_table_name(&engine->session_table, name);
}

struct engine_session *engine_session_by_id(struct engine *engine, uint64_t id)
{
	return engine_session_table_id(&engine->session_table, id);
}

static struct engine_session *skip_closing(struct engine_session *session)
{
	while (session != NULL && session->closing)
		session = TAILQ_NEXT(session, next);
	return session;
}

struct engine_session *engine_session_first(struct engine *engine)
{
	return skip_closing(TAILQ_FIRST(&engine->sessions));
}

struct engine_session *engine_session_next(struct engine_session *session)
{
	return skip_closing(TAILQ_NEXT(session, next));
}

void engine_session_walk_begin(struct engine_session_walk *walk, struct engine *engine)
{
	walk->next = TAILQ_FIRST(&engine->sessions);
	LIST_INSERT_HEAD(&engine->session_walks, walk, entry);
}

struct engine_session *engine_session_walk_any(struct engine_session_walk *walk)
{
	struct engine_session *session = walk->next;

	if (session != NULL)
		walk->next = TAILQ_NEXT(session, next);
	return session;
}

struct engine_session *engine_session_walk_next(struct engine_session_walk *walk)
{
	walk->next = skip_closing(walk->next);
	return engine_session_walk_any(walk);
}

void engine_session_walk_end(struct engine_session_walk *walk)
{
	LIST_REMOVE(walk, entry);
}

uint64_t engine_session_id(const struct engine_session *session)
{
	return session->id;
}

const char *engine_session_name(const struct engine_session *session)
{
	return session->name;
}

uint16_t engine_session_udp_port(const struct engine_session *session)
{
	return session->udp_port;
}

struct session *engine_session_memberships(struct engine_session *session)
{
	return session->memberships;
}

void engine_session_set_output(struct engine_session *session, struct output *output)
{
	session->output = output;
	engine_session_publish_begin(session);
}

void engine_session_bind(struct engine_session *session, uint16_t udp_port)
{
	session->udp_port = udp_port;
	engine_session_publish_begin(session);
}

void engine_session_set_user(struct engine_session *session, void *user)
{
	session->user = user;
}

void *engine_session_user(const struct engine_session *session)
{
	return session->user;
}

// ---- Frames to another process -------------------------------------------------------------

static int add_to_share(struct engine_session *session, struct engine_share *share,
	unsigned ring_size, struct error *error)
{
	const struct engine_usage none = {0}, ring = {.queued_frames = ring_size};
	const struct output_config config = {.kind = OUTPUT_RING, .ring_size = ring_size};
	struct dataplane_error why;
	struct output *output;
	int rc;

	rc = output_open(session->engine->dataplane, &config, &output, &why);
	if (rc < 0)
		return error_set(error, -rc, "%s", why.text);
	rc = engine_share_add(share, output, &session->line, error);
	if (rc < 0) {
		output_close(output);
		return rc;
	}
	session->share = share;
	engine_owner_account(session, &none, &ring);
	engine_session_set_output(session, output);
	return 0;
}

int engine_session_share(struct engine_session *session, const char *path, bool existing,
	unsigned ring_size, const struct engine_share_client *client, struct error *error)
{
	struct engine_share *share;
	int rc;

	if (session->output != NULL)
		return error_set(error, EBUSY, "the session has an output of its own");
	rc = engine_share_open(session->engine, path, existing, client, &share, error);
	if (rc < 0)
		return rc;
	rc = add_to_share(session, share, ring_size, error);
	if (rc < 0)
		engine_share_close_unused(session->engine, share);
	return rc;
}

uint64_t engine_session_line(const struct engine_session *session)
{
	return session->line;
}

int engine_session_stats(const struct engine_session *session, struct sluice_session_stats *to)
{
	struct output_stats stats, *from = &stats;
	uint64_t dropped = 0;

	if (session->output == NULL)
		return -ENOTCONN;
	if (session->share != NULL)
		dropped = share_dropped(engine_share_dataplane(session->share), session->line);
	output_stats(session->output, &stats);
	stats.packets -= dropped;
	stats.dropped += dropped;
	*to = (struct sluice_session_stats){.events_lost = 0};
	SLUICE_OUTPUT_STATS(SLUICE_STATS_COPY)
	return 0;
}

int engine_session_settle(struct engine_session *session)
{
	if (session->share == NULL)
		return -ENOTCONN;
	share_settle(engine_share_dataplane(session->share), session->line);
	return 0;
}
