// SPDX-License-Identifier: BSD-3-Clause
// Reads single values of the configuration. A value that cannot be read is reported, and reading
// goes on: the operator sees all mistakes at once.
#ifndef CTRL_CONFIG_VALUE_H
#define CTRL_CONFIG_VALUE_H

#include "config_reader.h"

// `text` is NULL for a key that is left out, which gives `fallback`. A bad number gives the
// largest, which hardly clashes with another one and so makes no second report.
struct config_value_range {
	unsigned min, max;
};
unsigned config_value_unsigned(struct config_reader *reader, struct config_path path,
	const char *text, struct config_value_range range, unsigned fallback);
bool config_value_boolean(
	struct config_reader *reader, struct config_path path, const char *text, bool fallback);
double config_value_seconds(
	struct config_reader *reader, struct config_path path, const char *text);

// An address, or a prefix "10.0.0.0/8"; family 0 if it cannot be read. No class is checked.
struct sluice_addr config_value_address(
	struct config_reader *reader, struct config_path path, const char *text);
struct config_address config_value_prefix(
	struct config_reader *reader, struct config_path path, const char *text);
bool config_value_mac(
	struct config_reader *reader, struct config_path path, const char *text, uint8_t mac[6]);

#endif
