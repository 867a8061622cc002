// SPDX-License-Identifier: BSD-3-Clause
// The configuration: each mistake is reported on a line of its own, all in one run, and a valid
// configuration is accepted.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "config_fixture.h"

struct mistake {
	const char *text, *line;
};

static const struct mistake mistakes[] = {
	// YAML
	{"", "f:1: the file is empty"},
	{"a: {\n", "f:2: did not find expected node content"},
	{BASE "\tx: 1\n", "f:5: found character that cannot start any token"},
	{BASE "socket: &a /x\n"
	      "eal: [*a]\n",
		"f:6: aliases are not supported"},
	{BASE "---\nx: 1\n", "f:5: a second document"},
	{BASE "? [a]\n: 1\n", "f:5: a key has to be a word"},
	{"a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", "f:1: nested too deeply"},
	{"a: \x01\n", "f:1: control characters are not allowed"},
	// Structure
	{"just words\n", "f: has to be a section of keys"},
	{BASE "foo: 1\n", "f:5: foo: unknown key \"foo\""},
	{BASE "outputs:\n  - name: a\n    vlann: 3\n",
		"f:7: outputs[0].vlann: unknown key \"vlann\""},
	{BASE "outputs:\n  - {vlan: 3}\n", "f:6: outputs[0]: missing key \"name\""},
	{BASE "ports: []\n", "f:5: ports: repeated key \"ports\""},
	{"ports: []\ninterfaces: []\n", "f:1: ports: has to have an entry"},
	{"interfaces:\n  - {name: tv, port: in0}\n", "f: missing key \"ports\""},
	{BASE "lcores: [1]\n", "f:5: lcores: has to be a section of keys"},
	{BASE "outputs:\n", "f:5: outputs: has to be a list"},
	{BASE "eal: [[1]]\n", "f:5: eal[0]: has to be a single value"},
	// Values
	{BASE "lcores: {control: abc}\n", "f:5: lcores.control: \"abc\" is not a whole number"},
	{BASE "lcores: {control: 1e3}\n", "f:5: lcores.control: \"1e3\" is not a whole number"},
	{BASE "lcores: {control: 99999999999999999999}\n",
		"f:5: lcores.control: 99999999999999999999 is not within 0-127"},
	{BASE "lcores: {control: -1}\n", "f:5: lcores.control: \"-1\" is not a whole number"},
	{BASE "protocol: {ssm_aware: perhaps}\n",
		"f:5: protocol.ssm_aware: \"perhaps\" is neither true nor false"},
	{BASE "protocol: {query_interval: soon}\n",
		"f:5: protocol.query_interval: \"soon\" is not a number of seconds"},
	{BASE "protocol: {query_interval: -1}\n",
		"f:5: protocol.query_interval: -1 s is not within 0.001-31744 s"},
	{BASE "protocol: {query_interval: nan}\n",
		"f:5: protocol.query_interval: \"nan\" is not a number of seconds"},
	{BASE "protocol: {ssm_ranges: [10.0.0.0/8]}\n",
		"f:5: protocol.ssm_ranges[0]: 10.0.0.0/8 is not a range of groups"},
	{BASE "limits: {queued_frames: 63}\n",
		"f:5: limits.queued_frames: 63 is not within 64-1048576"},
	{BASE "control: {owner: nobody-of-this-name}\n",
		"f:5: control.owner: no user named \"nobody-of-this-name\" in /etc/passwd"},
	{BASE "control: {owner: 4294967295}\n",
		"f:5: control.owner: no user named \"4294967295\" in /etc/passwd"},
	{BASE "control: {group: \"\"}\n", "f:5: control.group: no group named \"\" in /etc/group"},
	{BASE "control: {operators: 12x}\n",
		"f:5: control.operators: no group named \"12x\" in /etc/group"},
	{BASE "control: {mode: 0668}\n",
		"f:5: control.mode: \"0668\" is not a mode of octal digits, such as 0660"},
	{BASE "control: {mode: 1666}\n",
		"f:5: control.mode: \"1666\" is not a mode of octal digits, such as 0660"},
	{BASE "control: {mode: 60}\n",
		"f:5: control.mode: \"60\" is not a mode of octal digits, such as 0660"},
	{BASE "control: {read_only_socket: x}\n",
		"f:5: control.read_only_socket: \"x\" is not an absolute path of at most 107 "
		"characters"},
	{BASE "socket: /x\ncontrol: {read_only_socket: /x}\n",
		"f:6: control.read_only_socket: \"/x\" is the control socket"},
	{BASE "control: {idle_timeout: never}\n",
		"f:5: control.idle_timeout: \"never\" is not a number of seconds"},
	{BASE "control: {buffered_bytes: 1000}\n",
		"f:5: control.buffered_bytes: 1000 is not within 1048576-4294967295"},
	{BASE "control: {quota: {}}\n", "f:5: control.quota: unknown key \"quota\""},
	{BASE "control: {quotas: {connections: 0}}\n",
		"f:5: control.quotas.connections: 0 is not within 1-1024"},
	{BASE "control: {quotas: {sessions: many}}\n",
		"f:5: control.quotas.sessions: \"many\" is not a whole number"},
	{BASE "control: {quotas: {groups: -1}}\n",
		"f:5: control.quotas.groups: \"-1\" is not a whole number"},
	{BASE "control: {quotas: {sources: 100000001}}\n",
		"f:5: control.quotas.sources: 100000001 is not within 0-100000000"},
	{BASE "limits: {queued_frames: 4096}\ncontrol:\n  quotas:\n    queued_frames: 4097\n",
		"f:8: control.quotas.queued_frames: 4097 is above limits.queued_frames, 4096"},
	{BASE "limits: {sources_per_filter: 63}\n",
		"f:5: limits.sources_per_filter: 63 is not within 64-65535"},
	{BASE "  - {name: a, port: in0, vlan: 4095}\n",
		"f:5: interfaces[1].vlan: 4095 is not within 1-4094"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [10.0.0.300/8]}\n",
		"f:5: interfaces[1].addresses[0]: \"10.0.0.300\" is not an IP address"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [10.0.0.1]}\n",
		"f:5: interfaces[1].addresses[0]: "
		"\"10.0.0.1\" lacks a prefix length, as in 192.0.2.1/24"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [10.0.0.1/33]}\n",
		"f:5: interfaces[1].addresses[0]: 33 is not within 1-32"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [239.0.0.1/8]}\n",
		"f:5: interfaces[1].addresses[0]: "
		"239.0.0.1/8 is not an address an interface can have"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [10.9.0.0/24]}\n",
		"f:5: interfaces[1].addresses[0]: "
		"10.9.0.0/24 is the network or its broadcast address, not a host"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [10.9.0.7/30]}\n",
		"f:5: interfaces[1].addresses[0]: "
		"10.9.0.7/30 is the network or its broadcast address, not a host"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [\"2001:db8::/64\"]}\n",
		"f:5: interfaces[1].addresses[0]: "
		"2001:db8::/64 is the network or its broadcast address, not a host"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [\"::ffff:10.0.0.1/96\"]}\n",
		"f:5: interfaces[1].addresses[0]: "
		"::ffff:10.0.0.1/96 is not an address an interface can have"},
	{BASE "memberships:\n  - {group: \"ff0e::1\", sources: [\"::ffff:10.0.0.1\"]}\n",
		"f:6: memberships[0].sources[0]: "
		"::ffff:10.0.0.1 is not a source (a unicast address)"},
	{BASE "  - {name: a, port: in0, vlan: 7, addresses: [10.0.0.1/8, 10.0.0.1/9]}\n",
		"f:5: interfaces[1].addresses[1]: 10.0.0.1/9 is given twice"},
	{BASE "outputs:\n  - {name: a, port: in0, source_mac: 2:0:0:0:0:1}\n",
		"f:6: outputs[0].source_mac: \"2:0:0:0:0:1\" is not a MAC address"},
	{BASE "outputs:\n  - {name: a, port: in0, source_mac: \"01:00:5e:00:00:01\"}\n",
		"f:6: outputs[0].source_mac: 01:00:5e:00:00:01 is a multicast MAC address"},
	{BASE "memberships:\n  - {group: 10.0.0.1}\n",
		"f:6: memberships[0].group: 10.0.0.1 is not a multicast group that can be joined"},
	{BASE "memberships:\n  - {group: tv}\n",
		"f:6: memberships[0].group: \"tv\" is not an IP address"},
	{BASE "memberships:\n  - {group: 239.1.1.1, sources: [239.1.1.2]}\n",
		"f:6: memberships[0].sources[0]: 239.1.1.2 is not a source (a unicast address)"},
	{BASE "memberships:\n  - {group: 239.1.1.1, sources: [\"2001:db8::1\"]}\n",
		"f:6: memberships[0].sources[0]: 2001:db8::1 is not of the group's family"},
	{BASE "memberships:\n  - group: 239.1.1.1\n    sources: [10.0.0.1]\n"
	      "    exclude: [10.0.0.2]\n",
		"f:8: memberships[0].exclude: a membership has sources or exclude, not both"},
	// Values that depend on each other
	{BASE "socket: sluice.sock\n",
		"f:5: socket: \"sluice.sock\" is not an absolute path of at most 107 characters"},
	{BASE "  - {name: tv, port: in0, vlan: 7}\n",
		"f:5: interfaces[1].name: \"tv\" is given twice"},
	{BASE "  - {name: \"-a\", port: in0, vlan: 7}\n",
		"f:5: interfaces[1].name: "
		"\"-a\" is not a name (letters, digits, . _ - and at most 63 of them)"},
	{BASE "  - {name: \"\", port: in0, vlan: 7}\n",
		"f:5: interfaces[1].name: "
		"\"\" is not a name (letters, digits, . _ - and at most 63 of them)"},
	{BASE "  - {name: \"a\\nb\", port: in0, vlan: 7}\n",
		"f:5: interfaces[1].name: "
		"\"a?b\" is not a name (letters, digits, . _ - and at most 63 of them)"},
	{BASE "  - {name: a, port: x, vlan: 7}\n", "f:5: interfaces[1].port: no port named \"x\""},
	{BASE "  - {name: a, port: in0}\n",
		"f:5: interfaces[1].port: interface tv has the same port and VLAN"},
	{BASE "  - {name: a, port: in0, inner_vlan: 7}\n",
		"f:5: interfaces[1].inner_vlan: an inner VLAN needs a vlan"},
	{"ports:\n  - {name: a, device: net_null0}\n  - {name: b, device: net_null0}\n"
	 "interfaces:\n  - {name: tv, port: a}\n",
		"f:3: ports[1].device: \"net_null0\" is the device of port a"},
	{"ports:\n  - {name: a, device: \"\"}\ninterfaces:\n  - {name: tv, port: a}\n",
		"f:2: ports[0].device: the device is empty"},
	{BASE "lcores: {control: 1, workers: [2, 1]}\n",
		"f:5: lcores.workers[1]: lcore 1 is given twice"},
	{BASE "lcores: {workers: [8]}\n",
		"f:5: lcores.workers[0]: there is no lcore 8, this machine has the CPUs 0-7 (`eal: "
		"[--lcores, ...]` maps lcores to CPUs)"},
	{BASE "lcores: {control: 127}\n",
		"f:5: lcores.control: there is no lcore 127, this machine has the CPUs 0-7 (`eal: "
		"[--lcores, ...]` maps lcores to CPUs)"},
	{BASE "limits: {groups: 1}\nmemberships:\n  - {group: 239.1.1.1}\n"
	      "  - {group: 239.1.1.2}\n",
		"f:5: limits.groups: 1 is below the 2 memberships"},
	{BASE "lcores: {control: 1, workers: [2, 3, 2]}\n",
		"f:5: lcores.workers[2]: lcore 2 is given twice"},
	{BASE "outputs:\n  - {name: a, port: x}\n", "f:6: outputs[0].port: no port named \"x\""},
	{BASE "outputs:\n  - {name: a, vlan: 7}\n",
		"f:6: outputs[0]: a VLAN or source MAC needs a port"},
	{BASE "memberships:\n  - {interface: x, group: 239.1.1.1}\n",
		"f:6: memberships[0].interface: no interface named \"x\""},
	{BASE "  - {name: a, port: in0, vlan: 7}\nmemberships:\n  - {group: 239.1.1.1}\n",
		"f:7: memberships[0]: has to name one of the 2 interfaces"},
	{BASE "memberships:\n  - {group: 239.1.1.1, to: [x]}\n",
		"f:6: memberships[0].to[0]: no output named \"x\""},
	{BASE "outputs:\n  - {name: a}\nmemberships:\n  - {group: 239.1.1.1, to: [a, a]}\n",
		"f:8: memberships[0].to[1]: \"a\" is given twice"},
	{BASE "memberships:\n  - {group: 239.1.1.1}\n  - {group: 239.1.1.2}\n"
	      "  - {group: 239.1.1.1}\n",
		"f:8: memberships[2].group: memberships[0] has the same group"},
	{BASE "memberships:\n  - {group: 232.1.1.1}\n",
		"f:6: memberships[0].group: "
		"the group is source-specific (protocol.ssm_ranges) and needs sources"},
	{BASE "memberships:\n  - {group: 232.1.1.1, exclude: [10.0.0.1]}\n",
		"f:6: memberships[0].group: "
		"the group is source-specific (protocol.ssm_ranges) and needs sources"},
	{BASE "memberships:\n  - {group: \"ff3e::8000:1\"}\n",
		"f:6: memberships[0].group: "
		"the group is source-specific (protocol.ssm_ranges) and needs sources"},
	{BASE "protocol: {query_response_interval: 200}\n",
		"f:5: protocol.query_response_interval: "
		"200 s is not less than the query interval of 125 s"},
};

