// SPDX-License-Identifier: BSD-3-Clause
// The tables of `sluice show`: cells, alignment, and the columns that come from the statistics.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "command_table.h"
#include "command_view.h"
#include "stat_field.h"

TestSuite(command_view);

static char *print_table(const struct command_column *columns, const char *rows)
{
	json_t *entries = json_loads(rows, 0, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(entries);
	command_table_print(out, columns, entries);
	fclose(out);
	json_decref(entries);
	return text;
}

Test(command_view, cells, .description = "a table prints null, lists, sums, times and links")
{
	static const struct command_column columns[] = {
		{"NAME", "name", COLUMN_TEXT},
		{"N", "n", COLUMN_NUMBER},
		{"AGE", "age", COLUMN_MS},
		{"LINK", "up", COLUMN_LINK},
		{"LIST", "list", COLUMN_TEXT},
		{NULL},
	};
	char *text = print_table(columns,
		"[{\"name\":\"a\",\"n\":7,\"age\":1500,\"up\":true,\"list\":[\"x\",\"y\"]},"
		" {\"name\":null,\"n\":{\"p\":2,\"q\":3},\"age\":null,\"up\":false,\"list\":[]}]");

	cr_assert_str_eq(text, "NAME  N    AGE  LINK  LIST\n"
			       "a     7  1.5 s  up    x,y\n"
			       "-     5      -  down  -\n");
	free(text);
}

Test(command_view, empty, .description = "a list without entries prints the titles alone")
{
	static const struct command_column columns[] = {{"NAME", "name", COLUMN_TEXT}, {NULL}};
	char *text = print_table(columns, "[]");

	cr_assert_str_eq(text, "NAME\n");
	free(text);
}

Test(command_view, unknown, .description = "there is no view of an unknown name")
{
	cr_assert_null(command_view_find("channels"));
	cr_assert_null(command_view_find(""));
}

static const char *const names[] = {"groups", "interfaces", "ports", "outputs", "sessions",
	"workers", "queriers", "drops", "connections", "control"};

// An entry with a number of its own for each statistic, as the daemon would send it.
static json_t *make_entry(const struct command_view *view)
{
	json_t *entry = json_object();
	unsigned n = 1000;

	for (const struct stat_field *field = view->statistics; field && field->name; field++)
		json_object_set_new(entry, field->name, json_integer(++n));
	return entry;
}

static char *print_view(const struct command_view *view)
{
	json_t *result = view->single ? make_entry(view)
				      : json_pack("{s:[o]}", view->name, make_entry(view));
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	command_view_print(out, view, result);
	fclose(out);
	json_decref(result);
	return text;
}

Test(command_view, statistics,
	.description = "each statistic with a column is in the table of its object")
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct command_view *view = command_view_find(names[i]);
		unsigned n = 1000;
		char *text;

		cr_assert_not_null(view, "%s", names[i]);
		if (view->arrange != NULL) // its rows are not the entries
			continue;
		text = print_view(view);
		for (const struct stat_field *field = view->statistics; field && field->name;
			field++) {
			char value[16];

			n++;
			if (field->column == NULL)
				continue;
			cr_assert_not_null(strstr(text, field->column), "%s: no column %s",
				view->name, field->column);
			if (field->unit == STAT_MILLISECONDS)
				snprintf(value, sizeof(value), "%.1f s", n / 1000.0);
			else
				snprintf(value, sizeof(value), "%u", n);
			cr_assert_not_null(strstr(text, value), "%s: no value of %s in\n%s",
				view->name, field->name, text);
		}
		free(text);
	}
}
