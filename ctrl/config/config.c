// SPDX-License-Identifier: BSD-3-Clause
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config_convert.h"
#include "config_file.h"

static const char default_socket[] = "/run/sluice/sluice.sock";
static const char *const default_eal[] = {"--no-huge", "--no-shconf", "-m", "256", "--no-pci"};
#define DEFAULT_EAL_COUNT (sizeof(default_eal) / sizeof(default_eal[0]))

static bool fill_defaults(struct config *config)
{
	if (!config->socket) {
		config->socket = strdup(default_socket);
		if (!config->socket)
			return false;
	}
	if (config->eal)
		return true;
	config->eal = calloc(DEFAULT_EAL_COUNT, sizeof(*config->eal));
	if (!config->eal)
		return false;
	for (; config->n_eal < DEFAULT_EAL_COUNT; config->n_eal++) {
		config->eal[config->n_eal] = strdup(default_eal[config->n_eal]);
		if (!config->eal[config->n_eal])
			return false;
	}
	return true;
}

static void free_texts(char **texts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

static void free_membership(struct config_membership *membership)
{
	free(membership->interface);
	free((void *)membership->filter.sources);
	free_texts(membership->to, membership->n_to);
}

// A membership without any source joins nothing. It was checked with the others.
static void drop_empty_memberships(struct config *config)
{
	unsigned n = 0;

	for (unsigned i = 0; i < config->n_memberships; i++) {
		struct config_membership *membership = &config->memberships[i];

		if (sluice_source_filter_is_empty(&membership->filter))
			free_membership(membership);
		else
			config->memberships[n++] = *membership;
	}
	config->n_memberships = n;
}

static struct config *interpret(struct config_reader *reader, struct raw_config *raw)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config) {
		config_reader_no_memory(reader);
		return NULL;
	}
	config_convert(reader, raw, config);
	if (!fill_defaults(config))
		config_reader_no_memory(reader);
	else
		config_check(reader, config);
	if (reader->problems == 0) {
		drop_empty_memberships(config);
		return config;
	}
	config_free(config);
	return NULL;
}

struct config *config_load_text(const char *name, const char *text, size_t len,
	const struct config_bounds *bounds, void (*report)(void *arg, const char *line), void *arg)
{
	struct config_reader reader = {
		.file = name, .bounds = bounds, .report = report, .arg = arg};
	struct config_lines *lines;
	struct config *config = NULL;
	struct config_fault fault;
	struct raw_config *raw;

	lines = config_lines_scan(text, len, &fault);
	if (!lines)
		goto report_fault;
	reader.lines = lines;
	raw = config_schema_load(text, len, lines, &fault);
	if (!raw)
		goto report_fault;
	config = interpret(&reader, raw);
	config_schema_free(raw);
	goto free_lines;

report_fault:
	config_reader_report(&reader, fault.line, fault.text);
free_lines:
	config_lines_free(lines);
	return config;
}

struct config *config_load(const char *file, const struct config_bounds *bounds,
	void (*report)(void *arg, const char *line), void *arg)
{
	struct config_reader reader = {.file = file, .report = report, .arg = arg};
	struct config *config;
	size_t len;
	char *text = config_file_read(&reader, file, &len);

	if (!text)
		return NULL;
	config = config_load_text(file, text, len, bounds, report, arg);
	free(text);
	return config;
}

void config_free_lcores(struct config_lcores *lcores)
{
	free(lcores->workers);
}

void config_free_port(struct config_port *port)
{
	free(port->name);
	free(port->device);
}

void config_free_interface(struct config_interface *interface)
{
	free(interface->name);
	free(interface->port);
	free(interface->addresses);
}

void config_free_output(struct config_output *output)
{
	free(output->name);
	free(output->port);
}

void config_free_protocol(struct config_protocol *protocol)
{
	free(protocol->ssm_ranges);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (unsigned i = 0; i < config->n_ports; i++)
		config_free_port(&config->ports[i]);
	for (unsigned i = 0; i < config->n_interfaces; i++)
		config_free_interface(&config->interfaces[i]);
	for (unsigned i = 0; i < config->n_outputs; i++)
		config_free_output(&config->outputs[i]);
	for (unsigned i = 0; i < config->n_memberships; i++)
		free_membership(&config->memberships[i]);
	free_texts(config->eal, config->n_eal);
	free(config->socket);
	free(config->control.read_only_socket);
	config_free_lcores(&config->lcores);
	config_free_protocol(&config->protocol);
	free(config->ports);
	free(config->interfaces);
	free(config->outputs);
	free(config->memberships);
	free(config);
}
