// SPDX-License-Identifier: BSD-3-Clause
#include "config_convert.h"

#include <assert.h>
#include <stdlib.h>

#include "address.h"
#include "config_control.h"
#include "config_names.h"

// The engine finds outputs by walking their list.
#define OUTPUTS_MAX 4096

// Things that begin with their name.
static_assert(offsetof(struct config_port, name) == 0 &&
		      offsetof(struct config_interface, name) == 0 &&
		      offsetof(struct config_output, name) == 0,
	"the name comes first");
struct sections {
	struct config_names ports, interfaces, outputs;
};

static void check_cpu(struct config_reader *reader, const struct config_lcores *lcores,
	const char *key, unsigned lcore)
{
	struct config_path path = config_reader_path("lcores.%s", key);
	unsigned cpus = reader->bounds->cpus;

	if (cpus == 0 || lcore < cpus || lcore == CONFIG_NO_LCORE || lcores->mapped)
		return;
	config_reader_complain(reader, &path,
		"there is no lcore %u, this machine has the CPUs 0-%u (`eal: [--lcores, ...]` maps "
		"lcores to CPUs)",
		lcore, cpus - 1);
}

static void check_lcores(struct config_reader *reader, const struct config_lcores *lcores)
{
	check_cpu(reader, lcores, "control", lcores->control);
	for (unsigned i = 0; i < lcores->n_workers; i++) {
		struct config_path path = config_reader_path("lcores.workers[%u]", i);
		bool again = lcores->workers[i] == lcores->control;

		if (lcores->workers[i] == CONFIG_NO_LCORE)
			continue;
		for (unsigned j = 0; j < i && !again; j++)
			again = lcores->workers[i] == lcores->workers[j];
		if (again)
			config_reader_complain(
				reader, &path, "lcore %u is given twice", lcores->workers[i]);
		check_cpu(reader, lcores, path.text + strlen("lcores."), lcores->workers[i]);
	}
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_devices(const void *a, const void *b)
{
	const struct config_port *one = a, *two = b;

	return strcmp(one->device, two->device);
}

static void check_ports(struct config_reader *reader, const struct config *config)
{
	const struct config_port *ports = config->ports;
	unsigned *twins =
		config_names_twins(reader, ports, config->n_ports, sizeof(*ports), compare_devices);

	for (unsigned i = 0; twins && i < config->n_ports; i++) {
		struct config_path path = config_reader_path("ports[%u].device", i);

		if (!ports[i].device[0])
			config_reader_complain(reader, &path, "the device is empty");
		if (twins[i] != i)
			config_reader_complain(reader, &path, "\"%s\" is the device of port %s",
				ports[i].device, ports[twins[i]].name);
	}
	free(twins);
}

static int compare_tags(const void *a, const void *b)
{
	const struct config_interface *one = a, *two = b;
	int order = strcmp(one->port, two->port);

	if (order == 0)
		order = (one->vlan > two->vlan) - (one->vlan < two->vlan);
	return order ? order
		     : (one->inner_vlan > two->inner_vlan) - (one->inner_vlan < two->inner_vlan);
}

static void check_interfaces(
	struct config_reader *reader, const struct config *config, const struct sections *sections)
{
	const struct config_interface *all = config->interfaces;
	unsigned *twins =
		config_names_twins(reader, all, config->n_interfaces, sizeof(*all), compare_tags);

	for (unsigned i = 0; twins && i < config->n_interfaces; i++) {
		struct config_path path = config_reader_path("interfaces[%u].inner_vlan", i);

		if (all[i].inner_vlan && !all[i].vlan)
			config_reader_complain(reader, &path, "an inner VLAN needs a vlan");
		path = config_reader_path("interfaces[%u].port", i);
		if (config_names_find(&sections->ports, all[i].port) == CONFIG_NAMES_NONE)
			config_reader_complain(reader, &path, "no port named \"%s\"", all[i].port);
		if (twins[i] != i)
			config_reader_complain(reader, &path,
				"interface %s has the same port and VLAN", all[twins[i]].name);
	}
	free(twins);
}

static void check_outputs(
	struct config_reader *reader, const struct config *config, const struct sections *sections)
{
	struct config_path path = config_reader_path("outputs");

	if (config->n_outputs > OUTPUTS_MAX)
		config_reader_complain(reader, &path, "%u are more than the %u there can be",
			config->n_outputs, OUTPUTS_MAX);
	for (unsigned i = 0; i < config->n_outputs; i++) {
		const struct config_output *output = &config->outputs[i];

		path = config_reader_path("outputs[%u].port", i);
		if (output->port &&
			config_names_find(&sections->ports, output->port) == CONFIG_NAMES_NONE)
			config_reader_complain(reader, &path, "no port named \"%s\"", output->port);
		path = config_reader_path("outputs[%u]", i);
		if (!output->port && (output->vlan || output->has_source_mac))
			config_reader_complain(reader, &path, "a VLAN or source MAC needs a port");
	}
}

static bool is_ssm(const struct config_protocol *protocol, const struct sluice_addr *group)
{
	if (!protocol->ssm_aware)
		return false;
	for (unsigned i = 0; i < protocol->n_ssm_ranges; i++)
		if (address_in_prefix(group, &protocol->ssm_ranges[i].addr,
			    protocol->ssm_ranges[i].prefix_length))
			return true;
	if (protocol->n_ssm_ranges)
		return false;
	// SSM-1: 232.0.0.0/8, and ff3x::/32 for any scope x.
	if (group->family == AF_INET)
		return group->bytes[0] == 232;
	return group->bytes[0] == 0xff && group->bytes[1] >> 4 == 3 && group->bytes[2] == 0 &&
	       group->bytes[3] == 0;
}

static void check_membership(struct config_reader *reader, const struct config *config,
	unsigned index, const struct sections *sections)
{
	const struct config_membership *membership = &config->memberships[index];
	struct config_path path = config_reader_path("memberships[%u].interface", index);
	unsigned *twins;

	if (membership->interface) {
		if (config_names_find(&sections->interfaces, membership->interface) ==
			CONFIG_NAMES_NONE)
			config_reader_complain(
				reader, &path, "no interface named \"%s\"", membership->interface);
	} else if (config->n_interfaces > 1) {
		path = config_reader_path("memberships[%u]", index);
		config_reader_complain(reader, &path, "has to name one of the %u interfaces",
			config->n_interfaces);
	}
	path = config_reader_path("memberships[%u].group", index);
	if (is_ssm(&config->protocol, &membership->group) &&
		membership->filter.mode == SLUICE_EXCLUDE)
		config_reader_complain(reader, &path,
			"the group is source-specific (protocol.ssm_ranges) and needs sources");
	twins = config_names_twins(
		reader, membership->to, membership->n_to, sizeof(*membership->to), compare_texts);
	for (unsigned i = 0; twins && i < membership->n_to; i++) {
		path = config_reader_path("memberships[%u].to[%u]", index, i);
		if (config_names_find(&sections->outputs, membership->to[i]) == CONFIG_NAMES_NONE)
			config_reader_complain(
				reader, &path, "no output named \"%s\"", membership->to[i]);
		if (twins[i] != i)
			config_reader_complain(
				reader, &path, "\"%s\" is given twice", membership->to[i]);
	}
	free(twins);
}

static int compare_memberships(const void *a, const void *b)
{
	const struct config_membership *one = a, *two = b;
	int order = memcmp(&one->group, &two->group, sizeof(one->group));

	return order ? order
		     : strcmp(one->interface ? one->interface : "",
			       two->interface ? two->interface : "");
}

static void check_twins(struct config_reader *reader, const struct config *config)
{
	const struct config_membership *all = config->memberships;
	unsigned *twins = config_names_twins(
		reader, all, config->n_memberships, sizeof(*all), compare_memberships);

	for (unsigned i = 0; twins && i < config->n_memberships; i++) {
		struct config_path path = config_reader_path("memberships[%u].group", i);

		if (twins[i] != i && all[i].group.family)
			config_reader_complain(
				reader, &path, "memberships[%u] has the same group", twins[i]);
	}
	free(twins);
}

static void check_intervals(struct config_reader *reader, const struct config_protocol *protocol)
{
	struct config_path path = config_reader_path("protocol.query_response_interval");
	double interval = protocol->query_interval ? protocol->query_interval : 125;
	double response =
		protocol->query_response_interval ? protocol->query_response_interval : 10;

	if (response >= interval)
		config_reader_complain(reader, &path,
			"%g s is not less than the query interval of %g s", response, interval);
}

// All memberships of a file belong to one session, and so to one limit.
static void check_limits(struct config_reader *reader, const struct config *config)
{
	const struct config_limits *limits = &config->limits;
	struct config_path path = config_reader_path("limits.groups");

	if (config->n_memberships > limits->groups)
		config_reader_complain(reader, &path, "%u is below the %u memberships",
			limits->groups, config->n_memberships);
	for (unsigned i = 0; i < config->n_memberships; i++) {
		const struct sluice_source_filter *filter = &config->memberships[i].filter;

		if (filter->n_sources <= limits->sources_per_filter)
			continue;
		path = config_reader_path("memberships[%u].%s", i,
			filter->mode == SLUICE_EXCLUDE ? "exclude" : "sources");
		config_reader_complain(reader, &path,
			"%u sources are more than limits.sources_per_filter, %u", filter->n_sources,
			limits->sources_per_filter);
	}
}

static bool open_sections(
	struct sections *sections, struct config_reader *reader, const struct config *config)
{
	return config_names_open(&sections->ports, reader, "ports", config->ports,
		       sizeof(*config->ports), config->n_ports) &&
	       config_names_open(&sections->interfaces, reader, "interfaces", config->interfaces,
		       sizeof(*config->interfaces), config->n_interfaces) &&
	       config_names_open(&sections->outputs, reader, "outputs", config->outputs,
		       sizeof(*config->outputs), config->n_outputs);
}

void config_check(struct config_reader *reader, const struct config *config)
{
	struct sections sections = {.ports = {.n = 0}};

	config_control_check(reader, config);
	check_lcores(reader, &config->lcores);
	if (open_sections(&sections, reader, config)) {
		check_ports(reader, config);
		check_interfaces(reader, config, &sections);
		check_outputs(reader, config, &sections);
		for (unsigned i = 0; i < config->n_memberships; i++)
			check_membership(reader, config, i, &sections);
		check_twins(reader, config);
	}
	config_names_close(&sections.outputs);
	config_names_close(&sections.interfaces);
	config_names_close(&sections.ports);
	check_intervals(reader, &config->protocol);
	if (reader->bounds->limits)
		check_limits(reader, config);
}
