// SPDX-License-Identifier: BSD-3-Clause
// Copies a manual page from standard input to standard output and puts the statistics in place of
// its line "@STATISTICS@", so that the page always has exactly the fields that there are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat_field.h"

static const char *const kinds[] = {[STAT_COUNTER] = "counter", [STAT_GAUGE] = "gauge"};
static const char *const units[] = {
	[STAT_NUMBER] = "",
	[STAT_PACKETS] = ", packets",
	[STAT_BYTES] = ", bytes",
	[STAT_MILLISECONDS] = ", milliseconds",
};

static const struct {
	const char *name, *help;
} drops[] = {
#define DROP(symbol, name, help) {name, help},
	SLUICE_WORKER_DROPS(DROP)};

static void print_object(const struct stat_object *object)
{
	const struct stat_field *field = object->fields;

	printf("## %s\n\n", object->method);
	for (; field->name != NULL; field++)
		printf("*%s* (%s%s)\n\t%s.\n\n", field->name, kinds[field->kind],
			units[field->unit], field->help);
}

static void print_statistics(void)
{
	const struct stat_object *object = stat_objects;

	for (; object->object != NULL; object++)
		print_object(object);
	printf("## Drop reasons of the workers\n\n");
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		printf("*%s*\n\t%s.\n\n", drops[i].name, drops[i].help);
}

int main(void)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin) != NULL)
		if (strcmp(line, "@STATISTICS@\n") == 0)
			print_statistics();
		else
			fputs(line, stdout);
	return ferror(stdin) || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