#define MISTAKES (sizeof(mistakes) / sizeof(mistakes[0]))

// Each test runs in its own process, where a pointer of this one is meaningless.
ParameterizedTestParameters(config, mistake)
{
	static unsigned indices[MISTAKES];

	for (unsigned i = 0; i < MISTAKES; i++)
		indices[i] = i;
	return cr_make_param_array(unsigned, indices, MISTAKES);
}

ParameterizedTest(unsigned *index, config, mistake,
	.description =
		"promise 8: a mistake in the file gives one line that names it and its place")
{
	const struct mistake *mistake = &mistakes[*index];
	struct reports reports;
	struct config *config = config_fixture_load(mistake->text, &reports);

	cr_assert_null(config, "accepted:\n%s", mistake->text);
	cr_assert_eq(reports.n, 1, "%u lines for:\n%s", reports.n, mistake->text);
	cr_assert_str_eq(reports.lines[0], mistake->line);
}

Test(config, all_at_once, .description = "promise 8: one run shows every mistake")
{
	struct reports reports;

	cr_assert_null(config_fixture_load(BASE
		"  - {name: tv, port: x, vlan: 0}\n"
		"memberships:\n"
		"  - {interface: y, group: 1.2.3.4, sources: [a, 224.1.1.1]}\n",
		&reports));
	cr_assert_eq(reports.n, 7);
}

