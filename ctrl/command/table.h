// SPDX-License-Identifier: BSD-3-Clause
// JSON values as text: lists of objects as aligned columns for people, or any value for programs.
#ifndef CTRL_TABLE_H
#define CTRL_TABLE_H

#include <jansson.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 32

enum table_kind {
	TABLE_TEXT, // also lists of texts; "-" for null or an empty list
	TABLE_NUMBER, // to the right; a sum for an object of numbers
	TABLE_MS, // milliseconds, as seconds
	TABLE_LINK, // a carrier: up or down
};

struct table_column {
	const char *title; // NULL ends the columns
	const char *key;
	enum table_kind kind;
};

void table_print(FILE *out, const struct table_column *columns, const json_t *entries);
// On one line.
void table_print_json(FILE *out, const json_t *value);

#endif
