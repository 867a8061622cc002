// SPDX-License-Identifier: BSD-3-Clause
#include "result.h"
#include "workload.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct target {
	const char *name;
	bool at_least; // else at most
	double value[SIZES]; // 0: none
};

// Targets on one core of a small virtual machine. They are ratios, see slots.h; memory is in bytes.
static const struct target targets[] = {
	{"lookup4.floor", false, {2.8, 2.8, 1.6}},
	{"lookup6.floor", false, {4.0, 4.2, 2.6}},
	{"lookup4.rte_hash", true, {2.5, 2.5, 2.5}},
	{"filter.ceiling", true, {.57, .52, .42}},
	{"filter.rte_hash", true, {1.5, 2.0, 2.3}},
	{"deliver8.ceiling", true, {.40, .33, .27}},
	{"memory4.bytes", false, {24, 24, 24}},
	{"memory6.bytes", false, {24, 24, 24}},
	{"churn.reader", false, {1.3, 1.15, 1.1}},
	{"churn.updates", true, {10, 8, 6}},
	{"fanout32.clone", true, {5}},
};

static json_t *ratios, *spreads, *times, *at_least, *at_most;
static bool missed;

static json_t *member(json_t **object, const char *name)
{
	json_t *found;

	if (!*object)
		*object = json_object();
	found = json_object_get(*object, name);
	if (!found) {
		found = json_object();
		json_object_set_new(*object, name, found);
	}
	return found;
}

static double target_of(const char *name, const char *size, bool *least)
{
	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strcmp(targets[i].name, name))
			continue;
		*least = targets[i].at_least;
		for (unsigned k = 0; k < SIZES; k++)
			if (!strcmp(workload_sizes[k].name, size))
				return targets[i].value[k];
	}
	return 0;
}

void result_ratio(const char *name, const char *size, struct slots_quartiles ratio)
{
	bool least = false, good;
	double target = target_of(name, size, &least);

	json_object_set_new(member(&ratios, name), size, json_real(ratio.median));
	json_object_set_new(
		member(&spreads, name), size, json_pack("[f,f]", ratio.low, ratio.high));
	printf("%-20s %4s %7.2f (%.2f to %.2f)", name, size, ratio.median, ratio.low, ratio.high);
	if (target > 0) {
		good = least ? ratio.median >= target : ratio.median <= target;
		missed |= !good;
		json_object_set_new(
			member(least ? &at_least : &at_most, name), size, json_real(target));
		printf("  %s %.2f %s", least ? "at least" : "at most", target,
			good ? "good" : "MISSED");
	}
	putchar('\n');
	fflush(stdout);
}

void result_value(const char *name, const char *size, double value)
{
	result_ratio(name, size, (struct slots_quartiles){value, value, value});
}

void result_time(const char *name, const char *size, struct slots_quartiles ns)
{
	json_object_set_new(
		member(&times, name), size, json_pack("[f,f,f]", ns.low, ns.median, ns.high));
	printf("  %-24s %4s %9.2f ns (%.2f to %.2f)\n", name, size, ns.median, ns.low, ns.high);
}

bool result_good(void)
{
	return !missed;
}

int result_write(const char *path)
{
	json_t *all = ratios ? json_copy(ratios) : json_object();
	int rc;

	json_object_set(all, "quartiles", spreads);
	json_object_set(all, "ns", times);
	json_object_set(all, "at least", at_least);
	json_object_set(all, "at most", at_most);
	rc = json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(4));
	json_decref(all);
	return rc;
}

void result_free(void)
{
	json_decref(ratios);
	json_decref(spreads);
	json_decref(times);
	json_decref(at_least);
	json_decref(at_most);
}
