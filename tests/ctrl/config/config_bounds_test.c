// SPDX-License-Identifier: BSD-3-Clause
// Invalid files and configurations of any size are answered in bounded time.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define MANY 100000
// Quadratic checks of such long lists take minutes. The bound allows for a busy machine.
#define PATIENCE_S 60

struct bounds_reports {
	char first[512];
	unsigned n, n_twice;
};

static void take(void *arg, const char *line)
{
	struct bounds_reports *reports = arg;

	if (reports->n++ == 0)
		snprintf(reports->first, sizeof(reports->first), "%s", line);
	reports->n_twice += strstr(line, "is given twice") != NULL ||
			    strstr(line, "has the same") != NULL ||
			    strstr(line, "is the device of") != NULL;
}

static const struct config_bounds bounds = {.lcores = 128, .queues = 1024, .limits = true};

static void load(const char *text, size_t len, struct bounds_reports *reports)
{
	*reports = (struct bounds_reports){.n = 0};
	config_free(config_load_text("f", text, len, &bounds, take, reports));
}

#define PORTS "ports:\n  - {name: in0, device: net_null0}\n"
#define INTERFACES "interfaces:\n  - {name: tv, port: in0}\n"

// A configuration with a long list: `head`, MANY times `entry` with a number, and `tail`.
static void load_list(
	const char *head, const char *entry, const char *tail, struct bounds_reports *reports)
{
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	cr_assert_not_null(file);
	fputs(head, file);
	for (unsigned i = 0; i < MANY; i++) {
		const char *number = strchr(entry, '#');

		if (number != NULL)
			fprintf(file, "%.*s%u%s", (int)(number - entry), entry, i, number + 1);
		else
			fputs(entry, file);
	}
	fputs(tail, file);
	fclose(file);
	load(text, len, reports);
	free(text);
}

#define LONG_LIST(name, head, entry, tail, expected)                                               \
	Test(config_bounds, name, .timeout = PATIENCE_S,                                           \
		.description = "each of 100,000 repeated entries is reported once")                \
	{                                                                                          \
		struct bounds_reports reports;                                                     \
                                                                                                   \
		load_list(head, entry, tail, &reports);                                            \
		cr_expect_eq(reports.n_twice, expected, "%u: %s", reports.n_twice, reports.first); \
	}

LONG_LIST(port_names, "ports:\n", "- {name: a, device: d#}\n", INTERFACES, MANY - 1)
LONG_LIST(port_devices, "ports:\n", "- {name: p#, device: d}\n", INTERFACES, MANY - 1)
LONG_LIST(interface_names, PORTS "interfaces:\n", "- {name: a, port: p#}\n", "", MANY - 1)
LONG_LIST(interface_tags, PORTS "interfaces:\n", "- {name: a#, port: in0, vlan: 5}\n", "", MANY - 1)
LONG_LIST(output_names, PORTS INTERFACES "outputs:\n", "- {name: a}\n", "", MANY - 1)
LONG_LIST(to, PORTS INTERFACES "outputs:\n- {name: a}\nmemberships:\n- {group: 239.1.1.1, to: [a",
	", a", "]}\n", MANY)
LONG_LIST(memberships, PORTS INTERFACES "memberships:\n", "- {group: 239.1.1.1}\n", "", MANY - 1)
LONG_LIST(workers, PORTS INTERFACES "lcores: {workers: [1", ", 1", "]}\n", MANY)

#define TOO_MANY(name, head, entry, tail, line)                                                    \
	Test(config_bounds, name, .timeout = PATIENCE_S,                                           \
		.description = "a list that is too long is refused")                               \
	{                                                                                          \
		struct bounds_reports reports;                                                     \
                                                                                                   \
		load_list(head, entry, tail, &reports);                                            \
		cr_expect_eq(reports.n, 1);                                                        \
		cr_expect_str_eq(reports.first, line);                                             \
	}

