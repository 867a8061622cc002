// SPDX-License-Identifier: BSD-3-Clause
#include "bench_result.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define RESULTS 96

static struct result {
	char name[64];
	double value;
	const char *unit;
	enum result_goal goal;
	double limit;
} results[RESULTS];
static unsigned n_results;

void bench_result_add(
	const char *name, double value, const char *unit, enum result_goal goal, double limit)
{
	struct result *result = &results[n_results++];

	*result = (struct result){.value = value, .unit = unit, .goal = goal, .limit = limit};
	snprintf(result->name, sizeof(result->name), "%s", name);
}

static bool met(const struct result *result)
{
	switch (result->goal) {
	case RESULT_AT_MOST:
		return result->value <= result->limit;
	case RESULT_AT_LEAST:
		return result->value >= result->limit;
	case RESULT_NO_GOAL:
		break;
	}
	return true;
}

// The processor and the kernel, in one line.
static const char *machine(void)
{
	static char text[256];
	char line[256], cpu[128] = "unknown processor";
	FILE *file = fopen("/proc/cpuinfo", "r");
	struct utsname name;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "model name : %127[^\n]", cpu) == 1)
			break;
	if (file)
		fclose(file);
	uname(&name);
	snprintf(text, sizeof(text), "%s, %s %s", cpu, name.sysname, name.release);
	return text;
}

bool bench_result_print(void)
{
	bool good = true;

	printf("%s\n\n", machine());
	for (unsigned i = 0; i < n_results; i++) {
		const struct result *r = &results[i];

		printf("%-52s %12.4g %-10s", r->name, r->value, r->unit);
		if (r->goal != RESULT_NO_GOAL)
			printf(" %s %g%s", r->goal == RESULT_AT_MOST ? "<=" : ">=", r->limit,
				met(r) ? "" : "  MISSED");
		putchar('\n');
		good &= met(r);
	}
	return good;
}

int bench_result_write(const char *path)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n_results; i++) {
		const struct result *r = &results[i];
		json_t *entry = json_pack(
			"{s:s, s:f, s:s}", "name", r->name, "value", r->value, "unit", r->unit);

		if (r->goal != RESULT_NO_GOAL) {
			const char *goal = r->goal == RESULT_AT_MOST ? "at_most" : "at_least";

			json_object_set_new(entry, goal, json_real(r->limit));
			json_object_set_new(entry, "met", json_boolean(met(r)));
		}
		json_array_append_new(list, entry);
	}
	json_t *root = json_pack("{s:s, s:o}", "machine", machine(), "results", list);
	int error = json_dump_file(root, path, JSON_INDENT(1)) ? -EIO : 0;

	json_decref(root);
	return error;
}
