// SPDX-License-Identifier: BSD-3-Clause
#include "config_convert.h"

#include "address.h"
#include "config_control.h"

#define GROUPS_DEFAULT 1000000
#define SOURCES_DEFAULT 1024
#define QUEUED_DEFAULT 8192
#define SEARCHED_MAX 256 // entries of a list that is searched one by one

static const struct config_value_range mtu_range = {68, 65535};
static const struct config_value_range vlan_range = {1, 4094};
static const struct config_value_range robustness_range = {1, 7}; // QRV has three bits
static const struct config_value_range rate_range = {1, 10000000};
static const struct config_value_range groups_range = {1, 100000000};
static const struct config_value_range sources_range = {
	64, 65535}; // API-30; a record counts in 16 bits
static const struct config_value_range queued_range = {
	64, 1 << 20}; // some 2 KB each, on every port

static char *take(char **text)
{
	char *taken = *text;

	*text = NULL;
	return taken;
}

static bool maps_lcores(const struct config *config)
{
	for (unsigned i = 0; i < config->n_eal; i++)
		if (strncmp(config->eal[i], "-l", 2) == 0 ||
			strncmp(config->eal[i], "-c", 2) == 0 ||
			strncmp(config->eal[i], "--lcores", 8) == 0)
			return true;
	return false;
}

// Lists that are searched for every packet or group.
static bool fits(struct config_reader *reader, struct config_path path, unsigned n)
{
	if (n > SEARCHED_MAX)
		config_reader_complain(
			reader, &path, "%u are more than the %u there can be", n, SEARCHED_MAX);
	return n <= SEARCHED_MAX;
}

static unsigned convert_lcore(
	struct config_reader *reader, struct config_path path, const char *text, unsigned fallback)
{
	const struct config_value_range range = {0, reader->bounds->lcores - 1};
	unsigned before = reader->problems;
	unsigned lcore = config_value_unsigned(reader, path, text, range, fallback);

	return reader->problems == before ? lcore : CONFIG_NO_LCORE;
}

static void convert_lcores(
	struct config_reader *reader, const struct raw_lcores *raw, struct config_lcores *lcores)
{
	unsigned n = raw->workers ? raw->workers_count : 1;

	lcores->control =
		convert_lcore(reader, config_reader_path("lcores.control"), raw->control, 0);
	lcores->workers = config_reader_array(reader, n, sizeof(*lcores->workers));
	if (!lcores->workers)
		return;
	lcores->n_workers = n;
	for (unsigned i = 0; i < n; i++)
		lcores->workers[i] =
			convert_lcore(reader, config_reader_path("lcores.workers[%u]", i),
				raw->workers ? raw->workers[i] : NULL, i + 1);
}

static void convert_ports(
	struct config_reader *reader, struct raw_config *raw, struct config *config)
{
	const struct config_value_range queue_range = {1, reader->bounds->queues};

	config->ports = config_reader_array(reader, raw->ports_count, sizeof(*config->ports));
	if (!config->ports)
		return;
	config->n_ports = raw->ports_count;
	for (unsigned i = 0; i < config->n_ports; i++) {
		struct raw_port *from = &raw->ports[i];

		config->ports[i] = (struct config_port){
			.name = take(&from->name),
			.device = take(&from->device),
			.queues = config_value_unsigned(reader,
				config_reader_path("ports[%u].queues", i), from->queues,
				queue_range, 1),
			.mtu = config_value_unsigned(reader, config_reader_path("ports[%u].mtu", i),
				from->mtu, mtu_range, 0),
		};
	}
}

// All host bits are zero: the network, or the anycast address of its routers (RFC 4291 section
// 2.6.1). All are one in IPv4: its broadcast address. Links of two addresses have neither (RFC
// 3021, RFC 6164).
static bool is_of_network(const struct config_address *address)
{
	const struct sluice_addr *addr = &address->addr;
	unsigned n_bits = 8 * sluice_addr_len(addr), n_set = 0, n_host;

	n_host = n_bits - address->prefix_length;
	if (n_host < 2)
		return false;
	for (unsigned i = address->prefix_length; i < n_bits; i++)
		n_set += addr->bytes[i / 8] >> (7 - i % 8) & 1;
	return n_set == 0 || (addr->family == AF_INET && n_set == n_host);
}

