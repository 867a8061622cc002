// SPDX-License-Identifier: BSD-3-Clause
// Reads single values of the configuration. What cannot be read is reported, with the key's path
// and line, and reading goes on: the operator sees all that is wrong at once.
#ifndef CTRL_CONFIG_VALUE_H
#define CTRL_CONFIG_VALUE_H

#include "config.h"
#include "config_lines.h"

#define CONFIG_NAME_MAX 63

// Whether a port, an interface, an output or a session may have this name.
bool config_is_name(const char *name);

struct config_reader {
	const char *file;
	const struct config_bounds *bounds;
	const struct config_lines *lines; // NULL before the file is scanned
	void (*report)(void *arg, const char *line);
	void *arg;
	unsigned problems;
};

// "interfaces[1].port"
struct config_path {
	char text[96];
};
__attribute__((format(printf, 1, 2))) struct config_path config_path(const char *format, ...);

void config_report(struct config_reader *reader, size_t line, const char *text);
__attribute__((format(printf, 3, 4))) void config_complain(
	struct config_reader *reader, const struct config_path *path, const char *format, ...);

// `text` is NULL for a key that is left out: that gives `fallback`. A bad number gives the largest,
// which hardly clashes with another one and so makes no second report.
struct config_range {
	unsigned min, max;
};
unsigned config_unsigned(struct config_reader *reader, struct config_path path, const char *text,
	struct config_range range, unsigned fallback);
bool config_boolean(
	struct config_reader *reader, struct config_path path, const char *text, bool fallback);
double config_seconds(struct config_reader *reader, struct config_path path, const char *text);

// An address, or a prefix "10.0.0.0/8"; family 0 if it cannot be read. No class is checked.
struct sluice_addr config_address(
	struct config_reader *reader, struct config_path path, const char *text);
struct config_address config_prefix(
	struct config_reader *reader, struct config_path path, const char *text);
bool config_mac(
	struct config_reader *reader, struct config_path path, const char *text, uint8_t mac[6]);

// calloc() that reports; NULL also for n 0.
void *config_array(struct config_reader *reader, unsigned n, size_t size);

#endif
