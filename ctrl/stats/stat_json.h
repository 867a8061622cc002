// SPDX-License-Identifier: BSD-3-Clause
// Statistics as members of a JSON object. SLUICE_STATS_UNKNOWN is null.
#ifndef CTRL_STAT_JSON_H
#define CTRL_STAT_JSON_H

#include <jansson.h>

#include "stat_field.h"

// Adds the fields to the object. -ENOMEM, also if `object` is NULL.
int stat_json_put(json_t *object, const struct stat_field *fields, const void *stats);
// Reads the fields from the object. What it lacks is 0.
void stat_json_get(const json_t *object, const struct stat_field *fields, void *stats);

#endif
