// SPDX-License-Identifier: BSD-3-Clause
#include "command_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static json_int_t number_of(const json_t *value)
{
	json_int_t sum = 0;
	const char *key;
	json_t *part;

	json_object_foreach ((json_t *)value, key, part)
		sum += json_integer_value(part);
	return json_is_object(value) ? sum : json_integer_value(value);
}

static void write_list(FILE *out, const json_t *list)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry)
		fprintf(out, "%s%s", i ? "," : "", json_string_value(entry));
}

static void write_cell(FILE *out, const struct command_column *column, const json_t *value)
{
	if (!value || json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
		fputs("-", out);
	else if (column->kind == COLUMN_NUMBER)
		fprintf(out, "%" JSON_INTEGER_FORMAT, number_of(value));
	else if (column->kind == COLUMN_MS)
		fprintf(out, "%.1f s", (double)json_integer_value(value) / 1000);
	else if (column->kind == COLUMN_LINK)
		fputs(json_is_true(value) ? "up" : "down", out);
	else if (json_is_array(value))
		write_list(out, value);
	else
		fputs(json_string_value(value), out);
}

static char *cell(const struct command_column *column, const json_t *entry)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_cell(out, column, json_object_get(entry, column->key));
	fclose(out);
	return text;
}

static void print_cell(FILE *out, const struct command_column *column, const char *text, int width)
{
	bool last = !column[1].title;

	if (column->kind == COLUMN_NUMBER || column->kind == COLUMN_MS)
		fprintf(out, "%*s", width, text);
	else
		fprintf(out, "%-*s", last ? 0 : width, text);
	fputs(last ? "\n" : "  ", out);
}

void command_table_print(FILE *out, const struct command_column *columns, const json_t *entries)
{
	int widths[COMMAND_COLUMNS_MAX];
	const json_t *entry;
	size_t i;

	for (unsigned c = 0; columns[c].title; c++) {
		widths[c] = (int)strlen(columns[c].title);
		json_array_foreach (entries, i, entry) {
			char *text = cell(&columns[c], entry);
			int width = text ? (int)strlen(text) : 0;

			if (width > widths[c])
				widths[c] = width;
			free(text);
		}
	}
	for (unsigned c = 0; columns[c].title; c++)
		print_cell(out, &columns[c], columns[c].title, widths[c]);
	json_array_foreach (entries, i, entry) {
		for (unsigned c = 0; columns[c].title; c++) {
			char *text = cell(&columns[c], entry);

			print_cell(out, &columns[c], text ? text : "", widths[c]);
			free(text);
		}
	}
}

void command_table_print_json(FILE *out, const json_t *value)
{
	json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
	putc('\n', out);
}
