// SPDX-License-Identifier: BSD-3-Clause
// sluice watch
#include <stdio.h>
#include <time.h>

#include "command.h"
#include "command_table.h"

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "-";
}

static void print_event(const json_t *event)
{
	const json_t *up = json_object_get(event, "up");
	const json_t *stalled = json_object_get(event, "stalled");
	time_t now = time(NULL);
	char when[32];

	strftime(when, sizeof(when), "%F %T", localtime(&now));
	if (stalled) {
		printf("%s worker lcore %" JSON_INTEGER_FORMAT " %s\n", when,
			json_integer_value(json_object_get(event, "lcore")),
			json_is_true(stalled) ? "stalled" : "runs again");
		return;
	}
	printf("%s %s %s", when, text_of(event, "event"), text_of(event, "interface"));
	if (up)
		printf(" %s\n", json_is_true(up) ? "up" : "down");
	else
		printf(" %s session %s (%" JSON_INTEGER_FORMAT ")\n", text_of(event, "group"),
			text_of(event, "session"),
			json_integer_value(json_object_get(event, "session_id")));
}

static bool show_event(void *arg, const json_t *event)
{
	const struct command_options *options = arg;

	if (options->json)
		command_table_print_json(stdout, event);
	else
		print_event(event);
	return !ferror(stdout);
}

enum exit_status command_watch(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	setlinebuf(stdout);
	return command_daemon_watch(daemon, show_event, (void *)options);
}
