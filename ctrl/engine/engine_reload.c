// SPDX-License-Identifier: BSD-3-Clause
// Replaces the configuration while running, in parts, between which the owner's loop serves timers,
// queries and clients. Applies what can be applied, and names each entry that cannot.
//
// What can be checked is checked first: engine_reload_open() refuses a reload as a whole. From then
// on each entry is applied or refused for itself. A reload that is given up in the middle keeps the
// entries that were applied.
#include <errno.h>
#include <stdlib.h>
#include "engine_reload.h"

// Leaving makes room for joining, and joins need the new limits and outputs.
static const engine_reload_fn phases[] = {
	engine_reload_output_open,
	engine_reload_output_swap,
	engine_reload_membership_list,
	engine_reload_membership_leave,
	engine_reload_limits_set,
	engine_reload_limits_hosts,
	engine_reload_limits_sessions,
	engine_reload_membership_join,
	engine_reload_output_move,
	engine_reload_output_close,
};

// How long the reports wait for the end of a reload. It takes a second for 100,000 memberships.
#define HOLD_MS 2000

// ---- Fixed settings ------------------------------------------------------------------------

static bool same_ports(const struct engine *engine, const struct config *config)
{
	const struct engine_port *port;
	unsigned n = 0;

	TAILQ_FOREACH (port, &engine->ports, next) {
		if (n == config->n_ports || !config_same_port(&port->config, &config->ports[n]))
			return false;
		n++;
	}
	return n == config->n_ports;
}

static bool same_interfaces(const struct engine *engine, const struct config *config)
{
	const struct engine_interface *interface;
	unsigned n = 0;

	TAILQ_FOREACH (interface, &engine->interfaces, next) {
		if (n == config->n_interfaces ||
			!config_same_interface(&interface->config, &config->interfaces[n]))
			return false;
		n++;
	}
	return n == config->n_interfaces;
}

static const char *needs_restart(const struct engine *engine, const struct config *config)
{
	if (!config_same_lcores(&engine->lcores, &config->lcores))
		return "lcores";
	if (!same_ports(engine, config))
		return "ports";
	if (!same_interfaces(engine, config))
		return "interfaces";
	if (engine->limits.queued_frames != config->limits.queued_frames)
		return "limits.queued_frames";
	return NULL;
}

// ---- The reload ----------------------------------------------------------------------------

// A membership may deliver to each output, those that are replaced included.
static int reserve_subscribers(struct engine *engine, const struct config *config)
{
	unsigned n = config->n_outputs;
	struct engine_output *output;

	TAILQ_FOREACH (output, &engine->outputs, next) {
		output->kept = false;
		n++;
	}
	return engine_output_reserve(engine, n);
}

struct engine_reload *engine_reload_open(struct engine *engine, const struct config *config,
	struct engine_report *report, struct error *error)
{
	const char *what = needs_restart(engine, config);
	struct engine_reload *reload;

	if (what != NULL) {
		error_set(error, EINVAL, "a change of `%s` needs a restart", what);
		return NULL;
	}
	reload = calloc(1, sizeof(*reload));
	if (reload == NULL || reserve_subscribers(engine, config) < 0 ||
		engine_wanted_open(&reload->wanted, config->n_memberships) < 0) {
		free(reload);
		error_set(error, ENOMEM, "reload: out of memory");
		return NULL;
	}
	*report = (struct engine_report){
		.tell = report->tell, .arg = report->arg, .control = report->control};
	reload->engine = engine;
	reload->config = config;
	reload->report = report;
	reload->interface = TAILQ_FIRST(&engine->interfaces);
	TAILQ_INIT(&reload->fresh);
	TAILQ_INIT(&reload->stale);
	engine->reload_until_ms = engine_now_ms() + HOLD_MS;
	return reload;
}

bool engine_reload_some(struct engine_reload *reload)
{
	if (phases[reload->phase](reload)) {
		reload->phase++;
		reload->at = 0;
	}
	return reload->phase == RTE_DIM(phases);
}

void engine_reload_close(struct engine_reload *reload)
{
	engine_reload_walk_end(reload);
	member_walk_end(&reload->configured);
	engine_reload_output_cancel(reload);
	engine_wanted_close(&reload->wanted);
	reload->engine->reload_until_ms = 0;
	engine_flush(reload->engine);
	free(reload);
}