Test(config, missing_file)
{
	struct reports reports = {.n = 0};

	cr_assert_null(config_load(
		"/nowhere/f.yaml", &config_fixture_bounds, config_fixture_take, &reports));
	cr_assert_eq(reports.n, 1);
	cr_assert_str_eq(reports.lines[0], "/nowhere/f.yaml: No such file or directory");
	cr_assert_null(config_load("/", &config_fixture_bounds, config_fixture_take, &reports));
	cr_assert_str_eq(reports.lines[1], "/: not a regular file");
}

Test(config, defaults)
{
	struct reports reports;
	struct config *config = config_fixture_load(BASE, &reports);

	cr_assert_not_null(config);
	cr_assert_eq(reports.n, 0);
	cr_assert_str_eq(config->socket, "/run/sluice/sluice.sock");
	cr_assert_eq(config->n_eal, 5);
	cr_assert_str_eq(config->eal[0], "--no-huge");
	cr_assert_eq(config->lcores.control, 0);
	cr_assert_eq(config->lcores.n_workers, 1);
	cr_assert_eq(config->lcores.workers[0], 1);
	cr_assert_eq(config->ports[0].queues, 1);
	cr_assert_eq(config->ports[0].mtu, 0);
	cr_assert_eq(config->interfaces[0].vlan, 0);
	cr_assert(config->protocol.ssm_aware);
	cr_assert(config->protocol.report_link_local);
	cr_assert_not(config->protocol.require_router_alert || config->protocol.strict_ttl ||
		      config->protocol.ignore_off_subnet || config->protocol.learn_off_subnet);
	cr_assert_not(config->protocol.ignore_older_versions || config->protocol.always_leave);
	cr_assert_eq(config->limits.groups, 1000000);
	cr_assert_eq(config->limits.sources_per_filter, 1024);
	cr_assert_eq(config->limits.queued_frames, 8192);
	cr_assert_eq(config->control.owner, CONFIG_NO_USER);
	cr_assert_eq(config->control.group, CONFIG_NO_GROUP);
	cr_assert_eq(config->control.mode, 0660);
	cr_assert_null(config->control.read_only_socket);
	cr_assert_eq(config->control.operators, CONFIG_NO_GROUP);
	cr_assert_eq(config->control.idle_timeout, 600);
	cr_assert_eq(config->control.buffered_bytes, 64 << 20);
	cr_assert_eq(config->control.quotas.connections, 128);
	cr_assert_eq(config->control.quotas.sessions, 1000);
	cr_assert_eq(config->control.quotas.groups, 100000);
	cr_assert_eq(config->control.quotas.sources, 100000);
	cr_assert_eq(config->control.quotas.queued_frames, 4096);
	config_free(config);
}

