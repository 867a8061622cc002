// SPDX-License-Identifier: BSD-3-Clause
// Opens and closes an engine in this process.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "config.h"
#include "local.h"

// ---- Open ----------------------------------------------------------------------------------

// Keeps the first of the configuration's problems.
static void report(void *arg, const char *line)
{
	struct error *error = arg;

	if (error->text[0] == '\0')
		snprintf(error->text, sizeof(error->text), "%s", line);
}

static int list_interfaces(struct sluice *sluice)
{
	struct engine_interface *interface = engine_interface_first(sluice->engine);

	sluice->interfaces = calloc(sluice->config->n_interfaces, sizeof(*sluice->interfaces));
	if (sluice->interfaces == NULL)
		return -ENOMEM;
	for (; interface != NULL; interface = engine_interface_next(interface))
		sluice->interfaces[sluice->n_interfaces++] = interface;
	return 0;
}

static int open_all(struct sluice *sluice, struct error *error)
{
	int rc;

	sluice->engine = engine_open(sluice->config, NULL, error);
	if (sluice->engine == NULL)
		return -EIO;
	rc = list_interfaces(sluice);
	if (rc == 0)
		rc = engine_event_listen(sluice->engine, local_member_event, sluice);
	if (rc < 0) {
		error_set(error, -rc, "engine: %s", strerror(-rc));
		goto close_engine;
	}
	rc = local_start(sluice);
	if (rc < 0) {
		error_set(error, -rc, "control thread: %s", strerror(-rc));
		goto close_engine;
	}
	return 0;

close_engine:
	free(sluice->interfaces);
	engine_close(sluice->engine);
	return rc;
}

int sluice_open(const char *yaml, struct sluice **sluice, struct sluice_error *sluice_error)
{
	// The application has started EAL: its lcores exist or not, whatever the machine has.
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE,
		.queues = RTE_MAX_QUEUES_PER_PORT,
		.limits = true,
	};
	struct error error = {.text = ""};
	struct sluice *new = NULL;
	int rc;

	if (yaml == NULL || sluice == NULL) {
		rc = error_set(&error, EINVAL, "no configuration, or no place for the engine");
		goto free_new;
	}
	new = calloc(1, sizeof(*new));
	if (new == NULL) {
		rc = error_set(&error, ENOMEM, "out of memory");
		goto free_new;
	}
	LIST_INIT(&new->sessions);
	new->config =
		config_load_text("configuration", yaml, strlen(yaml), &bounds, report, &error);
	if (new->config == NULL) {
		rc = -EINVAL;
		goto free_new;
	}
	new->config->embedded = true;
	rc = open_all(new, &error);
	if (rc < 0)
		goto free_config;
	*sluice = new;
	return 0;

free_config:
	config_free(new->config);
free_new:
	free(new);
	if (sluice_error != NULL)
		snprintf(sluice_error->text, sizeof(sluice_error->text), "%s", error.text);
	return rc;
}

// ---- Close ---------------------------------------------------------------------------------

struct close_call {
	struct local_call base;
	struct sluice *sluice;
};

static void drained(void *arg)
{
	local_shut(arg);
}

static void drain(struct mailbox_call *call)
{
	struct sluice *sluice = ((struct close_call *)call)->sluice;
	struct local *session;

	LIST_FOREACH (session, &sluice->sessions, next)
		session->engine = NULL;
	engine_drain(sluice->engine, drained, sluice);
}

void sluice_close(struct sluice *sluice)
{
	struct close_call call = {.sluice = sluice};
	struct local *session;

	if (sluice == NULL)
		return;
	local_run(sluice, &call.base, drain);
	local_stop(sluice);
	while ((session = LIST_FIRST(&sluice->sessions)) != NULL) {
		LIST_REMOVE(session, next);
		local_session_free(session);
	}
	engine_close(sluice->engine);
	free(sluice->interfaces);
	config_free(sluice->config);
	free(sluice);
}
