// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"

int engine_port_open(struct engine *engine, const struct config_port *config, struct error *error)
{
	const struct port_config port_config = {
		.name = config->name,
		.device = config->device,
		.queues = config->queues,
		.mtu = config->mtu,
	};
	struct engine_port *new = calloc(1, sizeof(*new));
	struct dataplane_error why = {"out of memory"};
	int rc;

	rc = new == NULL ? -ENOMEM : config_copy_port(&new->config, config);
	if (rc < 0)
		goto free_new;
	rc = dataplane_add_port(engine->dataplane, &port_config, &new->port, &why);
	if (rc < 0)
		goto free_config;
	TAILQ_INSERT_TAIL(&engine->ports, new, next);
	return 0;

free_config:
	config_free_port(&new->config);
free_new:
	free(new);
	return error_set(error, -rc, "port %s: %s", config->name, why.text);
}

void engine_port_free_all(struct engine *engine)
{
	struct engine_port *port;

	while ((port = TAILQ_FIRST(&engine->ports)) != NULL) {
		TAILQ_REMOVE(&engine->ports, port, next);
		config_free_port(&port->config);
		free(port);
	}
}

// ---- Accessors -----------------------------------------------------------------------------

struct port *engine_port_named(const struct engine *engine, const char *name)
{
	const struct engine_port *port;

	TAILQ_FOREACH (port, &engine->ports, next)
		if (strcmp(port->config.name, name) == 0)
			return port->port;
	return NULL;
}

struct port *engine_port_first(struct engine *engine)
{
	const struct engine_port *first = TAILQ_FIRST(&engine->ports);

	return first != NULL ? first->port : NULL;
}

struct port *engine_port_next(struct engine *engine, struct port *port)
{
	const struct engine_port *at;

	TAILQ_FOREACH (at, &engine->ports, next)
		if (at->port == port && TAILQ_NEXT(at, next) != NULL)
			return TAILQ_NEXT(at, next)->port;
	return NULL;
}
