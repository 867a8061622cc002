// SPDX-License-Identifier: BSD-3-Clause
// The configured memberships, and the change to another configuration while running.
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"
#include "log.h"

// ---- What may not change -------------------------------------------------------------------

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_texts(char *const *a, unsigned n_a, char *const *b, unsigned n_b)
{
	if (n_a != n_b)
		return false;
	for (unsigned i = 0; i < n_a; i++)
		if (!same_text(a[i], b[i]))
			return false;
	return true;
}

static bool same_lcores(const struct config_lcores *a, const struct config_lcores *b)
{
	return a->control == b->control && a->n_workers == b->n_workers &&
	       memcmp(a->workers, b->workers, a->n_workers * sizeof(*a->workers)) == 0;
}

static bool same_ports(const struct config *a, const struct config *b)
{
	if (a->n_ports != b->n_ports)
		return false;
	for (unsigned i = 0; i < a->n_ports; i++) {
		const struct config_port *x = &a->ports[i], *y = &b->ports[i];

		if (!same_text(x->name, y->name) || !same_text(x->device, y->device) ||
			x->queues != y->queues || x->mtu != y->mtu)
			return false;
	}
	return true;
}

static bool same_addresses(const struct config_interface *a, const struct config_interface *b)
{
	if (a->n_addresses != b->n_addresses)
		return false;
	for (unsigned i = 0; i < a->n_addresses; i++)
		if (!sluice_addr_equal(&a->addresses[i].addr, &b->addresses[i].addr) ||
			a->addresses[i].prefix_length != b->addresses[i].prefix_length)
			return false;
	return true;
}

static bool same_interfaces(const struct config *a, const struct config *b)
{
	if (a->n_interfaces != b->n_interfaces)
		return false;
	for (unsigned i = 0; i < a->n_interfaces; i++) {
		const struct config_interface *x = &a->interfaces[i], *y = &b->interfaces[i];

		if (!same_text(x->name, y->name) || !same_text(x->port, y->port) ||
			x->vlan != y->vlan || x->inner_vlan != y->inner_vlan ||
			!same_addresses(x, y))
			return false;
	}
	return true;
}

static const char *needs_restart(const struct config *a, const struct config *b)
{
	if (!same_text(a->socket, b->socket))
		return "socket";
	if (!same_texts(a->eal, a->n_eal, b->eal, b->n_eal))
		return "eal";
	if (!same_lcores(&a->lcores, &b->lcores))
		return "lcores";
	if (!same_ports(a, b))
		return "ports";
	if (!same_interfaces(a, b))
		return "interfaces";
	if (a->limits.queued_frames != b->limits.queued_frames)
		return "limits.queued_frames";
	return NULL;
}

// ---- Memberships ---------------------------------------------------------------------------

static const char *interface_of(const struct engine *engine, const struct config_membership *config)
{
	return config->interface != NULL ? config->interface : engine->interfaces[0].config->name;
}

static struct output_set *outputs_of(
	struct engine *engine, const struct config_membership *config, int *rc)
{
	struct engine_output **outputs = calloc(config->n_to + 1, sizeof(*outputs));
	struct output_set *set = NULL;
	unsigned n = 0;

	*rc = -ENOMEM;
	if (outputs == NULL)
		return NULL;
	for (unsigned i = 0; i < config->n_to; i++) {
		outputs[n] = engine_output_find(engine, config->to[i]);
		n += outputs[n] != NULL;
	}
	*rc = engine_output_set_add(NULL, outputs, n, &set);
	free(outputs);
	return set;
}

static bool same_set(const struct output_set *a, const struct output_set *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->n == b->n && memcmp(a->outputs, b->outputs, a->n * sizeof(a->outputs[0])) == 0;
}

static int set_outputs(struct member *member, struct output_set *set)
{
	struct output_set *old = member_user(member);
	int rc = 0;

	if (!same_set(old, set)) {
		rc = engine_member_set_outputs(member, set);
		if (rc == 0)
			set = old;
	}
	free(set);
	return rc;
}

