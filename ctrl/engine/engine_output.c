// SPDX-License-Identifier: BSD-3-Clause
// Named outputs, and the sets of outputs that memberships deliver to.
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include "engine_private.h"

static int to_port(struct engine *engine, const struct config_output *config,
	struct output_config *dataplane_config, struct error *error)
{
	*dataplane_config = (struct output_config){
		.kind = OUTPUT_PORT,
		.port = engine_port_named(engine, config->port),
		.vlan = config->vlan,
		.set_source_mac = config->has_source_mac,
	};
	memcpy(dataplane_config->source_mac.addr_bytes, config->source_mac, 6);
	if (dataplane_config->port == NULL)
		return error_set(
			error, ENODEV, "output %s: no port named %s", config->name, config->port);
	return 0;
}

int engine_output_open(struct engine *engine, const struct config_output *config,
	struct engine_output **output, struct error *error)
{
	struct output_config dataplane_config = {.kind = OUTPUT_COUNT};
	struct engine_output *new = calloc(1, sizeof(*new));
	struct dataplane_error why;
	int rc;

	rc = new == NULL ? -ENOMEM : config_copy_output(&new->config, config);
	if (rc < 0) {
		error_set(error, -rc, "output %s: out of memory", config->name);
		goto free_output;
	}
	if (config->port != NULL)
		rc = to_port(engine, config, &dataplane_config, error);
	if (rc < 0)
		goto free_config;
	rc = output_open(engine->dataplane, &dataplane_config, &new->output, &why);
	if (rc < 0) {
		error_set(error, -rc, "output %s: %s", config->name, why.text);
		goto free_config;
	}
	*output = new;
	return 0;

free_config:
	config_free_output(&new->config);
free_output:
	free(new);
	return rc;
}

void engine_output_close_all(struct engine_outputs *outputs)
{
	struct engine_output *output;

	while ((output = TAILQ_FIRST(outputs)) != NULL) {
		TAILQ_REMOVE(outputs, output, next);
		output_close(output->output);
		config_free_output(&output->config);
		free(output);
	}
}

int engine_output_reserve(struct engine *engine, unsigned n)
{
	struct subscriber *subscribers =
		reallocarray(engine->subscribers, RTE_MAX(n, 1U), sizeof(*subscribers));

	if (subscribers == NULL)
		return -ENOMEM;
	engine->subscribers = subscribers;
	return 0;
}

unsigned engine_output_subscribers(struct engine *engine, const struct output_set *set,
	const struct engine_session *session, const struct sluice_source_filter *filter)
{
	struct output *own = session->output != NULL ? session->output : engine->counting;
	unsigned n = set != NULL ? set->n : 1;

	for (unsigned i = 0; i < n; i++)
		engine->subscribers[i] = (struct subscriber){
			.owner = session->id,
			.output = set != NULL ? set->outputs[i]->output : own,
			.udp_port_be = htons(session->udp_port),
			.filter = *filter,
		};
	return n;
}

// ---- Sets ----------------------------------------------------------------------------------

static void set_listed(const struct output_set *set, bool listed)
{
	for (unsigned i = 0; i < set->n; i++)
		set->outputs[i]->listed = listed;
}

void engine_output_set_renew(struct engine *engine, struct output_set *set)
{
	unsigned n = 0;

	for (unsigned i = 0; i < set->n; i++) {
		struct engine_output *output = set->outputs[i];

		if (output->stale)
			output = engine_output_find(engine, output->config.name);
		if (output == NULL || output->listed)
			continue;
		output->listed = true;
		set->outputs[n++] = output;
	}
	set->n = n;
	set_listed(set, false);
}

int engine_output_set_add(struct engine *engine, const struct output_set *set,
	struct engine_output *const *outputs, unsigned n, struct output_set **sum)
{
	unsigned n_old = set != NULL ? set->n : 0;
	struct output_set *new;