static const char everything[] =
	"socket: /tmp/s\n"
	"eal: [--no-pci, -m, \"64\"]\n"
	"lcores: {control: 2, workers: [3, 5]}\n"
	"ports:\n"
	"  - {name: in0, device: \"net_tap0,iface=sl0\", queues: 4, mtu: 9000}\n"
	"  - {name: out0, device: net_null1}\n"
	"interfaces:\n"
	"  - {name: tv, port: in0, addresses: [10.9.0.2/24, \"fe80::2/64\"]}\n"
	"  - {name: tv20, port: in0, vlan: 20, inner_vlan: 30}\n"
	"outputs:\n"
	"  - {name: packager, port: out0, vlan: 9, source_mac: \"02:00:00:00:00:01\"}\n"
	"  - {name: count}\n"
	"memberships:\n"
	"  - {interface: tv, group: 239.1.1.1, to: [packager, count]}\n"
	"  - {interface: tv, group: 232.1.1.1, sources: [10.9.0.50]}\n"
	"  - {interface: tv20, group: 239.1.1.1, exclude: [10.9.0.51, 10.9.0.52]}\n"
	"protocol:\n"
	"  robustness: 3\n"
	"  query_interval: 60\n"
	"  query_response_interval: 5\n"
	"  unsolicited_report_interval: 0.5\n"
	"  older_querier_timeout: 90\n"
	"  require_router_alert: true\n"
	"  strict_ttl: true\n"
	"  ignore_off_subnet: true\n"
	"  learn_off_subnet: true\n"
	"  ignore_older_versions: true\n"
	"  always_leave: true\n"
	"  ssm_aware: false\n"
	"  report_link_local: false\n"
	"  ssm_ranges: [232.0.0.0/8, \"ff3e::/32\"]\n"
	"limits: {groups: 5, sources_per_filter: 64}\n"
	"control:\n"
	"  owner: root\n"
	"  group: 7\n"
	"  mode: 0666\n"
	"  read_only_socket: /tmp/r\n"
	"  operators: nogroup\n"
	"  idle_timeout: 2.5\n"
	"  buffered_bytes: 4294967295\n"
	"  quotas: {connections: 1, sessions: 2, groups: 3, sources: 0, queued_frames: 8192}\n";

