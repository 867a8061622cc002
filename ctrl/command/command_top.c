// SPDX-License-Identifier: BSD-3-Clause
// sluice top: shows the groups with the most traffic, once per second, until q is pressed.
#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define REFRESH_MS 1000
#define KEY_SIZE 128

struct row {
	const json_t *group;
	double packets, bits; // per second
};

struct sample {
	json_t *groups; // the list
	json_t *index; // "INTERFACE GROUP" -> the group's entry
	double time;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *text_of(const json_t *group, const char *key)
{
	return json_string_value(json_object_get(group, key));
}

static double number_of(const json_t *group, const char *key)
{
	return (double)json_integer_value(json_object_get(group, key));
}

static const char *key_of(const json_t *group, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%s %s", text_of(group, "interface"), text_of(group, "group"));
	return key;
}

static enum exit_status take_sample(struct command_daemon *daemon, struct sample *sample)
{
	json_t *result;
	enum exit_status status =
		command_daemon_call_pages(daemon, "group.list", "groups", json_object(), &result);
	json_t *group;
	size_t i;

	if (status != STATUS_OK)
		return status;
	sample->time = now();
	sample->groups = json_incref(json_object_get(result, "groups"));
	sample->index = json_object();
	json_decref(result);
	json_array_foreach (sample->groups, i, group) {
		char key[KEY_SIZE];

		json_object_set(sample->index, key_of(group, key), group);
	}
	return STATUS_OK;
}

static void free_sample(struct sample *sample)
{
	json_decref(sample->groups);
	json_decref(sample->index);
	*sample = (struct sample){0};
}

// The counters start at 0 again when a group is left and joined again.
static double rate(const json_t *before, const json_t *after, const char *key, double seconds)
{
	double difference = number_of(after, key) - number_of(before, key);

	return before && difference > 0 && seconds > 0 ? difference / seconds : 0;
}

static int compare(const void *a, const void *b)
{
	const struct row *one = a, *two = b;

	return (two->bits > one->bits) - (two->bits < one->bits);
}

static struct row *rank(const struct sample *before, const struct sample *after)
{
	double seconds = after->time - before->time;
	struct row *rows = calloc(json_array_size(after->groups) + 1, sizeof(*rows));
	const json_t *group;
	size_t i;

	if (!rows)
		return NULL;
	json_array_foreach (after->groups, i, group) {
		char key[KEY_SIZE];
		const json_t *old = json_object_get(before->index, key_of(group, key));

		rows[i] = (struct row){
			.group = group,
			.packets = rate(old, group, "packets", seconds),
			.bits = 8 * rate(old, group, "bytes", seconds),
		};
	}
	qsort(rows, json_array_size(after->groups), sizeof(*rows), compare);
	return rows;
}

static void draw(const struct row *rows, size_t n)
{
	double packets = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		packets += rows[i].packets;
		bits += rows[i].bits;
	}
	erase();
	mvprintw(
		0, 0, "%zu groups  %.0f packets/s  %.3f Mbit/s  (q quits)", n, packets, bits / 1e6);
	attron(A_REVERSE);
	mvprintw(1, 0, "%-12s %-39s %-8s %12s %12s %12s", "INTERFACE", "GROUP", "STATE",
		"PACKETS/S", "MBIT/S", "FILTERED");
	attroff(A_REVERSE);
	for (size_t i = 0; i < n && (int)i + 2 < LINES; i++)
		mvprintw((int)i + 2, 0, "%-12s %-39s %-8s %12.0f %12.3f %12.0f",
			text_of(rows[i].group, "interface"), text_of(rows[i].group, "group"),
			text_of(rows[i].group, "state"), rows[i].packets, rows[i].bits / 1e6,
			number_of(rows[i].group, "filtered"));
	refresh();
}

static enum exit_status refresh_until_quit(struct command_daemon *daemon)
{
	struct sample before = {0}, after;
	enum exit_status status;
	struct row *rows;

	for (;;) {
		status = take_sample(daemon, &after);
		if (status != STATUS_OK)
			break;
		rows = rank(&before, &after);
		if (rows)
			draw(rows, json_array_size(after.groups));
		free(rows);
		free_sample(&before);
		before = after;
		if (getch() == 'q')
			break;
	}
	free_sample(&before);
	return status;
}

enum exit_status command_top(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	enum exit_status status;
	SCREEN *screen;

	(void)options;
	(void)argc;
	(void)argv;
	if (!isatty(STDOUT_FILENO) || !(screen = newterm(NULL, stdout, stdin))) {
		fprintf(stderr, "sluice: top needs a terminal; `sluice show groups` does not\n");
		return STATUS_USAGE;
	}
	cbreak();
	noecho();
	curs_set(0);
	timeout(REFRESH_MS);
	status = refresh_until_quit(daemon);
	endwin();
	delscreen(screen);
	return status;
}
