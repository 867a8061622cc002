// SPDX-License-Identifier: BSD-3-Clause
// Each allocation fails in turn while a configuration is read: the result is the same
// configuration, or the report that memory is missing, and no other mistake.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "sweep.h"

#define BUDGET 400 // runs of a short sweep

static const char whole[] =
	"socket: /run/s.sock\n"
	"eal: [\"--no-huge\", -m, \"64\"]\n"
	"lcores: {control: 0, workers: [1, 2]}\n"
	"ports:\n"
	"  - {name: in0, device: \"net_null0,no-rx=1\", queues: 2, mtu: 1500}\n"
	"  - {name: out0, device: net_null1}\n"
	"interfaces:\n"
	"  - {name: tv, port: in0, addresses: [10.9.0.2/24, \"fe80::2/64\"]}\n"
	"  - {name: tv20, port: in0, vlan: 20, inner_vlan: 3}\n"
	"outputs:\n"
	"  - {name: a, port: out0, vlan: 7, source_mac: \"02:00:00:00:00:01\"}\n"
	"  - {name: b}\n"
	"memberships:\n"
	"  - {interface: tv, group: 239.1.1.1, to: [a, b]}\n"
	"  - interface: tv\n"
	"    group: 232.1.1.1\n"
	"    sources: [10.9.0.50, 10.9.0.51]\n"
	"  - {interface: tv20, group: \"ff1e::1\", exclude: [\"2001:db8::1\"]}\n"
	"protocol: {robustness: 3, query_interval: 60.5, always_leave: true,\n"
	"  ssm_ranges: [232.0.0.0/8, \"ff3e::/32\"]}\n"
	"limits: {groups: 5000, sources_per_filter: 64}\n";
// The defaults for all that may be left out.
static const char least[] = "ports:\n"
			    "  - {name: in0, device: net_null0}\n"
			    "interfaces:\n"
			    "  - {name: tv, port: in0}\n"
			    "memberships:\n"
			    "  - {group: 239.1.1.1}\n";

static const struct config_bounds BOUNDS = {.lcores = 128, .queues = 1024, .cpus = 8};

static char reports[4][512];
static unsigned n_reports;

static void take(void *arg, const char *line)
{
	(void)arg;
	snprintf(reports[n_reports++ % 4], sizeof(reports[0]), "%s", line);
}

static bool same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

static bool same_texts(char *const *a, unsigned n_a, char *const *b, unsigned n_b)
{
	bool same = n_a == n_b;

	for (unsigned i = 0; same && i < n_a; i++)
		same = same_text(a[i], b[i]);
	return same;
}

static bool same_membership(const struct config_membership *a, const struct config_membership *b)
{
	return same_text(a->interface, b->interface) && sluice_addr_equal(&a->group, &b->group) &&
	       sluice_source_filter_equal(&a->filter, &b->filter) &&
	       same_texts(a->to, a->n_to, b->to, b->n_to);
}

static bool same_protocol(const struct config_protocol *a, const struct config_protocol *b)
{
	return a->robustness == b->robustness && a->query_interval == b->query_interval &&
	       a->always_leave == b->always_leave && a->ssm_aware == b->ssm_aware &&
	       a->n_ssm_ranges == b->n_ssm_ranges &&
	       (a->n_ssm_ranges == 0 || memcmp(a->ssm_ranges, b->ssm_ranges,
						a->n_ssm_ranges * sizeof(*a->ssm_ranges)) == 0);
}

static bool same_config(const struct config *a, const struct config *b)
{
	bool same = same_text(a->socket, b->socket) && config_same_eal(a, b) &&
		    config_same_lcores(&a->lcores, &b->lcores) && a->n_ports == b->n_ports &&
		    a->n_interfaces == b->n_interfaces && a->n_outputs == b->n_outputs &&
		    a->n_memberships == b->n_memberships &&
		    same_protocol(&a->protocol, &b->protocol) &&
		    memcmp(&a->limits, &b->limits, sizeof(a->limits)) == 0;

	for (unsigned i = 0; same && i < a->n_ports; i++)
		same = config_same_port(&a->ports[i], &b->ports[i]);
	for (unsigned i = 0; same && i < a->n_interfaces; i++)
		same = config_same_interface(&a->interfaces[i], &b->interfaces[i]);
	for (unsigned i = 0; same && i < a->n_outputs; i++)
		same = config_same_output(&a->outputs[i], &b->outputs[i]);
	for (unsigned i = 0; same && i < a->n_memberships; i++)
		same = same_membership(&a->memberships[i], &b->memberships[i]);
	return same;
}

