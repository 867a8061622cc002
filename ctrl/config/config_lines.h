// SPDX-License-Identifier: BSD-3-Clause
// The line of each value of a YAML file: "interfaces[1].port" is on line 12.
#ifndef CTRL_CONFIG_LINES_H
#define CTRL_CONFIG_LINES_H

#include <stddef.h>

struct config_fault {
	size_t line; // 1-based; 0: not known
	char text[512];
};

struct config_lines;

// Also finds invalid YAML, and YAML that no configuration needs: returns NULL with `fault` set.
struct config_lines *config_lines_scan(const char *text, size_t len, struct config_fault *fault);
void config_lines_free(struct config_lines *lines);

// 0 if the file has no such value.
size_t config_lines_find(const struct config_lines *lines, const char *path);

#endif
