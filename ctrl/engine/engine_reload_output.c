// SPDX-License-Identifier: BSD-3-Clause
// Outputs of a reload. Those that the new configuration does not change stay open and keep their
// counters. So do those whose replacement is refused. The others are withdrawn: their memberships
// deliver to them until they are moved to the outputs that now have their names, if there are any.
#include <stdlib.h>
#include "address.h"
#include "engine_reload.h"

#define PART_MEMBERS 16u

bool engine_reload_output_open(struct engine_reload *reload)
{
	const struct config *config = reload->config;
	struct engine *engine = reload->engine;
	struct engine_output *output, *old;
	struct error why;

	if (reload->at == config->n_outputs)
		return true;
	old = engine_output_find(engine, config->outputs[reload->at].name);
	if (old != NULL && config_same_output(&old->config, &config->outputs[reload->at])) {
		old->kept = true;
	} else if (engine_output_open(engine, &config->outputs[reload->at], &output, &why) < 0) {
		engine_report_refuse(reload->report, "outputs[%u]: %s", reload->at, why.text);
		if (old != NULL)
			old->kept = true;
	} else {
		TAILQ_INSERT_TAIL(&reload->fresh, output, next);
		reload->report->outputs_opened++;
	}
	reload->at++;
	return false;
}

// Not in parts, so that each name always has an output.
bool engine_reload_output_swap(struct engine_reload *reload)
{
	struct engine *engine = reload->engine;
	struct engine_output *output = TAILQ_FIRST(&engine->outputs), *next;

	for (; output != NULL; output = next) {
		next = TAILQ_NEXT(output, next);
		if (output->kept)
			continue;
		engine_output_withdraw(engine, output);
		TAILQ_INSERT_TAIL(&reload->stale, output, next);
		reload->report->outputs_closed++;
	}
	engine_output_publish(engine, &reload->fresh);
	return true;
}

// ---- Memberships of stale outputs ----------------------------------------------------------

static bool has_stale(const struct output_set *set)
{
	for (unsigned i = 0; set != NULL && i < set->n; i++)
		if (set->outputs[i]->stale)
			return true;
	return false;
}

// It adds no subscriber, so it cannot fail for lack of memory or room in the data plane, except
// beside a stalled worker.
static void move(struct engine_reload *reload, struct member *member)
{
	struct output_set *set = member_user(member);
	int rc;

	engine_output_set_renew(reload->engine, set);
	rc = engine_member_set_outputs(member, set->n > 0 ? set : NULL);
	if (rc < 0)
		reload->stuck = true;
	else if (set->n == 0)
		free(set);
}

static void note_bare(struct engine_reload *reload, const struct member *member)
{
	struct engine_reload_bare *bare = &reload->bare;
	const struct engine_session *session = session_user(member_session(member));
	struct engine_output *const *outputs;

	if (engine_member_outputs(member, &outputs) > 0 || session->output != NULL)
		return;
	bare->n++;
	bare->interface = engine_host_interface(member_host(member));
	member_group(member, &bare->group);
}

static void report_bare(struct engine_reload *reload)
{
	const struct engine_reload_bare *bare = &reload->bare;
	char text[ADDRESS_TEXT_MAX];

	if (bare->n == 0)
		return;
	engine_report_note(reload->report,
		"session %s: %u membership%s no output left and %s only counted, %s on %s for one",
		bare->session, bare->n, bare->n == 1 ? " has" : "s have",
		bare->n == 1 ? "is" : "are", address_format(&bare->group, text),
		bare->interface->config.name);
	reload->report->undelivered += bare->n;
}

// Returns whether there is another session.
static bool next_session(struct engine_reload *reload)
{
	const struct engine_session *session;

	report_bare(reload);
	reload->bare.n = 0;
	session = engine_reload_walk_session(reload);
	if (session == NULL)
		return false;
	engine_reload_walk_name(session, reload->bare.session);
	return true;
}

bool engine_reload_output_move(struct engine_reload *reload)
{
	if (TAILQ_EMPTY(&reload->stale))
		return true;
	engine_reload_walk_begin(reload);
	for (unsigned i = 0; i < PART_MEMBERS; i++) {
		struct member *member = engine_reload_walk_member(reload);

		if (member != NULL && has_stale(member_user(member))) {
			move(reload, member);
			note_bare(reload, member);
		} else if (member == NULL && !next_session(reload)) {
			engine_reload_walk_end(reload);
			return true;
		}
	}
	return false;
}

// ---- The end -------------------------------------------------------------------------------

bool engine_reload_output_close(struct engine_reload *reload)
{
	struct engine_outputs one = TAILQ_HEAD_INITIALIZER(one);
	struct engine_output *output = TAILQ_FIRST(&reload->stale);

	if (output == NULL)
		return true;
	if (reload->stuck) {
		// The data plane may still use the removed outputs.
		engine_report_refuse(
			reload->report, "outputs: out of memory, removed ones stay open");
		engine_output_publish(reload->engine, &reload->stale);
		return true;
	}
	TAILQ_REMOVE(&reload->stale, output, next);
	TAILQ_INSERT_TAIL(&one, output, next);
	engine_output_close_all(&one);
	return false;
}

// Memberships may use the stale ones, which are therefore listed until the engine is closed.
void engine_reload_output_cancel(struct engine_reload *reload)
{
	engine_output_close_all(&reload->fresh);
	engine_output_publish(reload->engine, &reload->stale);
}