// Copies of all parts, as an engine makes them. Returns how many failed.
static unsigned copy_parts(const struct config *config)
{
	struct config_interface interface;
	struct config_protocol protocol;
	struct config_lcores lcores;
	struct config_output output;
	struct config_port port;
	unsigned n_failed = 0;

	if (config_copy_lcores(&lcores, &config->lcores) < 0)
		n_failed++;
	else
		config_free_lcores(&lcores);
	if (config_copy_protocol(&protocol, &config->protocol) < 0)
		n_failed++;
	else
		config_free_protocol(&protocol);
	if (config_copy_port(&port, &config->ports[0]) < 0)
		n_failed++;
	else
		config_free_port(&port);
	if (config_copy_interface(&interface, &config->interfaces[0]) < 0)
		n_failed++;
	else
		config_free_interface(&interface);
	if (config->n_outputs == 0)
		return n_failed;
	if (config_copy_output(&output, &config->outputs[0]) < 0)
		n_failed++;
	else
		config_free_output(&output);
	return n_failed;
}

static struct config *load(const char *file, const char *text)
{
	n_reports = 0;
	return file != NULL ? config_load(file, &BOUNDS, take, NULL)
			    : config_load_text("f", text, strlen(text), &BOUNDS, take, NULL);
}

static void sweep_all(const char *name, const char *file, const char *text)
{
	struct config *expected = load(file, text);
	uint64_t total;

	cr_assert_not_null(expected, "%s", reports[0]);
	injector_arm(UINT64_MAX / 2, 1);
	config_free(load(file, text));
	injector_disarm();
	total = injector_count();
	for (enum sweep_mode mode = SWEEP_ONCE; mode <= SWEEP_FROM; mode++) {
		struct sweep sweep = sweep_begin(name, mode, total, BUDGET);

		while (sweep_next(&sweep, injector_failed())) {
			struct config *config = load(file, text);
			unsigned n_failed = config != NULL ? copy_parts(config) : 0;
			uint64_t failed = injector_disarm();

			if (config != NULL) {
				cr_assert(same_config(config, expected), "number %lu",
					(unsigned long)sweep.number);
				cr_assert_leq(n_failed, failed);
			} else {
				cr_assert_gt(failed, 0);
				cr_assert_gt(n_reports, 0, "number %lu: no report",
					(unsigned long)sweep.number);
				for (unsigned i = 0; i < n_reports && i < 4; i++)
					cr_assert_not_null(strstr(reports[i], "out of memory"),
						"number %lu: %s", (unsigned long)sweep.number,
						reports[i]);
			}
			config_free(config);
		}
		cr_assert_gt(sweep.runs, 50);
	}
	config_free(expected);
	cr_assert_not(sweep_leaks());
}

Test(config_allocation, whole, .description = "a text with all sections, without memory")
{
	sweep_all("config whole", NULL, whole);
}

Test(config_allocation, least, .description = "a text with defaults, without memory")
{
	sweep_all("config least", NULL, least);
}

Test(config_allocation, file, .description = "a file, without memory")
{
	char name[] = "/tmp/sluice-allocation-XXXXXX";
	int fd = mkstemp(name);
	FILE *file = fdopen(fd, "w");

	fputs(least, file);
	for (unsigned i = 0; i < 300; i++)
		fprintf(file, "  - {group: 239.2.%u.%u, to: []} #\n", i >> 8, i & 255);
	fclose(file);
	sweep_all("config file", name, NULL);
	unlink(name);
}
