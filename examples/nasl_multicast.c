// SPDX-License-Identifier: BSD-3-Clause
// Runs a NASL script that consists of the two multicast calls, and prints what each returns:
//
//	nasl-multicast 'join_multicast_group("239.1.1.1"); leave_multicast_group("239.1.1.1");'
//
// -f FILE runs it on an engine in this process with that configuration, without it on sluiced.
#include <sluice/nasl.h>
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include "example_engine.h"

typedef const struct tree_cell *nasl_fn(const char *address);

static const struct {
	const char *name;
	nasl_fn *call;
} functions[] = {
	{"join_multicast_group", join_multicast_group},
	{"leave_multicast_group", leave_multicast_group},
};

static const char *skip_space(const char *at)
{
	while (isspace((unsigned char)*at) || *at == '#')
		at += *at == '#' ? strcspn(at, "\n") : 1;
	return at;
}

static const char *expect(const char *at, char c)
{
	at = skip_space(at);
	if (*at != c)
		errx(2, "'%c' expected at: %s", c, at);
	return at + 1;
}

static const char *function_read(const char *at, nasl_fn **call)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		size_t len = strlen(functions[i].name);

		if (strncmp(at, functions[i].name, len) == 0) {
			*call = functions[i].call;
			return at + len;
		}
	}
	errx(2, "a multicast call expected at: %s", at);
}

// Reads a string in single or double quotes, or nothing.
static const char *argument_read(const char *at, char **argument)
{
	size_t len;

	at = skip_space(at);
	*argument = NULL;
	if (*at != '"' && *at != '\'')
		return at;
	len = strcspn(at + 1, *at == '"' ? "\"" : "'");
	if (at[1 + len] == '\0')
		errx(2, "a string without an end: %s", at);
	*argument = strndup(at + 1, len);
	return at + len + 2;
}

static void show(const char *call, int len, const struct tree_cell *result)
{
	if (!result)
		printf("%.*s: NULL, %s\n", len, call, nasl_last_error_text());
	else if (result == FAKE_CELL)
		printf("%.*s: FAKE_CELL\n", len, call);
	else
		printf("%.*s: %d\n", len, call, result->i_val);
}

int main(int argc, char **argv)
{
	struct sluice *sluice = NULL;
	const char *at;

	if (argc == 4 && strcmp(argv[1], "-f") == 0)
		sluice = example_engine_start(argv[2]);
	else if (argc != 2)
		errx(2, "usage: nasl-multicast [-f FILE] SCRIPT");
	sluice_nasl_attach(sluice, NULL, NULL);

	for (at = skip_space(argv[argc - 1]); *at != '\0'; at = skip_space(expect(at, ';'))) {
		const char *start = at;
		char *argument;
		nasl_fn *call;

		at = expect(function_read(at, &call), '(');
		at = expect(argument_read(at, &argument), ')');
		show(start, at - start, call(argument));
		free(argument);
	}
	sluice_nasl_detach();
	if (sluice)
		sluice_close(sluice);
	return 0;
}