Test(config, everything)
{
	struct reports reports;
	struct config *config = config_fixture_load(everything, &reports);
	char text[INET_ADDRSTRLEN];

	cr_assert_not_null(config, "%s", reports.lines[0]);
	cr_assert_str_eq(config->socket, "/tmp/s");
	cr_assert_str_eq(config->eal[2], "64");
	cr_assert_eq(config->lcores.control, 2);
	cr_assert_eq(config->lcores.workers[1], 5);
	cr_assert_str_eq(config->ports[0].device, "net_tap0,iface=sl0");
	cr_assert_eq(config->ports[0].queues, 4);
	cr_assert_eq(config->ports[0].mtu, 9000);
	cr_assert_eq(config->interfaces[0].n_addresses, 2);
	cr_assert_eq(config->interfaces[0].addresses[1].addr.family, AF_INET6);
	cr_assert_eq(config->interfaces[0].addresses[1].prefix_length, 64);
	cr_assert_eq(config->interfaces[1].vlan, 20);
	cr_assert_eq(config->interfaces[1].inner_vlan, 30);
	cr_assert(config->outputs[0].has_source_mac);
	cr_assert_eq(config->outputs[0].source_mac[5], 1);
	cr_assert_eq(config->outputs[0].vlan, 9);
	cr_assert_null(config->outputs[1].port);
	cr_assert_eq(config->memberships[0].n_to, 2);
	cr_assert_str_eq(config->memberships[0].to[1], "count");
	cr_assert_eq(config->memberships[1].filter.mode, SLUICE_INCLUDE);
	cr_assert_str_eq(inet_ntop(AF_INET, config->memberships[1].filter.sources[0].bytes, text,
				 sizeof(text)),
		"10.9.0.50");
	cr_assert_eq(config->memberships[2].filter.mode, SLUICE_EXCLUDE);
	cr_assert_eq(config->memberships[2].filter.n_sources, 2);
	cr_assert_eq(config->control.owner, 0);
	cr_assert_eq(config->control.group, 7);
	cr_assert_eq(config->control.mode, 0666);
	cr_assert_str_eq(config->control.read_only_socket, "/tmp/r");
	cr_assert_eq(config->control.operators, 65534);
	cr_assert_float_eq(config->control.idle_timeout, 2.5, 1e-9);
	cr_assert_eq(config->control.buffered_bytes, UINT32_MAX);
	cr_assert_eq(config->control.quotas.connections, 1);
	cr_assert_eq(config->control.quotas.sessions, 2);
	cr_assert_eq(config->control.quotas.groups, 3);
	cr_assert_eq(config->control.quotas.sources, 0);
	cr_assert_eq(config->control.quotas.queued_frames, 8192);
	cr_assert_eq(config->protocol.robustness, 3);
	cr_assert_float_eq(config->protocol.unsolicited_report_interval, 0.5, 1e-9);
	cr_assert_float_eq(config->protocol.query_interval, 60, 1e-9);
	cr_assert_float_eq(config->protocol.query_response_interval, 5, 1e-9);
	cr_assert_float_eq(config->protocol.older_querier_timeout, 90, 1e-9);
	cr_assert(config->protocol.require_router_alert && config->protocol.strict_ttl &&
		  config->protocol.ignore_off_subnet && config->protocol.learn_off_subnet);
	cr_assert(config->protocol.ignore_older_versions && config->protocol.always_leave);
	cr_assert_not(config->protocol.ssm_aware);
	cr_assert_not(config->protocol.report_link_local);
	cr_assert_eq(config->protocol.n_ssm_ranges, 2);
	cr_assert_eq(config->limits.groups, 5);
	config_free(config);
}

