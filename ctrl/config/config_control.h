// SPDX-License-Identifier: BSD-3-Clause
// The section `control`.
#ifndef CTRL_CONFIG_CONTROL_H
#define CTRL_CONFIG_CONTROL_H

#include "config_reader.h"
#include "config_schema.h"

// Once config->limits are filled.
void config_control_convert(
	struct config_reader *reader, struct raw_control *raw, struct config *config);
// `socket` and the paths of `control`.
void config_control_check(struct config_reader *reader, const struct config *config);

#endif