TOO_MANY(addresses, PORTS "interfaces:\n- {name: tv, port: in0, addresses: [10.0.0.1/8",
	", 10.0.0.1/8", "]}\n",
	"f:4: interfaces[0].addresses: 100001 are more than the 256 there can be")
TOO_MANY(ssm_ranges, PORTS INTERFACES "protocol: {ssm_ranges: [232.0.0.0/8", ", 232.0.0.0/8",
	"]}\nmemberships:\n- {group: 239.1.1.1}\n",
	"f:5: protocol.ssm_ranges: 100001 are more than the 256 there can be")
TOO_MANY(outputs, PORTS INTERFACES "outputs:\n", "- {name: a#}\n", "",
	"f:5: outputs: 100000 are more than the 4096 there can be")
TOO_MANY(sources, PORTS INTERFACES "memberships:\n- {group: 239.1.1.1, sources: [10.0.0.1",
	", 10.0.0.1", "]}\n",
	"f:6: memberships[0].sources: 100001 sources are more than limits.sources_per_filter, 1024")
TOO_MANY(nested, "a: ", "[", "", "f:1: nested too deeply")
TOO_MANY(nested_blocks, "", "- ", "", "f:1: nested too deeply")
TOO_MANY(anchors, "a: &a 1\nb: [*a", ", *a", "]\n", "f:2: aliases are not supported")

Test(config_bounds, long_line, .timeout = PATIENCE_S,
	.description = "a value of 16 MB is refused in bounded time")
{
	const size_t len = 16 << 20;
	char *text = malloc(len + 1);
	struct bounds_reports reports;

	memset(text, 'x', len);
	memcpy(text, "socket: ", 8);
	load(text, len, &reports);
	cr_expect_eq(reports.n, 1);
	memset(text, '1', len);
	load(text, len, &reports);
	cr_expect_str_eq(reports.first, "f: has to be a section of keys");
	free(text);
}

Test(config_bounds, long_key, .timeout = PATIENCE_S,
	.description = "a long key is refused, because it would be part of the paths below it")
{
	struct bounds_reports reports;
	char text[2000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "? ", 2);
	memcpy(text + 1900, "\n: {a: 1}\n", 10);
	load(text, 1910, &reports);
	cr_expect_str_eq(reports.first, "f:1: a key is too long");
}

// ---- Files ---------------------------------------------------------------------------------

static void load_file(const char *name, struct bounds_reports *reports)
{
	*reports = (struct bounds_reports){.n = 0};
	cr_expect_null(config_load(name, &bounds, take, reports));
	cr_expect_eq(reports->n, 1);
}

Test(config_bounds, no_file, .timeout = PATIENCE_S,
	.description = "FIFOs, devices and directories are refused without waiting for them")
{
	char directory[] = "/tmp/sluice-config-XXXXXX", name[64], line[128];
	const char *const names[] = {name, "/dev/zero", "/dev/null", "/tmp"};
	struct bounds_reports reports;

	cr_assert_not_null(mkdtemp(directory));
	snprintf(name, sizeof(name), "%s/fifo", directory);
	cr_assert_eq(mkfifo(name, 0600), 0);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		load_file(names[i], &reports);
		snprintf(line, sizeof(line), "%s: not a regular file", names[i]);
		cr_expect_str_eq(reports.first, line);
	}
	unlink(name);
	load_file(name, &reports);
	snprintf(line, sizeof(line), "%s: No such file or directory", name);
	cr_expect_str_eq(reports.first, line);
	rmdir(directory);
}

Test(config_bounds, large_file, .timeout = PATIENCE_S, .description = "a file of 1 TB is not read")
{
	char name[] = "/tmp/sluice-config-XXXXXX", line[128];
	int fd = mkstemp(name);
	struct bounds_reports reports;

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, INT64_C(1) << 40), 0);
	load_file(name, &reports);
	snprintf(line, sizeof(line), "%s: larger than 64 MiB", name);
	cr_expect_str_eq(reports.first, line);
	unlink(name);
	close(fd);
}
