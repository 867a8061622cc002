// SPDX-License-Identifier: BSD-3-Clause
#include "config_convert.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/un.h>

#include "address.h"

#define NOT_FOUND UINT_MAX

// Things that begin with their name.
static_assert(offsetof(struct config_port, name) == 0 &&
		      offsetof(struct config_interface, name) == 0 &&
		      offsetof(struct config_output, name) == 0,
	"the name comes first");
struct names {
	const char *section;
	const void *first;
	size_t stride;
	unsigned n;
};

static const char *name_at(const struct names *names, unsigned index)
{
	return *(char *const *)((const char *)names->first + index * names->stride);
}

static unsigned find(const struct names *names, const char *name)
{
	for (unsigned i = 0; i < names->n; i++)
		if (strcmp(name_at(names, i), name) == 0)
			return i;
	return NOT_FOUND;
}

static void check_names(struct config_reader *reader, const struct names *names)
{
	for (unsigned i = 0; i < names->n; i++) {
		struct config_path path = config_reader_path("%s[%u].name", names->section, i);
		const char *name = name_at(names, i);

		if (!config_name_is_valid(name))
			config_reader_complain(reader, &path,
				"\"%s\" is not a name (letters, digits, . _ - and at most %u of "
				"them)",
				name, CONFIG_NAME_MAX);
		else if (find(names, name) < i)
			config_reader_complain(reader, &path, "\"%s\" is given twice", name);
	}
}

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

static void check_ports(
	struct config_reader *reader, const struct config *config, const struct names *ports)
{
	check_names(reader, ports);
	for (unsigned i = 0; i < config->n_ports; i++) {
		struct config_path path = config_reader_path("ports[%u].device", i);

		if (!config->ports[i].device[0])
			config_reader_complain(reader, &path, "the device is empty");
		for (unsigned j = 0; j < i; j++)
			if (strcmp(config->ports[i].device, config->ports[j].device) == 0)
				config_reader_complain(reader, &path,
					"\"%s\" is the device of port %s", config->ports[i].device,
					config->ports[j].name);
	}
}

static void check_interfaces(struct config_reader *reader, const struct config *config,
	const struct names *interfaces, const struct names *ports)
{
	check_names(reader, interfaces);
	for (unsigned i = 0; i < config->n_interfaces; i++) {
		const struct config_interface *a = &config->interfaces[i];
		struct config_path path = config_reader_path("interfaces[%u].inner_vlan", i);

		if (a->inner_vlan && !a->vlan)
			config_reader_complain(reader, &path, "an inner VLAN needs a vlan");
		path = config_reader_path("interfaces[%u].port", i);
		if (find(ports, a->port) == NOT_FOUND)
			config_reader_complain(reader, &path, "no port named \"%s\"", a->port);
		for (unsigned j = 0; j < i; j++) {
			const struct config_interface *b = &config->interfaces[j];

			if (strcmp(a->port, b->port) == 0 && a->vlan == b->vlan &&
				a->inner_vlan == b->inner_vlan)
				config_reader_complain(reader, &path,
					"interface %s has the same port and VLAN", b->name);
		}
	}
}