static void convert_addresses(struct config_reader *reader, unsigned index,
	const struct raw_interface *from, struct config_interface *to)
{
	if (!fits(reader, config_reader_path("interfaces[%u].addresses", index),
		    from->addresses_count))
		return;
	to->addresses = config_reader_array(reader, from->addresses_count, sizeof(*to->addresses));
	if (!to->addresses)
		return;
	for (unsigned i = 0; i < from->addresses_count; i++) {
		struct config_path path =
			config_reader_path("interfaces[%u].addresses[%u]", index, i);
		struct config_address address =
			config_value_prefix(reader, path, from->addresses[i]);

		if (!address.addr.family)
			continue;
		// What may be a source on the wire may be an interface's address (IGMP-17).
		if (!address_is_source(&address.addr)) {
			config_reader_complain(reader, &path,
				"%s is not an address an interface can have", from->addresses[i]);
			continue;
		}
		if (is_of_network(&address))
			config_reader_complain(reader, &path,
				"%s is the network or its broadcast address, not a host",
				from->addresses[i]);
		for (unsigned j = 0; j < to->n_addresses; j++)
			if (sluice_addr_equal(&to->addresses[j].addr, &address.addr)) {
				config_reader_complain(
					reader, &path, "%s is given twice", from->addresses[i]);
				break;
			}
		to->addresses[to->n_addresses++] = address;
	}
}

static void convert_interfaces(
	struct config_reader *reader, struct raw_config *raw, struct config *config)
{
	config->interfaces =
		config_reader_array(reader, raw->interfaces_count, sizeof(*config->interfaces));
	if (!config->interfaces)
		return;
	config->n_interfaces = raw->interfaces_count;
	for (unsigned i = 0; i < config->n_interfaces; i++) {
		struct raw_interface *from = &raw->interfaces[i];
		struct config_interface *to = &config->interfaces[i];

		*to = (struct config_interface){
			.name = take(&from->name),
			.port = take(&from->port),
			.vlan = config_value_unsigned(reader,
				config_reader_path("interfaces[%u].vlan", i), from->vlan,
				vlan_range, 0),
			.inner_vlan = config_value_unsigned(reader,
				config_reader_path("interfaces[%u].inner_vlan", i),
				from->inner_vlan, vlan_range, 0),
		};
		convert_addresses(reader, i, from, to);
	}
}

static void convert_outputs(
	struct config_reader *reader, struct raw_config *raw, struct config *config)
{
	config->outputs = config_reader_array(reader, raw->outputs_count, sizeof(*config->outputs));
	if (!config->outputs)
		return;
	config->n_outputs = raw->outputs_count;
	for (unsigned i = 0; i < config->n_outputs; i++) {
		struct raw_output *from = &raw->outputs[i];
		struct config_output *to = &config->outputs[i];

		*to = (struct config_output){
			.name = take(&from->name),
			.port = take(&from->port),
			.vlan = config_value_unsigned(reader,
				config_reader_path("outputs[%u].vlan", i), from->vlan, vlan_range,
				0),
		};
		if (from->source_mac)
			to->has_source_mac = config_value_mac(reader,
				config_reader_path("outputs[%u].source_mac", i), from->source_mac,
				to->source_mac);
	}
}

static void convert_sources(struct config_reader *reader, unsigned index,
	const struct raw_membership *from, struct config_membership *to)
{
	const char *key = from->exclude ? "exclude" : "sources";
	char **texts = from->exclude ? from->exclude : from->sources;
	unsigned n = from->exclude ? from->exclude_count : from->sources_count;
	struct sluice_addr *sources = config_reader_array(reader, n, sizeof(*sources));
	struct config_path list = config_reader_path("memberships[%u].sources", index);

	to->filter.mode = SLUICE_EXCLUDE;
	if (!from->exclude && config_lines_find(reader->lines, list.text) != 0)
		to->filter.mode = SLUICE_INCLUDE;
	if (to->filter.mode == SLUICE_INCLUDE && n == 0)
		config_reader_warn(reader, &list, "is empty, so that nothing is joined");
	if (!sources)
		return;
	to->filter.sources = sources;
	for (unsigned i = 0; i < n; i++) {
		struct config_path path =
			config_reader_path("memberships[%u].%s[%u]", index, key, i);
		struct sluice_addr source = config_value_address(reader, path, texts[i]);

		if (!source.family)
			continue;
		if (!address_is_source(&source))
			config_reader_complain(
				reader, &path, "%s is not a source (a unicast address)", texts[i]);
		else if (to->group.family && source.family != to->group.family)
			config_reader_complain(
				reader, &path, "%s is not of the group's family", texts[i]);
		sources[to->filter.n_sources++] = source;
	}
}

