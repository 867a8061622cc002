// SPDX-License-Identifier: BSD-3-Clause
// Opens, runs and closes the engine; entry points of its calls.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"
#include "log.h"

enum { DRAIN_MAX_MS = 3000, HOLD_MAX_MS = 100 };

static void link_changed(void *arg, struct port *port)
{
	struct port_info info;

	port_info(port, &info);
	if (info.removed)
		log_error("port %s: its device is gone, and the groups of its interfaces are lost",
			info.name);
	else
		log_limited(LOG_LEVEL_INFO, "port %s: the link is %s", info.name,
			info.up ? "up" : "down");
	engine_interface_set_link(arg, port);
}

static void worker_changed(void *arg, unsigned lcore, bool stalled)
{
	const struct engine_event event = {
		.kind = ENGINE_EVENT_WORKER, .lcore = lcore, .stalled = stalled};

	engine_event_emit(arg, &event);
}

void engine_turn(struct engine *engine)
{
	uint64_t now_ns = engine_now_cpu_ns();
	uint64_t us = (now_ns - engine->turn_begin_ns) / 1000;

	if (engine->turns++ > 0 && us > engine->turn_cpu_max_us)
		engine->turn_cpu_max_us = us;
	engine->turn_begin_ns = now_ns;
}

static bool is_held(const struct engine *engine, uint64_t now_ms)
{
	return now_ms < engine->reload_until_ms ||
	       (engine->n_holders > 0 && now_ms - engine->held_since_ms < HOLD_MAX_MS);
}

void engine_tick(struct engine *engine)
{
	void (*drained)(void *) = engine->drained;

	engine_turn(engine);
	log_catch_up();
	if (!is_held(engine, engine_now_ms()))
		engine_flush(engine);
	port_poll_events(engine->dataplane, link_changed, engine);
	worker_poll_events(engine->dataplane, engine_now_ms(), worker_changed, engine);
	engine_interface_advance_all(engine);
	engine_session_close_advance(engine);
	engine_session_publish_advance(engine);
	dataplane_reclaim(engine->dataplane);
	if (engine_session_close_pending(engine))
		engine->drain_until_ms = engine_now_ms() + DRAIN_MAX_MS;
	else if (drained != NULL && (!engine_machine_any_busy(&engine->machines) ||
					    engine_now_ms() >= engine->drain_until_ms)) {
		engine->drained = NULL;
		drained(engine->drained_arg);
	}
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	engine_tick(arg);
}

void engine_flush(struct engine *engine)
{
	// Before a leave is sent or the caller returns, no worker may use the old subscribers. One
	// that is stalled is not waited for: what it delivers when it goes on is the rest of a
	// burst.
	if (engine->withdrawn) {
		engine->withdrawn = false;
		dataplane_synchronize(engine->dataplane);
	}
	engine_machine_flush_all(&engine->machines, engine_now_ms());
}

void engine_hold(struct engine *engine)
{
	if (engine->n_holders++ == 0)
		engine->held_since_ms = engine_now_ms();
}

void engine_release(struct engine *engine)
{
	engine->n_holders--;
}

// ---- Open ----------------------------------------------------------------------------------

// Copies the parts of the configuration that belong to no object. Objects copy theirs.
static int copy_config(struct engine *engine, const struct config *config, struct error *error)
{
	engine->limits = config->limits;
	if (config_copy_lcores(&engine->lcores, &config->lcores) < 0 ||
		config_copy_protocol(&engine->protocol, &config->protocol) < 0)
		return error_set(error, ENOMEM, "engine: out of memory");
	return 0;
}

static int open_dataplane(struct engine *engine, const struct config *config, struct error *error)
{
	const struct dataplane_config dataplane_config = {
		.worker_lcores = config->lcores.workers,
		.n_workers = config->lcores.n_workers,
		.mbufs = config->limits.queued_frames,
		.filters = config->embedded,
	};
	struct dataplane_error why;

	engine->dataplane = dataplane_open(&dataplane_config, &why);
	if (engine->dataplane == NULL)
		return error_set(error, EIO, "data plane: %s", why.text);
	return 0;
}

static int open_objects(struct engine *engine, const struct config *config, struct error *error)
{
	int rc = 0;

	for (unsigned i = 0; i < config->n_ports && rc == 0; i++)
		rc = engine_port_open(engine, &config->ports[i], error);
	for (unsigned i = 0; i < config->n_interfaces && rc == 0; i++)
		rc = engine_interface_open(engine, &config->interfaces[i], error);
	return rc;
}

