// SPDX-License-Identifier: BSD-3-Clause
// Replaces the configuration while running. Applies what can be applied, and names each entry that
// cannot.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

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

// ---- Outputs -------------------------------------------------------------------------------

// Opens the outputs that are new or changed. Outputs that the new configuration does not change
// stay open and keep their counters. So do outputs whose replacement is refused.
static int open_fresh(struct engine *engine, const struct config *config,
	struct engine_outputs *fresh, struct engine_report *report, struct error *error)
{
	unsigned n = config->n_outputs;
	struct engine_output *output, *old;
	struct error why;

	TAILQ_FOREACH (output, &engine->outputs, next) {
		output->kept = false;
		n++;
	}
	if (engine_output_reserve(engine, n) < 0)
		return error_set(error, ENOMEM, "outputs: out of memory");
	for (unsigned i = 0; i < config->n_outputs; i++) {
		old = engine_output_find(engine, config->outputs[i].name);
		if (old != NULL && config_same_output(&old->config, &config->outputs[i])) {
			old->kept = true;
			continue;
		}
		if (engine_output_open(engine, &config->outputs[i], &output, &why) < 0) {
			engine_report_refuse(report, "outputs[%u]: %s", i, why.text);
			if (old != NULL)
				old->kept = true;
			continue;
		}
		TAILQ_INSERT_TAIL(fresh, output, next);
		report->outputs_opened++;
	}
	return 0;
}

static void swap_outputs(struct engine *engine, struct engine_outputs *fresh,
	struct engine_outputs *stale, struct engine_report *report)
{
	struct engine_output *output = TAILQ_FIRST(&engine->outputs), *next;

	for (; output != NULL; output = next) {
		next = TAILQ_NEXT(output, next);
		if (output->kept)
			continue;
		engine_output_withdraw(engine, output);
		TAILQ_INSERT_TAIL(stale, output, next);
		report->outputs_closed++;
	}
	engine_output_publish(engine, fresh);
}

// Moves a membership from stale outputs to the outputs that now have their names, if there are any.
// It adds no subscriber, so it cannot fail for lack of memory or room in the data plane.
static int move_member(struct engine *engine, struct member *member, bool *moved)
{
	struct output_set *set = member_user(member);
	unsigned n = 0;
	int rc;

	*moved = false;
	for (unsigned i = 0; set != NULL && i < set->n; i++)
		*moved |= set->outputs[i]->stale;
	if (!*moved)
		return 0;
	for (unsigned i = 0; i < set->n; i++) {
		struct engine_output *output = set->outputs[i];

		if (output->stale)
			output = engine_output_find(engine, output->config.name);
		if (output != NULL)
			set->outputs[n++] = output;
	}
	set->n = n;
	rc = engine_member_set_outputs(member, n > 0 ? set : NULL);
	if (n == 0 && rc == 0)
		free(set);
	return rc;
}

// Moves the memberships of a session, and reports those that have no output left.
static int move_session(
	struct engine *engine, struct engine_session *session, struct engine_report *report)
{
	struct member *member = session_first_member(session->memberships), *first = NULL;
	struct engine_output *const *outputs;
	char text[ADDRESS_TEXT_MAX];
	struct sluice_addr group;
	unsigned n = 0;
	int rc = 0;

	for (; member != NULL; member = session_next_member(member)) {
		bool moved;

		if (move_member(engine, member, &moved) < 0)
			rc = -ENOMEM;
		if (!moved || engine_member_outputs(member, &outputs) > 0 ||
			session->output != NULL)
			continue;
		first = member;
		n++;
	}
	if (n == 0)
		return rc;
	member_group(first, &group);
	engine_report_note(report,
		"session %s: %u membership%s no output left and %s only counted, %s on %s for one",
		session->name != NULL ? session->name : "of a connection", n,
		n == 1 ? " has" : "s have", n == 1 ? "is" : "are", address_format(&group, text),
		engine_host_interface(member_host(first))->config.name);
	report->undelivered += n;
	return rc;
}

static void close_stale(
	struct engine *engine, struct engine_outputs *stale, struct engine_report *report)
{
	struct engine_session *session;
	int rc = 0;

	if (TAILQ_EMPTY(stale))
		return;
	TAILQ_FOREACH (session, &engine->sessions, next)
		if (move_session(engine, session, report) < 0)
			rc = -ENOMEM;
	engine_flush(engine);
	if (rc == 0) {
		engine_output_close_all(stale);
		return;
	}
	// The data plane may still use the removed outputs.
	engine_report_refuse(report, "outputs: out of memory, removed ones stay open");
	engine_output_publish(engine, stale);
}

// ---- Reload --------------------------------------------------------------------------------

int engine_reload(struct engine *engine, const struct config *config, struct engine_report *report,
	struct error *error)
{
	struct engine_outputs fresh = TAILQ_HEAD_INITIALIZER(fresh);
	struct engine_outputs stale = TAILQ_HEAD_INITIALIZER(stale);
	const char *what = needs_restart(engine, config);
	int rc;

	*report = (struct engine_report){.tell = report->tell, .arg = report->arg};
	if (what != NULL)
		return error_set(error, EINVAL, "a change of `%s` needs a restart", what);
	rc = open_fresh(engine, config, &fresh, report, error);
	if (rc < 0)
		return rc;
	swap_outputs(engine, &fresh, &stale, report);
	// The order matters: leaving makes room for joining, and joins need the new limits and
	// outputs.
	if (engine_membership_leave_others(engine, config, report) < 0)
		engine_report_refuse(report, "memberships: out of memory, none is left");
	engine_limits_apply(engine, config, report);
	engine_membership_apply(engine, config, report);
	close_stale(engine, &stale, report);
	engine_flush(engine);
	return 0;
}