static void convert_memberships(
	struct config_reader *reader, struct raw_config *raw, struct config *config)
{
	config->memberships =
		config_reader_array(reader, raw->memberships_count, sizeof(*config->memberships));
	if (!config->memberships)
		return;
	config->n_memberships = raw->memberships_count;
	for (unsigned i = 0; i < config->n_memberships; i++) {
		struct raw_membership *from = &raw->memberships[i];
		struct config_membership *to = &config->memberships[i];
		struct config_path path = config_reader_path("memberships[%u].group", i);

		*to = (struct config_membership){
			.interface = take(&from->interface),
			.group = config_value_address(reader, path, from->group),
			.to = from->to,
			.n_to = from->to_count,
		};
		from->to = NULL;
		from->to_count = 0;
		if (to->group.family && !address_is_group(&to->group))
			config_reader_complain(reader, &path,
				"%s is not a multicast group that can be joined", from->group);
		if (from->sources && from->exclude) {
			path = config_reader_path("memberships[%u].exclude", i);
			config_reader_complain(
				reader, &path, "a membership has sources or exclude, not both");
		}
		convert_sources(reader, i, from, to);
	}
}

static void convert_ssm_ranges(struct config_reader *reader, const struct raw_protocol *raw,
	struct config_protocol *protocol)
{
	if (!fits(reader, config_reader_path("protocol.ssm_ranges"), raw->ssm_ranges_count))
		return;
	protocol->ssm_ranges =
		config_reader_array(reader, raw->ssm_ranges_count, sizeof(*protocol->ssm_ranges));
	if (!protocol->ssm_ranges)
		return;
	for (unsigned i = 0; i < raw->ssm_ranges_count; i++) {
		struct config_path path = config_reader_path("protocol.ssm_ranges[%u]", i);
		struct config_address range = config_value_prefix(reader, path, raw->ssm_ranges[i]);

		if (!range.addr.family)
			continue;
		if (!address_is_multicast(&range.addr))
			config_reader_complain(
				reader, &path, "%s is not a range of groups", raw->ssm_ranges[i]);
		protocol->ssm_ranges[protocol->n_ssm_ranges++] = range;
	}
}

static void convert_protocol(struct config_reader *reader, const struct raw_protocol *raw,
	struct config_protocol *protocol)
{
#define PATH(key) reader, config_reader_path("protocol." #key), raw->key
	*protocol = (struct config_protocol){
		.robustness = config_value_unsigned(PATH(robustness), robustness_range, 0),
		.query_interval = config_value_seconds(PATH(query_interval)),
		.query_response_interval = config_value_seconds(PATH(query_response_interval)),
		.unsolicited_report_interval =
			config_value_seconds(PATH(unsolicited_report_interval)),
		.older_querier_timeout = config_value_seconds(PATH(older_querier_timeout)),
		.require_router_alert = config_value_boolean(PATH(require_router_alert), false),
		.strict_ttl = config_value_boolean(PATH(strict_ttl), false),
		.ignore_off_subnet = config_value_boolean(PATH(ignore_off_subnet), false),
		.learn_off_subnet = config_value_boolean(PATH(learn_off_subnet), false),
		.ignore_older_versions = config_value_boolean(PATH(ignore_older_versions), false),
		.always_leave = config_value_boolean(PATH(always_leave), false),
		.ssm_aware = config_value_boolean(PATH(ssm_aware), true),
		.report_link_local = config_value_boolean(PATH(report_link_local), true),
		.report_rate = config_value_unsigned(PATH(report_rate), rate_range, 0),
		.report_burst = config_value_unsigned(PATH(report_burst), rate_range, 0),
	};
#undef PATH
	convert_ssm_ranges(reader, raw, protocol);
}

void config_convert(struct config_reader *reader, struct raw_config *raw, struct config *config)
{
	config->socket = take(&raw->socket);
	config->eal = raw->eal;
	config->n_eal = raw->eal_count;
	raw->eal = NULL;
	raw->eal_count = 0;
	convert_lcores(reader, &raw->lcores, &config->lcores);
	config->lcores.mapped = maps_lcores(config);
	convert_ports(reader, raw, config);
	convert_interfaces(reader, raw, config);
	convert_outputs(reader, raw, config);
	convert_memberships(reader, raw, config);
	convert_protocol(reader, &raw->protocol, &config->protocol);
	config->limits.groups = config_value_unsigned(reader, config_reader_path("limits.groups"),
		raw->limits.groups, groups_range, GROUPS_DEFAULT);
	config->limits.sources_per_filter =
		config_value_unsigned(reader, config_reader_path("limits.sources_per_filter"),
			raw->limits.sources_per_filter, sources_range, SOURCES_DEFAULT);
	config->limits.queued_frames =
		config_value_unsigned(reader, config_reader_path("limits.queued_frames"),
			raw->limits.queued_frames, queued_range, QUEUED_DEFAULT);
	config_control_convert(reader, &raw->control, config);
}
