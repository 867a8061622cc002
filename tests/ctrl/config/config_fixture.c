// SPDX-License-Identifier: BSD-3-Clause
#include "config_fixture.h"
#include <criterion/criterion.h>
#include <stdio.h>

struct config_bounds config_fixture_bounds = {
	.lcores = 128, .queues = 1024, .cpus = 8, .limits = true};

void config_fixture_take(void *arg, const char *line)
{
	struct reports *reports = arg;

	cr_assert_lt(reports->n, LINES_MAX);
	snprintf(reports->lines[reports->n++], sizeof(reports->lines[0]), "%s", line);
}

struct config *config_fixture_load(const char *text, struct reports *reports)
{
	reports->n = 0;
	return config_load_text(
		"f", text, strlen(text), &config_fixture_bounds, config_fixture_take, reports);
}
