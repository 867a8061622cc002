// SPDX-License-Identifier: BSD-3-Clause
// Shares deliver the frames of sessions to other processes. A process needs one share, as long as
// the rings of all its sessions fit.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"
#include "share.h"

struct engine_share {
	TAILQ_ENTRY(engine_share) next;
	struct share *share;
	struct event *event; // the share has work for the control thread
	char *path;
	uid_t uid; // that may connect
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

static bool may_connect(void *arg, const struct ucred *peer)
{
	const struct engine_share *share = arg;

	return peer->uid == 0 || peer->uid == share->uid;
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
	struct engine_share *share = arg;

	(void)fd;
	(void)what;
	share_process(share->share);
}

static int watch(struct engine *engine, struct engine_share *share)
{
	share->event = event_new(
		engine->base, share_fd(share->share), EV_READ | EV_PERSIST, on_work, share);
	if (share->event == NULL)
		return -ENOMEM;
	if (event_add(share->event, NULL) == 0)
		return 0;
	event_free(share->event);
	return -ENOMEM;
}

static int open_share(struct engine *engine, const char *path,
	const struct engine_share_client *client, struct engine_share **share, struct error *error)
{
	struct engine_share *new = calloc(1, sizeof(*new));
	const struct share_config config = {
		.path = path,
		.access = client->access,
		.allow = may_connect,
		.arg = new,
	};
	struct dataplane_error why = {"out of memory"};
	int rc = -ENOMEM;

	if (new == NULL)
		goto out_of_memory;
	new->uid = client->uid;
	new->path = strdup(path);
	if (new->path == NULL)
		goto free_new;
	rc = share_open(&config, &new->share, &why);
	if (rc < 0)
		goto free_path;
	rc = watch(engine, new);
	if (rc < 0)
		goto close_share;
	TAILQ_INSERT_TAIL(&engine->shares, new, next);
	*share = new;
	return 0;

close_share:
	share_close(new->share);
free_path:
	free(new->path);
free_new:
	free(new);
out_of_memory:
	return error_set(error, -rc, "%s", why.text);
}

int engine_share_open(struct engine *engine, const char *path, bool existing,
	const struct engine_share_client *client, struct engine_share **share, struct error *error)
{
	*share = find(engine, path);
	if (*share != NULL && (*share)->uid != client->uid)
		return error_set(error, EPERM, "%s is for user %u", path, (*share)->uid);
	if (*share != NULL)
		return 0;
	if (existing)
		return error_set(error, ENOENT, "no session is attached to %s", path);
	return open_share(engine, path, client, share, error);
}

void engine_share_close_unused(struct engine *engine, struct engine_share *share)
{
	if (share->n_sessions > 0)
		return;
	TAILQ_REMOVE(&engine->shares, share, next);
	event_free(share->event);
	share_close(share->share);
	free(share->path);
	free(share);
}

int engine_share_add(
	struct engine_share *share, struct output *output, uint64_t *line, struct error *error)
{
	int rc = share_add(share->share, output, line);

	if (rc < 0)
		return error_set(error, -rc, "%s has all the sessions it can have", share->path);
	share->n_sessions++;
	return 0;
}

void engine_share_remove(struct engine_share *share, uint64_t line)
{
	share_remove(share->share, line);
	share->n_sessions--;
}

struct share *engine_share_dataplane(const struct engine_share *share)
{
	return share->share;
}

unsigned engine_share_sweep(const char *prefix)
{
	return share_sweep(prefix);
}
