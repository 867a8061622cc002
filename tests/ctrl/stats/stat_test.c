// SPDX-License-Identifier: BSD-3-Clause
// The fields of the statistics: each has a name, a help text and its own place in the structure,
// and JSON carries all of them in both directions.
#include <criterion/criterion.h>
#include <string.h>

#include "stat_json.h"

#define STATS_MAX 64 // 64-bit words of the largest structure

static uint64_t value_of(const struct stat_field *field, const struct stat_field *first)
{
	return 1000 + (uint64_t)(field - first);
}

Test(stat, fields_are_described)
{
	const struct stat_object *object = stat_objects;

	for (; object->object != NULL; object++) {
		const struct stat_field *field = object->fields;

		cr_expect_not_null(field->name, "%s has no field", object->object);
		for (; field->name != NULL; field++) {
			cr_expect_gt(strlen(field->help), 0, "%s", field->name);
			cr_expect_leq(field->offset + field->size, STATS_MAX * sizeof(uint64_t));
			if (field->unit == STAT_MILLISECONDS)
				cr_expect_eq(field->size, sizeof(uint64_t), "%s: may be unknown",
					field->name);
		}
	}
}

Test(stat, json_carries_each_field_both_ways)
{
	const struct stat_object *object = stat_objects;

	for (; object->object != NULL; object++) {
		uint64_t in[STATS_MAX] = {0}, out[STATS_MAX] = {0};
		const struct stat_field *first = object->fields, *field;
		json_t *json = json_object();

		for (field = first; field->name != NULL; field++)
			stat_field_set(field, in, value_of(field, first));
		cr_assert_eq(stat_json_put(json, first, in), 0);
		cr_expect_eq(json_object_size(json), (size_t)(field - first), "%s: two of a name",
			object->object);
		for (field = first; field->name != NULL; field++)
			cr_expect_eq(
				(uint64_t)json_integer_value(json_object_get(json, field->name)),
				value_of(field, first), "%s of %s", field->name, object->object);
		stat_json_get(json, first, out);
		cr_expect_arr_eq(in, out, sizeof(in), "%s", object->object);
		json_decref(json);
	}
}

Test(stat, unknown_is_null)
{
	struct sluice_group_stats stats = {.packets = 5, .age_ms = SLUICE_STATS_UNKNOWN};
	struct sluice_group_stats read = {0};
	json_t *json = json_object();

	cr_assert_eq(stat_json_put(json, stat_group, &stats), 0);
	cr_expect(json_is_null(json_object_get(json, "last_seen_ms")));
	stat_json_get(json, stat_group, &read);
	cr_expect_eq(read.age_ms, SLUICE_STATS_UNKNOWN);
	cr_expect_eq(read.packets, 5);
	json_decref(json);
}

Test(stat, out_of_memory_is_told)
{
	struct sluice_output_stats stats = {0};

	cr_expect_lt(stat_json_put(NULL, stat_output, &stats), 0);
}
