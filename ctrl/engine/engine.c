// SPDX-License-Identifier: BSD-3-Clause
// The engine's life, and its tick.
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "engine_private.h"

enum { DRAIN_MAX_MS = 3000 };

uint64_t engine_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void link_changed(void *arg, struct port *port)
{
	engine_interfaces_set_link(arg, port);
}

void engine_tick(struct engine *engine)
{
	void (*drained)(void *) = engine->drained;

	engine_flush(engine);
	port_poll_events(engine->dataplane, link_changed, engine);
	engine_interfaces_advance(engine);
	dataplane_reclaim(engine->dataplane);
	if (drained != NULL &&
		(!engine_interfaces_busy(engine) || engine_now_ms() >= engine->drain_until_ms)) {
		engine->drained = NULL;
		drained(engine->drained_arg);
	}
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
	engine_tick(arg);
}

void engine_flush(struct engine *engine)
{
	// Before a leave is on the wire or told to the caller, no worker may use the old lines.
	if (engine->withdrawn) {
		engine->withdrawn = false;
		dataplane_synchronize(engine->dataplane);
	}
	engine_hosts_flush(engine, engine_now_ms());
}

// ---- Open ----------------------------------------------------------------------------------

static int open_dataplane(struct engine *engine, struct error *error)
{
	const struct config_lcores *lcores = &engine->config->lcores;
	struct dataplane_config config = {
		.worker_lcores = lcores->workers,
		.n_workers = lcores->n_workers,
		.mbufs = engine->config->limits.queued_frames,
		.filters = engine->config->embedded,
	};
	struct dataplane_error why;

	engine->dataplane = dataplane_open(&config, &why);
	if (engine->dataplane == NULL)
		return error_set(error, EIO, "data plane: %s", why.text);
	return 0;
}

static int open_ports(struct engine *engine, struct error *error)
{
	const struct config *config = engine->config;
	int rc;

	engine->ports = calloc(config->n_ports, sizeof(*engine->ports));
	if (engine->ports == NULL)
		return error_set(error, ENOMEM, "ports: out of memory");
	for (unsigned i = 0; i < config->n_ports; i++) {
		struct engine_port *port = &engine->ports[engine->n_ports];
		struct port_config port_config = {
			.name = config->ports[i].name,
			.device = config->ports[i].device,
			.queues = config->ports[i].queues,
			.mtu = config->ports[i].mtu,
		};
		struct dataplane_error why;

		rc = port_open(engine->dataplane, &port_config, &port->port, &why);
		if (rc < 0)
			return error_set(error, -rc, "port %s: %s", port_config.name, why.text);
		port->config = &config->ports[i];
		engine->n_ports++;
	}
	return 0;
}

static int open_outputs(struct engine *engine, struct error *error)
{
	const struct output_config counting = {.kind = OUTPUT_COUNT};
	struct dataplane_error why;
	int rc;

	rc = output_open(engine->dataplane, &counting, &engine->counting, &why);
	if (rc < 0)
		return error_set(error, -rc, "outputs: %s", why.text);
	if (engine_outputs_reserve(engine, engine->config->n_outputs) < 0)
		return error_set(error, ENOMEM, "outputs: out of memory");
	for (unsigned i = 0; i < engine->config->n_outputs; i++) {
		struct engine_output *output;

		rc = engine_output_open(engine, &engine->config->outputs[i], &output, error);
		if (rc < 0)
			return rc;
		TAILQ_INSERT_TAIL(&engine->outputs, output, next);
	}
	return 0;
}

static int start(struct engine *engine, struct error *error)
{
	struct timeval interval = {.tv_usec = ENGINE_TICK_MS * 1000};
	struct dataplane_error why;
	int rc;

	rc = dataplane_start(engine->dataplane, &why);
	if (rc < 0)
		return error_set(error, -rc, "data plane: %s", why.text);
	if (engine->base == NULL)
		return 0;
	engine->tick = event_new(engine->base, -1, EV_PERSIST, tick, engine);
	if (engine->tick == NULL || event_add(engine->tick, &interval) < 0)
		return error_set(error, ENOMEM, "event loop: out of memory");
	return 0;
}

struct engine *engine_open(
	const struct config *config, struct event_base *base, struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL) {
		error_set(error, ENOMEM, "engine: out of memory");
		return NULL;
	}
	engine->config = config;
	engine->base = base;
	STAILQ_INIT(&engine->touched);
	TAILQ_INIT(&engine->outputs);
	TAILQ_INIT(&engine->sessions);
	TAILQ_INIT(&engine->shares);
	LIST_INIT(&engine->listeners);
	if (open_dataplane(engine, error) < 0 || open_ports(engine, error) < 0 ||
		engine_interfaces_open(engine, error) < 0 || open_outputs(engine, error) < 0 ||
		start(engine, error) < 0 || engine_memberships_apply(engine, error) < 0) {
		engine_close(engine);
		return NULL;
	}
	return engine;
}

// ---- Close ---------------------------------------------------------------------------------

static void close_sessions(struct engine *engine)
{
	struct engine_session *session;

	while ((session = TAILQ_FIRST(&engine->sessions)) != NULL)
		engine_session_close(session);
}

void engine_drain(struct engine *engine, void (*done)(void *arg), void *arg)
{
	close_sessions(engine);
	engine_flush(engine);
	engine->drained = done;
	engine->drained_arg = arg;
	engine->drain_until_ms = engine_now_ms() + DRAIN_MAX_MS;
}

void engine_close(struct engine *engine)
{
	struct engine_listener *listener;

	close_sessions(engine);
	if (engine->tick != NULL)
		event_free(engine->tick);
	if (engine->dataplane != NULL)
		dataplane_stop(engine->dataplane);
	engine_outputs_close(&engine->outputs);
	if (engine->counting != NULL)
		output_close(engine->counting);
	engine_interfaces_close(engine);
	if (engine->dataplane != NULL)
		dataplane_close(engine->dataplane);
	while ((listener = LIST_FIRST(&engine->listeners)) != NULL) {
		LIST_REMOVE(listener, next);
		free(listener);
	}
	free(engine->ports);
	free(engine->lines);
	free(engine);
}

// ---- What can be asked ---------------------------------------------------------------------

struct port *engine_port_named(const struct engine *engine, const char *name)
{
	for (unsigned i = 0; i < engine->n_ports; i++)
		if (strcmp(engine->ports[i].config->name, name) == 0)
			return engine->ports[i].port;
	return NULL;
}

struct port *engine_port_first(struct engine *engine)
{
	return engine->n_ports > 0 ? engine->ports[0].port : NULL;
}

struct port *engine_port_next(struct engine *engine, struct port *port)
{
	for (unsigned i = 0; i + 1 < engine->n_ports; i++)
		if (engine->ports[i].port == port)
			return engine->ports[i + 1].port;
	return NULL;
}

struct dataplane *engine_dataplane(struct engine *engine)
{
	return engine->dataplane;
}