static int open_outputs(struct engine *engine, const struct config *config, struct error *error)
{
	const struct output_config counting = {.kind = OUTPUT_COUNT};
	struct dataplane_error why;
	int rc;

	rc = output_open(engine->dataplane, &counting, &engine->counting, &why);
	if (rc < 0)
		return error_set(error, -rc, "outputs: %s", why.text);
	if (engine_output_reserve(engine, config->n_outputs) < 0)
		return error_set(error, ENOMEM, "outputs: out of memory");
	for (unsigned i = 0; i < config->n_outputs; i++) {
		struct engine_output *output;

		rc = engine_output_open(engine, &config->outputs[i], &output, error);
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
	// Queries and protocol timers go before connections. A base of one priority has only 0.
	if (engine->tick != NULL)
		event_priority_set(engine->tick, 0);
	if (engine->tick == NULL || event_add(engine->tick, &interval) < 0)
		return error_set(error, ENOMEM, "event loop: out of memory");
	return 0;
}

static void keep_first(void *arg, const char *line)
{
	struct error *error = arg;

	if (error->text[0] == '\0')
		error_set(error, 0, "%s", line);
}

// A refused membership makes the start fail.
static int join_configured(struct engine *engine, const struct config *config, struct error *error)
{
	struct error first = {""};
	struct engine_report report = {.tell = keep_first, .arg = &first};
	struct engine_session *session;

	// It is there even without memberships.
	if (engine_session_open(engine, "config", 0, &session, error) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < config->n_memberships; i++)
		engine_membership_apply(engine, config, i, &report);
	return report.refused == 0 ? 0 : error_set(error, EIO, "%s", first.text);
}

struct engine *engine_open(
	const struct config *config, struct event_base *base, struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL) {
		error_set(error, ENOMEM, "engine: out of memory");
		return NULL;
	}
	engine->base = base;
	engine_machine_init(&engine->machines);
	TAILQ_INIT(&engine->ports);
	TAILQ_INIT(&engine->interfaces);
	TAILQ_INIT(&engine->outputs);
	TAILQ_INIT(&engine->sessions);
	TAILQ_INIT(&engine->abandoned);
	TAILQ_INIT(&engine->publishing);
	LIST_INIT(&engine->output_walks);
	LIST_INIT(&engine->session_walks);
	LIST_INIT(&engine->owners);
	TAILQ_INIT(&engine->shares);
	LIST_INIT(&engine->listeners);
	if (copy_config(engine, config, error) < 0 || open_dataplane(engine, config, error) < 0 ||
		open_objects(engine, config, error) < 0 ||
		open_outputs(engine, config, error) < 0 || start(engine, error) < 0 ||
		join_configured(engine, config, error) < 0) {
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
	struct engine_session *session;

	TAILQ_FOREACH (session, &engine->sessions, next)
		engine_session_close_later(session);
	engine_session_close_advance(engine);
	engine_flush(engine);
	engine->drained = done;
	engine->drained_arg = arg;
	engine->drain_until_ms = engine_now_ms() + DRAIN_MAX_MS;
}

int engine_close(struct engine *engine)
{
	struct engine_listener *listener;
	int rc = 0;

	close_sessions(engine);
	if (engine->tick != NULL)
		event_free(engine->tick);
	if (engine->dataplane != NULL)
		rc = dataplane_stop(engine->dataplane);
	if (rc < 0)
		return rc;
	engine_output_close_all(&engine->outputs);
	free(engine->output_names);
	if (engine->counting != NULL)
		output_close(engine->counting);
	engine_interface_close_all(engine);
	if (engine->dataplane != NULL)
		dataplane_close(engine->dataplane);
	while ((listener = LIST_FIRST(&engine->listeners)) != NULL) {
		LIST_REMOVE(listener, next);
		free(listener);
	}
	engine_port_free_all(engine);
	engine_machine_fini(&engine->machines);
	config_free_lcores(&engine->lcores);
	config_free_protocol(&engine->protocol);
	engine_session_table_free(&engine->session_table);
	free(engine->subscribers);
	free(engine);
	return 0;
}

// ---- Calls ---------------------------------------------------------------------------------

int engine_join(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return engine_request_call(ENGINE_JOIN, engine, request, error);
}

int engine_leave(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return engine_request_call(ENGINE_LEAVE, engine, request, error);
}

int engine_block(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return engine_request_call(ENGINE_BLOCK, engine, request, error);
}

int engine_unblock(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return engine_request_call(ENGINE_UNBLOCK, engine, request, error);
}

int engine_filter(struct engine *engine, const struct engine_request *request, struct error *error)
{
	return engine_request_call(ENGINE_FILTER, engine, request, error);
}

struct dataplane *engine_dataplane(struct engine *engine)
{
	return engine->dataplane;
}
