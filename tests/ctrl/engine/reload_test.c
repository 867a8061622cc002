// SPDX-License-Identifier: BSD-3-Clause
// Reload of an engine: it keeps no pointer into a freed configuration, and an entry that cannot be
// applied does not stop the others. Also meant to run with AddressSanitizer.
#include <criterion/criterion.h>
#include <errno.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine.h"
#include "memory.h"

#define PORTS                                                                                      \
	"ports:\n"                                                                                 \
	"  - {name: in0, device: \"net_null0,no-rx=1\"}\n"                                         \
	"  - {name: out0, device: \"net_null1,no-rx=1\"}\n"
#define BASE                                                                                       \
	PORTS                                                                                      \
	"interfaces:\n"                                                                            \
	"  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n"                                    \
	"  - {name: tv20, port: in0, vlan: 20}\n"
#define OUTPUTS                                                                                    \
	"outputs:\n"                                                                               \
	"  - {name: a, port: out0}\n"                                                              \
	"  - {name: b}\n"

static struct engine *engine;
static char lines[16][512];
static unsigned n_lines;

static void complain(void *arg, const char *line)
{
	(void)arg;
	cr_assert_fail("%s", line);
}

static struct config *parse(const char *text)
{
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE, .queues = RTE_MAX_QUEUES_PER_PORT};

	return config_load_text("f", text, strlen(text), &bounds, complain, NULL);
}

static void take(void *arg, const char *line)
{
	(void)arg;
	cr_assert_lt(n_lines, RTE_DIM(lines));
	snprintf(lines[n_lines++], sizeof(lines[0]), "%s", line);
}

static bool reported(const char *part)
{
	for (unsigned i = 0; i < n_lines; i++)
		if (strstr(lines[i], part) != NULL)
			return true;
	return false;
}

