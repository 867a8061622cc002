// SPDX-License-Identifier: BSD-3-Clause
// The fields of the statistics: each has a name, a kind, a unit, a help text and its own place in
// the structure, so that metrics can be made of them, and JSON carries all of them in both
// directions.
#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "stat_json.h"

#define STATS_MAX 64 // 64-bit words of the largest structure

static uint64_t value_of(const struct stat_field *field, const struct stat_field *first)
{
	return 1000 + (uint64_t)(field - first);
}

// A metric is named after the object and the field: sluice_worker_rx_packets.
static void expect_name(const char *name)
{
	cr_expect_eq(
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name), "%s", name);
	cr_expect(name[0] >= 'a' && name[0] <= 'z', "%s", name);
}

// One sentence without its full stop, which the manual adds.
static void expect_help(const char *name, const char *help)
{
	cr_expect_gt(strlen(help), 0, "%s has no help", name);
	cr_expect_null(strchr(help, '\n'), "%s: the help has several lines", name);
	cr_expect(help[0] != '\0' && help[strlen(help) - 1] != '.', "%s: %s", name, help);
}

static void expect_unit(const struct stat_field *field)
{
	static const char *const units[] = {"packets", "bytes", "milliseconds", "microseconds"};
	static const struct {
		const char *suffix, *unit;
	} suffixes[] = {{"_packets", "packets"}, {"_bytes", "bytes"}, {"_ms", "milliseconds"},
		{"_us", "microseconds"}};
	const char *unit = stat_field_unit(field);
	bool known = unit == NULL;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && !known; i++)
		known = strcmp(unit, units[i]) == 0;
	cr_expect(known, "%s has the unit %s", field->name, unit);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const char *end = strstr(field->name, suffixes[i].suffix);

		if (end == NULL || strcmp(end, suffixes[i].suffix) != 0)
			continue;
		cr_expect(unit != NULL && strcmp(unit, suffixes[i].unit) == 0, "%s is in %s",
			field->name, unit != NULL ? unit : "no unit");
	}
}

static void expect_field(const struct stat_field *field, const struct stat_field *first)
{
	expect_name(field->name);
	expect_help(field->name, field->help);
	expect_unit(field);
	cr_expect(field->kind == STAT_COUNTER || field->kind == STAT_GAUGE, "%s", field->name);
	cr_expect_leq(field->offset + field->size, STATS_MAX * sizeof(uint64_t));
	if (field->unit == STAT_MILLISECONDS || field->kind == STAT_COUNTER)
		cr_expect_eq(field->size, sizeof(uint64_t), "%s is too small", field->name);
	for (; first != field; first++) {
		cr_expect_str_neq(field->name, first->name);
		cr_expect_neq(field->offset, first->offset, "%s", field->name);
	}
}

Test(stat, fields_are_described)
{
	const struct stat_object *object = stat_objects, *other;

	for (; object->object != NULL; object++) {
		const struct stat_field *field = object->fields;

		expect_name(object->object);
		for (other = stat_objects; other != object; other++)
			cr_expect_str_neq(object->object, other->object);
		cr_expect_not_null(field->name, "%s has no field", object->object);
		for (; field->name != NULL; field++)
			expect_field(field, object->fields);
	}
}

// They are values of a label of one metric.
static void expect_reasons(const struct stat_reason *reasons)
{
	const struct stat_reason *reason = reasons, *other;

	cr_expect_not_null(reason->name);
	for (; reason->name != NULL; reason++) {
		expect_name(reason->name);
		expect_help(reason->name, reason->help);
		for (other = reasons; other != reason; other++)
			cr_expect_str_neq(reason->name, other->name);
	}
}

Test(stat, reasons_are_described)
{
	expect_reasons(stat_worker_drops);
	expect_reasons(stat_host_drops);
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
