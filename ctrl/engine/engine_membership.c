// SPDX-License-Identifier: BSD-3-Clause
// The configured memberships. The session "config" has exactly these, except refused ones.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

struct engine_interface *engine_membership_interface(
	struct engine *engine, const struct config_membership *config)
{
	return config->interface != NULL ? engine_interface_named(engine, config->interface)
					 : engine_interface_first(engine);
}

static int compare_sources(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sluice_addr));
}

// Whether the membership has the configured filter. *rc is -ENOMEM if it cannot be compared.
static bool same_filter(
	const struct member *member, const struct sluice_source_filter *config, int *rc)
{
	const struct sluice_source_filter filter = member_filter(member);
	struct sluice_source_filter wanted = {.mode = config->mode};
	struct sluice_addr *sorted;
	bool same;

	*rc = 0;
	sorted = malloc((config->n_sources + 1) * sizeof(*sorted));
	if (sorted == NULL) {
		*rc = -ENOMEM;
		return false;
	}
	if (config->n_sources > 0)
		memcpy(sorted, config->sources, config->n_sources * sizeof(*sorted));
	qsort(sorted, config->n_sources, sizeof(*sorted), compare_sources);
	for (unsigned i = 0; i < config->n_sources; i++)
		if (i == 0 || compare_sources(&sorted[i], &sorted[i - 1]) != 0)
			sorted[wanted.n_sources++] = sorted[i];
	wanted.sources = sorted;
	same = sluice_source_filter_equal(&wanted, &filter);
	free(sorted);
	return same;
}

// Compares by name: a reopened output moves its memberships itself.
static bool same_outputs(const struct member *member, const struct config_membership *config)
{
	struct engine_output *const *outputs;
	unsigned n = engine_member_outputs(member, &outputs);

	if (n != config->n_to)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(outputs[i]->config.name, config->to[i]) != 0)
			return false;
	return true;
}

static int apply_one(struct engine *engine, struct engine_session *session,
	const struct config_membership *config, struct engine_report *report, struct error *error)
{
	struct engine_interface *interface = engine_membership_interface(engine, config);
	struct engine_request request = {
		.session = session,
		.interface = interface->config.name,
		.group = config->group,
		.filter = config->filter,
		.only_outputs = true,
	};
	struct member *member = member_find(session->memberships,
		engine_interface_host(interface, config->group.family), &config->group);
	bool fresh = member == NULL;
	int rc = 0;

	if (!fresh && same_outputs(member, config) && same_filter(member, &config->filter, &rc))
		return 0;
	request.outputs = calloc(config->n_to + 1, sizeof(*request.outputs));
	if (rc < 0 || request.outputs == NULL) {
		free(request.outputs);
		return error_set(error, ENOMEM, "out of memory");
	}
	for (unsigned i = 0; i < config->n_to; i++) {
		struct engine_output *output = engine_output_find(engine, config->to[i]);

		if (output != NULL)
			request.outputs[request.n_outputs++] = output;
	}
	rc = engine_request_call(ENGINE_FILTER, engine, &request, error);
	free(request.outputs);
	if (rc < 0)
		return rc;
	report->undelivered += config->n_to > 0 && request.n_outputs == 0;
	report->joined += fresh;
	report->changed += !fresh;
	return 0;
}

void engine_membership_apply(struct engine *engine, const struct config *config, unsigned index,
	struct engine_report *report)
{
	struct engine_session *session;
	struct error why;
	int rc = engine_session_open(engine, "config", 0, &session, &why);

	if (rc == 0)
		rc = apply_one(engine, session, &config->memberships[index], report, &why);
	if (rc < 0)
		engine_report_refuse(report, "memberships[%u]: %s", index, why.text);
}
