// SPDX-License-Identifier: BSD-3-Clause
// Shares: the frames of sessions to other processes, of which each has one as long as the rings of
// its sessions fit.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"
#include "share.h"

struct engine_share {
	TAILQ_ENTRY(engine_share) next;
	struct share *share;
	char *path;
	unsigned n_sessions;
};

static struct engine_share *find(struct engine *engine, const char *path)
{
	struct engine_share *share;

	TAILQ_FOREACH (share, &engine->shares, next)
		if (strcmp(share->path, path) == 0)
			return share;
	return NULL;
}

static int open_share(
	struct engine *engine, const char *path, struct engine_share **share, struct error *error)
{
	struct engine_share *new = calloc(1, sizeof(*new));
	struct dataplane_error why = {"out of memory"};
	int rc = -ENOMEM;

	if (new == NULL)
		goto out_of_memory;
	new->path = strdup(path);
	if (new->path == NULL)
		goto free_new;
	rc = share_open(path, &new->share, &why);
	if (rc < 0)
		goto free_path;
	TAILQ_INSERT_TAIL(&engine->shares, new, next);
	*share = new;
	return 0;

free_path:
	free(new->path);
free_new:
	free(new);
out_of_memory:
	return error_set(error, -rc, "%s", why.text);
}

static void close_unused(struct engine *engine, struct engine_share *share)
{
	if (share->n_sessions > 0)
		return;
	TAILQ_REMOVE(&engine->shares, share, next);
	share_close(share->share);
	free(share->path);
	free(share);
}

static int add_session(struct engine_session *session, struct engine_share *share,
	unsigned ring_size, struct error *error)
{
	struct output_config config = {.kind = OUTPUT_RING, .ring_size = ring_size};
	struct dataplane_error why;
	struct output *output;
	int rc;

	rc = output_open(session->engine->dataplane, &config, &output, &why);
	if (rc < 0)
		return error_set(error, -rc, "%s", why.text);
	rc = share_add(share->share, output, &session->line);
	if (rc < 0) {
		output_close(output);
		return error_set(error, -rc, "%s has all the sessions it can have", share->path);
	}
	share->n_sessions++;
	session->share = share;
	engine_session_set_output(session, output);
	return 0;
}

int engine_session_share(struct engine_session *session, const char *path, bool existing,
	unsigned ring_size, struct error *error)
{
	struct engine *engine = session->engine;
	struct engine_share *share = find(engine, path);
	int rc = 0;

	if (session->output != NULL)
		return error_set(error, EBUSY, "the session has an output of its own");
	if (existing && share == NULL)
		return error_set(error, ENOENT, "no session is attached to %s", path);
	if (share == NULL)
		rc = open_share(engine, path, &share, error);
	if (rc < 0)
		return rc;
	rc = add_session(session, share, ring_size, error);
	if (rc < 0)
		close_unused(engine, share);
	return rc;
}

void engine_session_unshare(struct engine_session *session)
{
	struct engine_share *share = session->share;

	if (share == NULL)
		return;
	share_remove(share->share, session->line);
	output_close(session->output);
	share->n_sessions--;
	close_unused(session->engine, share);
}

uint64_t engine_session_line(const struct engine_session *session)
{
	return session->line;
}

int engine_session_stats(const struct engine_session *session, struct output_stats *stats)
{
	uint64_t dropped = 0;

	if (session->output == NULL)
		return -ENOTCONN;
	if (session->share != NULL)
		dropped = share_dropped(session->share->share, session->line);
	output_stats(session->output, stats);
	stats->packets -= dropped;
	stats->dropped += dropped;
	return 0;
}

int engine_session_settle(struct engine_session *session)
{
	if (session->share == NULL)
		return -ENOTCONN;
	share_settle(session->share->share, session->line);
	return 0;
}