static void check_outputs(struct config_reader *reader, const struct config *config,
	const struct names *outputs, const struct names *ports)
{
	check_names(reader, outputs);
	for (unsigned i = 0; i < config->n_outputs; i++) {
		const struct config_output *output = &config->outputs[i];
		struct config_path path = config_reader_path("outputs[%u].port", i);

		if (output->port && find(ports, output->port) == NOT_FOUND)
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
	unsigned index, const struct names *interfaces, const struct names *outputs)
{
	const struct config_membership *membership = &config->memberships[index];
	struct config_path path = config_reader_path("memberships[%u].interface", index);

	if (membership->interface) {
		if (find(interfaces, membership->interface) == NOT_FOUND)
			config_reader_complain(
				reader, &path, "no interface named \"%s\"", membership->interface);
	} else if (config->n_interfaces > 1) {
		path = config_reader_path("memberships[%u]", index);
		config_reader_complain(reader, &path, "has to name one of the %u interfaces",
			config->n_interfaces);
	}
	path = config_reader_path("memberships[%u].group", index);
	if (is_ssm(&config->protocol, &membership->group) &&
		(membership->exclude || membership->n_sources == 0))
		config_reader_complain(reader, &path,
			"the group is source-specific (protocol.ssm_ranges) and needs sources");
	for (unsigned i = 0; i < membership->n_to; i++) {
		path = config_reader_path("memberships[%u].to[%u]", index, i);
		if (find(outputs, membership->to[i]) == NOT_FOUND)
			config_reader_complain(
				reader, &path, "no output named \"%s\"", membership->to[i]);
		for (unsigned j = 0; j < i; j++)
			if (strcmp(membership->to[i], membership->to[j]) == 0)
				config_reader_complain(
					reader, &path, "\"%s\" is given twice", membership->to[i]);
	}
}

// A file may hold a million memberships, so twins are found by sorting.
static int compare_memberships(const void *a, const void *b)
{
	const struct config_membership *one = *(const struct config_membership *const *)a;
	const struct config_membership *two = *(const struct config_membership *const *)b;
	int order = memcmp(&one->group, &two->group, sizeof(one->group));

	if (order == 0)
		order = strcmp(
			one->interface ? one->interface : "", two->interface ? two->interface : "");
	return order ? order : (one > two) - (one < two);
}

static bool are_twins(const struct config_membership *a, const struct config_membership *b)
{
	return a->group.family && sluice_addr_equal(&a->group, &b->group) &&
	       strcmp(a->interface ? a->interface : "", b->interface ? b->interface : "") == 0;
}

static void check_twins(struct config_reader *reader, const struct config *config)
{
	const struct config_membership *all = config->memberships, **sorted;
	unsigned n = config->n_memberships;

	sorted = config_reader_array(reader, n, sizeof(*sorted));
	if (!sorted)
		return;
	for (unsigned i = 0; i < n; i++)
		sorted[i] = &all[i];
	qsort(sorted, n, sizeof(*sorted), compare_memberships);
	for (unsigned i = 1; i < n; i++) {
		struct config_path path =
			config_reader_path("memberships[%td].group", sorted[i] - all);

		if (are_twins(sorted[i - 1], sorted[i]))
			config_reader_complain(reader, &path, "memberships[%td] has the same group",
				sorted[i - 1] - all);
	}
	free(sorted);
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
		const struct config_membership *membership = &config->memberships[i];

		if (membership->n_sources <= limits->sources_per_filter)
			continue;
		path = config_reader_path(
			"memberships[%u].%s", i, membership->exclude ? "exclude" : "sources");
		config_reader_complain(reader, &path,
			"%u sources are more than limits.sources_per_filter, %u",
			membership->n_sources, limits->sources_per_filter);
	}
}

void config_check(struct config_reader *reader, const struct config *config)
{
	const struct names ports = {
		"ports", config->ports, sizeof(*config->ports), config->n_ports};
	const struct names interfaces = {"interfaces", config->interfaces,
		sizeof(*config->interfaces), config->n_interfaces};
	const struct names outputs = {
		"outputs", config->outputs, sizeof(*config->outputs), config->n_outputs};
	struct config_path path = config_reader_path("socket");

	if (config->socket[0] != '/' ||
		strlen(config->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		config_reader_complain(reader, &path,
			"\"%s\" is not an absolute path of at most %zu characters", config->socket,
			sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	check_lcores(reader, &config->lcores);
	check_ports(reader, config, &ports);
	check_interfaces(reader, config, &interfaces, &ports);
	check_outputs(reader, config, &outputs, &ports);
	for (unsigned i = 0; i < config->n_memberships; i++)
		check_membership(reader, config, i, &interfaces, &outputs);
	check_twins(reader, config);
	check_intervals(reader, &config->protocol);
	if (reader->bounds->limits)
		check_limits(reader, config);
}