static void open_engine(const char *text)
{
	const char *args[] = {"test", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--lcores", "0@0,1@0", "--log-level", "error"};
	struct config *config = parse(text);
	struct error error;

	cr_assert(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
	engine = engine_open(config, NULL, &error);
	cr_assert_not_null(engine, "%s", error.text);
	config_free(config);
}

static void close_engine(void)
{
	engine_close(engine);
	rte_eal_cleanup();
}

// Returns the summary.
static const char *change(const char *text)
{
	struct engine_reload *reload;
	struct engine_report report = {.tell = take};
	struct config *config = parse(text);
	static char summary[128];
	struct error error;

	n_lines = 0;
	reload = engine_reload_open(engine, config, &report, &error);
	cr_assert_not_null(reload, "%s", error.text);
	while (!engine_reload_some(reload))
		engine_tick(engine);
	engine_reload_close(reload);
	config_free(config);
	engine_report_text(&report, summary, sizeof(summary));
	return summary;
}

static int join(const char *session_name, const char *interface, uint8_t last, const char *output)
{
	struct engine_output *outputs[] = {output ? engine_output_find(engine, output) : NULL};
	struct engine_request request = {
		.interface = interface,
		.group = {AF_INET, {239, 1, 1, last}},
		.outputs = outputs,
		.n_outputs = output ? 1 : 0,
	};
	struct error error;

	cr_assert_eq(engine_session_open(engine, session_name, 0, &request.session, &error), 0);
	return engine_join(engine, &request, &error);
}

static unsigned members(const char *session_name)
{
	struct engine_session *session = engine_session_find(engine, session_name);

	return session_members(engine_session_memberships(session));
}

// Reads everything that objects keep of a configuration.
static void read_all(void)
{
	struct engine_interface *interface = engine_interface_first(engine);
	struct engine_output *output = engine_output_first(engine);
	unsigned n, index = 0;

	for (; interface != NULL; interface = engine_interface_next(interface)) {
		const struct config_interface *config = engine_interface_config(interface);

		cr_assert_eq(engine_interface_index(interface), ++index);
		cr_assert_eq(engine_interface_named(engine, config->name), interface);
		cr_assert_str_eq(config->port, "in0");
		engine_interface_addresses(interface, &n);
		cr_assert_eq(n, config->n_addresses + 1);
	}
	cr_assert_eq(index, 2);
	for (; output != NULL; output = engine_output_next(output))
		cr_assert_eq(engine_output_find(engine, engine_output_name(output)), output);
	cr_assert_eq(join("user", NULL, 99, NULL), -EINVAL); // which lists the interfaces
	engine_tick(engine);
}

static bool refuse(size_t size)
{
	(void)size;
	return true;
}

Test(reload, keeps_nothing, .description = "the engine keeps no pointer into a freed configuration")
{
	open_engine(BASE OUTPUTS "memberships:\n  - {interface: tv, group: 239.1.1.1, to: [a]}\n"
				 "protocol: {ssm_ranges: [239.9.0.0/16]}\n");
	read_all();
	cr_assert_str_eq(change(BASE OUTPUTS "memberships:\n"
					     "  - {interface: tv20, group: 239.1.1.1, to: [b]}\n"
					     "protocol: {ssm_ranges: [239.8.0.0/16]}\n"),
		"+1 -1 memberships, new protocol settings");
	read_all();
	close_engine();
}

Test(reload, out_of_memory,
	.description = "hosts that cannot be reconfigured are named and keep no freed pointer")
{
	open_engine(BASE "protocol: {robustness: 2}\n");
	memory_refuse = refuse;
	cr_assert_str_eq(
		change(BASE "protocol: {robustness: 3}\n"), "4 refused, new protocol settings");
	memory_refuse = NULL;
	cr_assert_eq(n_lines, 4);
	cr_assert(reported("interface tv: IGMP keeps its protocol settings"));
	cr_assert(reported("interface tv20: MLD keeps its protocol settings"));
	read_all();
	cr_assert_str_eq(change(BASE "protocol: {robustness: 3}\n"), "no difference");
	read_all();
	close_engine();
}

Test(reload, refused_memberships, .description = "a refused membership does not stop the others")
{
	open_engine(BASE "memberships:\n  - {interface: tv, group: 239.1.1.1}\n");
	cr_assert_eq(join("user", "tv", 50, NULL), 0);
	cr_assert_str_eq(change(BASE "limits: {groups: 2}\nmemberships:\n"
				     "  - {interface: tv, group: 239.1.1.2}\n"
				     "  - {interface: tv, group: 239.1.1.3}\n"
				     "  - {interface: tv20, group: 239.1.1.4}\n"),
		"+2 -1 memberships, 1 refused, new limits");
	cr_assert_eq(n_lines, 1);
	cr_assert(reported("memberships[1]: 239.1.1.3 on tv: a limit"), "%s", lines[0]);
	cr_assert_eq(members("config"), 2);
	cr_assert_eq(members("user"), 1);
	close_engine();
}

Test(reload, changed_filter, .description = "only memberships that differ are changed")
{
	open_engine(BASE OUTPUTS
		"memberships:\n"
		"  - {interface: tv, group: 232.1.1.1, sources: [10.0.0.2, 10.0.0.1]}\n"
		"  - {interface: tv, group: 239.1.1.1, exclude: [10.0.0.1], to: [a]}\n"
		"  - {interface: tv, group: 239.1.1.2, to: [a, b]}\n");
	cr_assert_str_eq(change(BASE OUTPUTS "memberships:\n"
					     "  - {interface: tv, group: 232.1.1.1, "
					     "sources: [10.0.0.1, 10.0.0.2, 10.0.0.1]}\n"
					     "  - {interface: tv, group: 239.1.1.1, "
					     "exclude: [10.0.0.3], to: [a]}\n"
					     "  - {interface: tv, group: 239.1.1.2, to: [b]}\n"),
		"2 changed");
	close_engine();
}

Test(reload, limits, .description = "limits apply to open sessions and remove no membership")
{
	open_engine(BASE "limits: {groups: 2}\n");
	cr_assert_eq(join("user", "tv", 1, NULL), 0);
	cr_assert_eq(join("user", "tv", 2, NULL), 0);
	cr_assert_eq(join("user", "tv", 3, NULL), -ENOBUFS);
	cr_assert_str_eq(change(BASE "limits: {groups: 10}\n"), "new limits");
	cr_assert_str_eq(change(BASE "limits: {groups: 10}\n"), "no difference");
	cr_assert_eq(n_lines, 0);
	for (unsigned i = 3; i <= 10; i++)
		cr_assert_eq(join("user", "tv", i, NULL), 0);
	cr_assert_str_eq(change(BASE "limits: {groups: 4}\n"), "new limits");
	cr_assert_eq(n_lines, 1);
	cr_assert(reported("limits.groups: 4 is less than is joined: session user has 10, "
			   "interface tv "
			   "has 10"),
		"%s", lines[0]);
	cr_assert_eq(members("user"), 10);
	cr_assert_eq(join("user", "tv", 11, NULL), -ENOBUFS);
	close_engine();
}

Test(reload, outputs, .description = "memberships follow replaced outputs and lose removed ones")
{
	struct engine_output *const *outputs;
	struct member *member;

	open_engine(BASE OUTPUTS);
	cr_assert_eq(join("user", "tv", 1, "a"), 0);
	cr_assert_eq(join("user", "tv", 1, "b"), 0);
	cr_assert_eq(join("user", "tv", 2, "b"), 0);
	cr_assert_str_eq(change(BASE "outputs:\n  - {name: a, port: out0, vlan: 5}\n"),
		"+1 -2 outputs, 1 without an output now");
	cr_assert(reported("session user: 1 membership has no output left and is only counted, "
			   "239.1.1.2 on tv for one"),
		"%s", lines[0]);
	member = session_first_member(
		engine_session_memberships(engine_session_find(engine, "user")));
	cr_assert_eq(engine_member_outputs(member, &outputs), 0);
	member = session_next_member(member);
	cr_assert_eq(engine_member_outputs(member, &outputs), 1);
	cr_assert_str_eq(engine_output_name(outputs[0]), "a");
	engine_tick(engine);
	close_engine();
}

Test(reload, restart, .description = "a setting that needs a restart is named, and nothing changes")
{
	static const struct {
		const char *text, *key;
	} changes[] = {
		{BASE "lcores: {workers: [2]}\n", "lcores"},
		{BASE "limits: {queued_frames: 100}\n", "limits.queued_frames"},
		{BASE "  - {name: more, port: in0, vlan: 30}\n", "interfaces"},
		{PORTS "  - {name: more, device: net_null2}\n"
		       "interfaces:\n  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n",
			"ports"},
	};

	open_engine(BASE);
	for (unsigned i = 0; i < RTE_DIM(changes); i++) {
		struct engine_report report = {.tell = take};
		struct config *config = parse(changes[i].text);
		char text[96];
		struct error error;

		cr_assert_null(engine_reload_open(engine, config, &report, &error));
		snprintf(text, sizeof(text), "a change of `%s` needs a restart", changes[i].key);
		cr_assert_str_eq(error.text, text);
		config_free(config);
		read_all();
	}
	close_engine();
}

Test(report, texts, .description = "a report is one line that omits what did not happen")
{
	static const struct {
		struct engine_report report;
		const char *text;
	} rows[] = {
		{{0}, "no difference"},
		{{.joined = 1000, .left = 1, .outputs_opened = 1, .refused = 2},
			"+1000 -1 memberships, +1 output, 2 refused"},
		{{.joined = 1}, "+1 membership"},
		{{.left = 2}, "-2 memberships"},
		{{.changed = 3}, "3 changed"},
		{{.outputs_closed = 1, .undelivered = 4}, "-1 output, 4 without an output now"},
		{{.limits = true, .control = true}, "new limits, new control settings"},
	};
	char text[128];

	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		engine_report_text(&rows[i].report, text, sizeof(text));
		cr_assert_str_eq(text, rows[i].text);
	}
	engine_report_text(&rows[1].report, text, 12);
	cr_assert_str_eq(text, "+1000 -1 me");
}
