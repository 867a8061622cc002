// SPDX-License-Identifier: BSD-3-Clause
// The reader of one configuration: reports mistakes, with the path and line of the key.
#ifndef CTRL_CONFIG_READER_H
#define CTRL_CONFIG_READER_H

#include <stdbool.h>

#include "config.h"
#include "config_lines.h"

struct config_reader {
	const char *file;
	const struct config_bounds *bounds;
	const struct config_lines *lines; // NULL before the file is scanned
	void (*report)(void *arg, const char *line);
	void *arg;
	unsigned problems;
	bool out_of_memory; // later reports could be wrong, and are left out
};

// "interfaces[1].port"
struct config_path {
	char text[96];
};
__attribute__((format(printf, 1, 2))) struct config_path config_reader_path(
	const char *format, ...);

void config_reader_report(struct config_reader *reader, size_t line, const char *text);
__attribute__((format(printf, 3, 4))) void config_reader_complain(
	struct config_reader *reader, const struct config_path *path, const char *format, ...);
// Reports what is allowed, but probably a mistake.
void config_reader_warn(
	struct config_reader *reader, const struct config_path *path, const char *text);

void config_reader_no_memory(struct config_reader *reader);

// calloc() that reports; NULL also for n 0.
void *config_reader_array(struct config_reader *reader, unsigned n, size_t size);

#endif