static int apply_one(struct engine *engine, struct engine_session *session,
	const struct config_membership *config, struct error *error)
{
	struct engine_request request = {
		.session = session,
		.interface = interface_of(engine, config),
		.group = config->group,
		.mode = config->exclude || config->n_sources == 0 ? SLUICE_EXCLUDE : SLUICE_INCLUDE,
		.sources = config->sources,
		.n_sources = config->n_sources,
	};
	struct engine_interface *interface;
	struct output_set *set;
	struct host *host;
	int rc;

	rc = engine_filter(engine, &request, error);
	if (rc < 0)
		return rc;
	set = outputs_of(engine, config, &rc);
	if (rc < 0)
		return error_set(error, -rc, "memberships: out of memory");
	interface = engine_interface_named(engine, request.interface);
	host = engine_interface_host(interface, config->group.family);
	rc = set_outputs(member_find(session->memberships, host, &config->group), set);
	if (rc < 0)
		return error_set(error, -rc, "memberships: %s", strerror(-rc));
	return 0;
}

// A membership's key, for finding those that are configured no longer.
struct key {
	const char *interface;
	struct sluice_addr group;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = memcmp(&x->group, &y->group, sizeof(x->group));

	return order != 0 ? order : strcmp(x->interface, y->interface);
}

static int leave_others(struct engine *engine, struct engine_session *session)
{
	const struct config *config = engine->config;
	struct key *keys = calloc(config->n_memberships + 1, sizeof(*keys));
	struct member *member, *next;

	if (keys == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < config->n_memberships; i++)
		keys[i] = (struct key){
			.interface = interface_of(engine, &config->memberships[i]),
			.group = config->memberships[i].group,
		};
	qsort(keys, config->n_memberships, sizeof(*keys), compare_keys);
	for (member = member_first(session->memberships); member != NULL; member = next) {
		struct host *host = member_host(member);
		struct key key = {.interface = engine_host_interface(host)->config->name};

		next = member_next(member);
		member_group(member, &key.group);
		if (bsearch(&key, keys, config->n_memberships, sizeof(*keys), compare_keys) == NULL)
			member_set_filter(session->memberships, host, &key.group, SLUICE_INCLUDE,
				NULL, 0, engine_now_ms());
	}
	free(keys);
	return 0;
}

int engine_memberships_apply(struct engine *engine, struct error *error)
{
	const struct config *config = engine->config;
	struct engine_session *session;
	int rc;

	rc = engine_session_open(engine, "config", 0, &session, error);
	if (rc < 0)
		return rc;
	if (leave_others(engine, session) < 0)
		return error_set(error, ENOMEM, "memberships: out of memory");
	for (unsigned i = 0; i < config->n_memberships; i++) {
		rc = apply_one(engine, session, &config->memberships[i], error);
		if (rc < 0)
			return rc;
	}
	return 0;
}

// ---- Outputs -------------------------------------------------------------------------------

static bool same_output(const struct config_output *a, const struct config_output *b)
{
	return same_text(a->name, b->name) && same_text(a->port, b->port) && a->vlan == b->vlan &&
	       a->has_source_mac == b->has_source_mac &&
	       memcmp(a->source_mac, b->source_mac, sizeof(a->source_mac)) == 0;
}

static bool is_configured(const struct config *config, const struct engine_output *output)
{
	for (unsigned i = 0; i < config->n_outputs; i++)
		if (same_output(&config->outputs[i], &output->config))
			return true;
	return false;
}

static bool is_open(const struct engine *engine, const struct config_output *config)
{
	const struct engine_output *output;

	TAILQ_FOREACH (output, &engine->outputs, next)
		if (same_output(&output->config, config))
			return true;
	return false;
}

static int open_fresh(struct engine *engine, const struct config *config,
	struct engine_outputs *fresh, struct error *error)
{
	unsigned n = config->n_outputs;
	struct engine_output *output;
	int rc;

