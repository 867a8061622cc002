// SPDX-License-Identifier: BSD-3-Clause
#ifndef CTRL_CONFIG_CONVERT_H
#define CTRL_CONFIG_CONVERT_H

#include <limits.h>

#include "config_schema.h"
#include "config_value.h"

#define CONFIG_NO_LCORE UINT_MAX // the number could not be read, which has been reported

// Fills `config` from `raw`, each value separately. Takes over the texts of `raw`.
void config_convert(struct config_reader *reader, struct raw_config *raw, struct config *config);

// Checks the relations between values: names, references, duplicates.
void config_check(struct config_reader *reader, const struct config *config);

#endif