Test(config, ssm_ranges, .description = "SSM-1 SSM-2: the operator sets the ranges")
{
	static const char *const accepted[] = {
		BASE "protocol: {ssm_aware: false}\nmemberships:\n  - {group: 232.1.1.1}\n",
		BASE "protocol: {ssm_ranges: [239.9.0.0/16]}\nmemberships:\n"
		     "  - {group: 232.1.1.1}\n",
		BASE "memberships:\n  - {group: \"ff3e:1::1\"}\n",
	};
	struct reports reports;

	for (unsigned i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct config *config = config_fixture_load(accepted[i], &reports);

		cr_assert_not_null(config, "%s", reports.lines[0]);
		config_free(config);
	}
	cr_assert_null(
		config_fixture_load(BASE "protocol: {ssm_ranges: [239.9.0.0/16]}\nmemberships:\n"
					 "  - {group: 239.9.1.1}\n",
			&reports));
}

Test(config, lcores_that_eal_maps,
	.description = "lcores that EAL maps are not taken for CPU numbers")
{
	static const char *const mappings[] = {
		"eal: [--lcores, \"9@0,10@1\"]\n", "eal: [\"--lcores=9@0,10@1\"]\n"};
	struct reports reports;

	for (unsigned i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		char text[256];
		struct config *config;

		snprintf(text, sizeof(text), "%slcores: {control: 9, workers: [10]}\n" BASE,
			mappings[i]);
		config = config_fixture_load(text, &reports);
		cr_assert_not_null(config, "%s", reports.lines[0]);
		cr_assert_eq(config->lcores.workers[0], 10);
		config_free(config);
	}
}

Test(config, unchecked_bounds,
	.description = "unknown CPUs and limits that are checked elsewhere are not checked")
{
	struct reports reports;
	struct config *config;

	config_fixture_bounds.cpus = 0;
	config_fixture_bounds.limits = false;
	config = config_fixture_load(BASE
		"lcores: {workers: [100]}\nlimits: {groups: 1}\nmemberships:\n"
		"  - {group: 239.1.1.1}\n  - {group: 239.1.1.2}\n",
		&reports);
	cr_assert_not_null(config, "%s", reports.lines[0]);
	config_free(config);
}

Test(config, many_sources,
	.description = "more sources than limits.sources_per_filter are reported")
{
	char text[2048] = BASE "limits: {sources_per_filter: 64}\nmemberships:\n"
			       "  - {group: 232.1.1.1, sources: [";
	struct reports reports;

	for (unsigned i = 1; i <= 65; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "10.0.0.%u%s", i,
			i < 65 ? ", " : "]}\n");
	cr_assert_null(config_fixture_load(text, &reports));
	cr_assert_eq(reports.n, 1);
	cr_assert_str_eq(reports.lines[0],
		"f:7: memberships[0].sources: 65 sources are more than limits.sources_per_filter, "
		"64");
}
