// SPDX-License-Identifier: BSD-3-Clause
// The lists that `sluice show` can print, and their columns. The columns of the statistics come
// from <sluice/stats.h>.
#ifndef CTRL_COMMAND_VIEW_H
#define CTRL_COMMAND_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct command_column;
struct stat_field;

struct command_view {
	const char *name; // also the name of the list in the method's result
	const char *method;
	const struct command_column *before, *after; // NULL: none
	const struct stat_field *statistics; // NULL: none
	json_t *(*arrange)(const json_t *entries); // makes the rows; NULL: one row per entry
	bool in_pages; // the method can return the list in pages
	bool single; // the result is the only row, and there is no list
};

// NULL if there is no list of that name.
const struct command_view *command_view_find(const char *name);

// Prints the list in the method's result as a table.
void command_view_print(FILE *out, const struct command_view *view, const json_t *result);

#endif
