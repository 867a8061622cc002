// SPDX-License-Identifier: BSD-3-Clause
#include "stat_json.h"

#include <errno.h>

int stat_json_put(json_t *object, const struct stat_field *fields, const void *stats)
{
	for (; fields->name != NULL; fields++) {
		uint64_t value = stat_field_get(fields, stats);
		json_t *number = value == SLUICE_STATS_UNKNOWN ? json_null()
							       : json_integer((json_int_t)value);

		if (json_object_set_new(object, fields->name, number) < 0)
			return -ENOMEM;
	}
	return 0;
}

void stat_json_get(const json_t *object, const struct stat_field *fields, void *stats)
{
	for (; fields->name != NULL; fields++) {
		const json_t *value = json_object_get(object, fields->name);

		stat_field_set(fields, stats,
			json_is_null(value) ? SLUICE_STATS_UNKNOWN
					    : (uint64_t)json_integer_value(value));
	}
}