	TAILQ_FOREACH (output, &engine->outputs, next)
		n++;
	if (engine_outputs_reserve(engine, n) < 0)
		return error_set(error, ENOMEM, "outputs: out of memory");
	for (unsigned i = 0; i < config->n_outputs; i++) {
		if (is_open(engine, &config->outputs[i]))
			continue;
		rc = engine_output_open(engine, &config->outputs[i], &output, error);
		if (rc < 0)
			return rc;
		TAILQ_INSERT_TAIL(fresh, output, next);
	}
	return 0;
}

// Outputs the new configuration has unchanged stay, and what they count with them.
static void swap_outputs(struct engine *engine, const struct config *config,
	struct engine_outputs *fresh, struct engine_outputs *stale)
{
	struct engine_output *output = TAILQ_FIRST(&engine->outputs), *next;

	for (; output != NULL; output = next) {
		next = TAILQ_NEXT(output, next);
		if (is_configured(config, output))
			continue;
		TAILQ_REMOVE(&engine->outputs, output, next);
		TAILQ_INSERT_TAIL(stale, output, next);
	}
	TAILQ_CONCAT(&engine->outputs, fresh, next);
}

static bool is_in(const struct engine_outputs *outputs, const struct engine_output *output)
{
	const struct engine_output *at;

	TAILQ_FOREACH (at, outputs, next)
		if (at == output)
			return true;
	return false;
}

// Moves a membership from stale outputs to the fresh ones of the same names, as far as there are.
static int move_member(
	struct engine *engine, struct member *member, const struct engine_outputs *stale)
{
	const struct output_set *old = member_user(member);
	struct engine_output **outputs;
	struct output_set *set;
	unsigned n = 0;
	int rc;

	if (old == NULL)
		return 0;
	outputs = calloc(old->n, sizeof(*outputs));
	if (outputs == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < old->n; i++) {
		struct engine_output *output = old->outputs[i];

		if (is_in(stale, output))
			output = engine_output_find(engine, output->config.name);
		if (output != NULL)
			outputs[n++] = output;
	}
	rc = engine_output_set_add(NULL, outputs, n, &set);
	free(outputs);
	return rc < 0 ? rc : set_outputs(member, set);
}

static void close_stale(struct engine *engine, struct engine_outputs *stale)
{
	struct engine_session *session;
	struct member *member;

	if (TAILQ_EMPTY(stale))
		return;
	TAILQ_FOREACH (session, &engine->sessions, next) {
		member = member_first(session->memberships);
		for (; member != NULL; member = member_next(member))
			if (move_member(engine, member, stale) < 0)
				log_error("reload: a membership keeps an output that is gone");
	}
	engine_flush(engine);
	engine_outputs_close(stale);
}

int engine_reload(struct engine *engine, const struct config *config, struct error *error)
{
	struct engine_outputs fresh = TAILQ_HEAD_INITIALIZER(fresh);
	struct engine_outputs stale = TAILQ_HEAD_INITIALIZER(stale);
	const char *what = needs_restart(engine->config, config);
	struct error why;
	int rc;

	if (what != NULL)
		return error_set(error, EINVAL, "a change of `%s` needs a restart", what);
	rc = open_fresh(engine, config, &fresh, error);
	if (rc < 0) {
		engine_outputs_close(&fresh);
		return rc;
	}
	swap_outputs(engine, config, &fresh, &stale);
	close_stale(engine, &stale);
	engine->config = config;
	for (unsigned i = 0; i < engine->n_ports; i++)
		engine->ports[i].config = &config->ports[i];
	if (engine_interfaces_reconfigure(engine) < 0)
		log_error("reload: out of memory, an interface keeps its protocol settings");
	if (engine_memberships_apply(engine, &why) < 0)
		log_error("reload: %s", why.text);
	engine_flush(engine);
	return 0;
}