	*sum = NULL;
	if (n_old + n == 0)
		return 0;
	new = malloc(sizeof(*new) + (n_old + n) * sizeof(new->outputs[0]));
	if (new == NULL)
		return -ENOMEM;
	new->n = n_old;
	if (n_old > 0)
		memcpy(new->outputs, set->outputs, n_old * sizeof(new->outputs[0]));
	engine_output_set_renew(engine, new);
	set_listed(new, true);
	for (unsigned i = 0; i < n; i++) {
		if (!outputs[i]->listed)
			new->outputs[new->n++] = outputs[i];
		outputs[i]->listed = true;
	}
	set_listed(new, false);
	if (new->n > 0)
		*sum = new;
	else
		free(new);
	return 0;
}

// ---- The outputs of the engine -------------------------------------------------------------

static void forget_names(struct engine *engine)
{
	free(engine->output_names);
	engine->output_names = NULL;
	engine->n_output_names = 0;
}

void engine_output_publish(struct engine *engine, struct engine_outputs *outputs)
{
	TAILQ_CONCAT(&engine->outputs, outputs, next);
	forget_names(engine);
}

void engine_output_withdraw(struct engine *engine, struct engine_output *output)
{
	struct engine_output_walk *walk;

	LIST_FOREACH (walk, &engine->output_walks, entry)
		if (walk->next == output)
			walk->next = TAILQ_NEXT(output, next);
	TAILQ_REMOVE(&engine->outputs, output, next);
	output->stale = true;
	forget_names(engine);
}

static int compare_outputs(const void *a, const void *b)
{
	struct engine_output *const *x = a, *const *y = b;

	return strcmp((*x)->config.name, (*y)->config.name);
}

static int compare_name(const void *name, const void *output)
{
	return strcmp(name, (*(struct engine_output *const *)output)->config.name);
}

static bool sort_names(struct engine *engine)
{
	struct engine_output *output;
	unsigned n = 0;

	if (engine->output_names != NULL)
		return true;
	TAILQ_FOREACH (output, &engine->outputs, next)
		n++;
	engine->output_names = malloc(RTE_MAX(n, 1U) * sizeof(*engine->output_names));
	if (engine->output_names == NULL)
		return false;
	TAILQ_FOREACH (output, &engine->outputs, next)
		if (!output->stale)
			engine->output_names[engine->n_output_names++] = output;
	qsort(engine->output_names, engine->n_output_names, sizeof(*engine->output_names),
		compare_outputs);
	return true;
}

struct engine_output *engine_output_find(struct engine *engine, const char *name)
{
	struct engine_output *output, **found;

	if (sort_names(engine)) {
		found = bsearch(name, engine->output_names, engine->n_output_names,
			sizeof(*engine->output_names), compare_name);
		return found != NULL ? *found : NULL;
	}
	TAILQ_FOREACH (output, &engine->outputs, next)
		if (!output->stale && strcmp(output->config.name, name) == 0)
			return output;
	return NULL;
}

struct engine_output *engine_output_first(struct engine *engine)
{
	return TAILQ_FIRST(&engine->outputs);
}

struct engine_output *engine_output_next(struct engine_output *output)
{
	return TAILQ_NEXT(output, next);
}

void engine_output_walk_begin(struct engine_output_walk *walk, struct engine *engine)
{
	walk->next = TAILQ_FIRST(&engine->outputs);
	LIST_INSERT_HEAD(&engine->output_walks, walk, entry);
}

struct engine_output *engine_output_walk_next(struct engine_output_walk *walk)
{
	struct engine_output *output = walk->next;

	if (output != NULL)
		walk->next = TAILQ_NEXT(output, next);
	return output;
}

void engine_output_walk_end(struct engine_output_walk *walk)
{
	LIST_REMOVE(walk, entry);
}

// ---- Accessors -----------------------------------------------------------------------------

const char *engine_output_name(const struct engine_output *output)
{
	return output->config.name;
}

struct output *engine_output_dataplane(const struct engine_output *output)
{
	return output->output;
}
