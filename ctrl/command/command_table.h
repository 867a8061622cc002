// SPDX-License-Identifier: BSD-3-Clause
// Prints JSON: a list of objects as a table with aligned columns, or any value on one line.
#ifndef CTRL_COMMAND_TABLE_H
#define CTRL_COMMAND_TABLE_H

#include <jansson.h>
#include <stdio.h>

#define COMMAND_COLUMNS_MAX 32

enum command_column_kind {
	COLUMN_TEXT, // a string or a list of strings; "-" for null and for an empty list
	COLUMN_NUMBER, // aligned to the right; the sum for an object of numbers
	COLUMN_MS, // milliseconds, printed as seconds
	COLUMN_LINK, // a boolean, printed as up or down
};

struct command_column {
	const char *title; // NULL ends the columns
	const char *key;
	enum command_column_kind kind;
};

void command_table_print(FILE *out, const struct command_column *columns, const json_t *entries);

// Prints the value on one line.
void command_table_print_json(FILE *out, const json_t *value);

#endif
