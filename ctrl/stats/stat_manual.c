// SPDX-License-Identifier: BSD-3-Clause
// Copies a manual page from standard input to standard output and puts the statistics in place of
// its line "@STATISTICS@", so that the page always has exactly the fields that there are.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat_field.h"

static void print_object(const struct stat_object *object)
{
	const struct stat_field *field = object->fields;

	printf("## %s\n\n", object->method);
	for (; field->name != NULL; field++) {
		const char *unit = stat_field_unit(field);

		printf("*%s* (%s%s%s)\n\t%s.\n\n", field->name, stat_field_kind(field),
			unit != NULL ? ", " : "", unit != NULL ? unit : "", field->help);
	}
}

static void print_reasons(const char *title, const struct stat_reason *reason)
{
	printf("## %s\n\n", title);
	for (; reason->name != NULL; reason++)
		printf("*%s*\n\t%s.\n\n", reason->name, reason->help);
}

static void print_statistics(void)
{
	const struct stat_object *object = stat_objects;

	for (; object->object != NULL; object++)
		print_object(object);
	print_reasons("Drop reasons of the workers", stat_worker_drops);
	print_reasons("Drop reasons of the protocols, by interface and family", stat_host_drops);
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
