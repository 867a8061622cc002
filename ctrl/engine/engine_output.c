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
	struct subscriber *lines = reallocarray(engine->lines, RTE_MAX(n, 1U), sizeof(*lines));

	if (lines == NULL)
		return -ENOMEM;
	engine->lines = lines;
	return 0;
}

unsigned engine_output_lines(struct engine *engine, const struct output_set *set,
	const struct engine_session *session, enum sluice_filter_mode mode,
	const struct sluice_addr *sources, unsigned n_sources)
{
	struct output *own = session->output != NULL ? session->output : engine->counting;
	unsigned n = set != NULL ? set->n : 1;

	for (unsigned i = 0; i < n; i++)
		engine->lines[i] = (struct subscriber){
			.owner = session->id,
			.output = set != NULL ? set->outputs[i]->output : own,
			.mode = mode,
			.udp_port_be = htons(session->udp_port),
			.n_sources = n_sources,
			.sources = sources,
		};
	return n;
}

// ---- Sets ----------------------------------------------------------------------------------

static bool set_has(const struct output_set *set, const struct engine_output *output)
{
	for (unsigned i = 0; set != NULL && i < set->n; i++)
		if (set->outputs[i] == output)
			return true;
	return false;
}

int engine_output_set_add(const struct output_set *set, struct engine_output *const *outputs,
	unsigned n, struct output_set **sum)
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
	for (unsigned i = 0; i < n; i++)
		if (!set_has(new, outputs[i]))
			new->outputs[new->n++] = outputs[i];
	*sum = new;
	return 0;
}

// ---- Accessors -----------------------------------------------------------------------------

struct engine_output *engine_output_first(struct engine *engine)
{
	return TAILQ_FIRST(&engine->outputs);
}

struct engine_output *engine_output_next(struct engine_output *output)
{
	return TAILQ_NEXT(output, next);
}

struct engine_output *engine_output_find(struct engine *engine, const char *name)
{
	struct engine_output *output;

	TAILQ_FOREACH (output, &engine->outputs, next)
		if (strcmp(output->config.name, name) == 0)
			return output;
	return NULL;
}

const char *engine_output_name(const struct engine_output *output)
{
	return output->config.name;
}

struct output *engine_output_dataplane(const struct engine_output *output)
{
	return output->output;
}
