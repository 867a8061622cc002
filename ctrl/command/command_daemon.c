// SPDX-License-Identifier: BSD-3-Clause
#include "command_daemon.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

struct command_daemon {
	struct connection connection;
	const char *path;
	bool (*show)(void *arg,
		const json_t *event); // set before event.subscribe, constant from then on
	void *arg;
	bool shown; // show() is done; before `gone`
	sem_t gone;
};

static enum exit_status no_daemon(const char *path, const char *why)
{
	fprintf(stderr, "sluice: no daemon answers on %s: %s\n", path, why);
	return STATUS_NO_DAEMON;
}

static void on_event(void *arg, const json_t *event)
{
	struct command_daemon *daemon = arg;

	if (!daemon->show || daemon->shown || daemon->show(daemon->arg, event))
		return;
	daemon->shown = true;
	sem_post(&daemon->gone);
}

static void on_lost(void *arg)
{
	struct command_daemon *daemon = arg;

	sem_post(&daemon->gone);
}

enum exit_status command_daemon_open(const char *path, struct command_daemon **daemon)
{
	struct command_daemon *new = calloc(1, sizeof(*new));
	int rc;

	if (!new)
		return no_daemon(path, strerror(ENOMEM));
	new->path = path;
	sem_init(&new->gone, 0, 0);
	rc = connection_open(&new->connection, path, on_event, on_lost, new);
	if (rc < 0) {
		free(new);
		return no_daemon(path, strerror(-rc));
	}
	*daemon = new;
	return STATUS_OK;
}

void command_daemon_close(struct command_daemon *daemon)
{
	connection_close(&daemon->connection);
	sem_destroy(&daemon->gone);
	free(daemon);
}

static enum exit_status outcome(
	const struct command_daemon *daemon, int rc, const struct sluice_error *error)
{
	if (rc == 0)
		return STATUS_OK;
	if (rc == -EPIPE)
		return no_daemon(daemon->path, "it hung up");
	fprintf(stderr, "sluice: %s\n", error->text);
	return STATUS_REFUSED;
}

enum exit_status command_daemon_call(
	struct command_daemon *daemon, const char *method, json_t *params, json_t **result)
{
	struct sluice_error error;
	int rc = connection_call(&daemon->connection, method, params, result, &error);

	return outcome(daemon, rc, &error);
}

enum exit_status command_daemon_call_pages(struct command_daemon *daemon, const char *method,
	const char *list, json_t *params, json_t **result)
{
	struct sluice_error error;
	int rc = connection_call_pages(&daemon->connection, method, list, params, result, &error);

	return outcome(daemon, rc, &error);
}

enum exit_status command_daemon_watch(
	struct command_daemon *daemon, bool (*show)(void *arg, const json_t *event), void *arg)
{
	enum exit_status status;

	daemon->show = show;
	daemon->arg = arg;
	status = command_daemon_call(daemon, "event.subscribe", json_object(), NULL);
	if (status != STATUS_OK)
		return status;
	while (sem_wait(&daemon->gone) < 0)
		;
	return daemon->shown ? STATUS_OK : no_daemon(daemon->path, "it hung up");
}
