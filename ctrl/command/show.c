// SPDX-License-Identifier: BSD-3-Clause
// sluice show and sluice watch.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "stat_field.h"
#include "table.h"

// The columns that are no statistics, before and after those.
static const struct table_column group_before[] = {
	{"INTERFACE", "interface", TABLE_TEXT},
	{"GROUP", "group", TABLE_TEXT},
	{"MODE", "mode", TABLE_TEXT},
	{"STATE", "state", TABLE_TEXT},
	{"MEMBERS", "members", TABLE_NUMBER},
	{NULL},
};
static const struct table_column group_after[] = {
	{"OUTPUTS", "outputs", TABLE_TEXT},
	{"SOURCES", "sources", TABLE_TEXT},
	{NULL},
};

static const struct table_column interface_before[] = {
	{"NAME", "name", TABLE_TEXT},
	{"INDEX", "index", TABLE_NUMBER},
	{"PORT", "port", TABLE_TEXT},
	{"VLAN", "vlan", TABLE_NUMBER},
	{"INNER", "inner_vlan", TABLE_NUMBER},
	{"MAC", "mac", TABLE_TEXT},
	{NULL},
};
static const struct table_column interface_after[] = {
	{"ADDRESSES", "addresses", TABLE_TEXT},
	{NULL},
};

static const struct table_column port_before[] = {
	{"NAME", "name", TABLE_TEXT},
	{"DRIVER", "driver", TABLE_TEXT},
	{"LINK", "up", TABLE_LINK},
	{"RECEIVES BY", "receive_mode", TABLE_TEXT},
	{NULL},
};
static const struct table_column port_after[] = {
	{"DEVICE", "device", TABLE_TEXT},
	{"WHY NOT FILTERS", "receive_mode_reason", TABLE_TEXT},
	{NULL},
};

static const struct table_column output_before[] = {
	{"NAME", "name", TABLE_TEXT},
	{NULL},
};

static const struct table_column session_before[] = {
	{"ID", "id", TABLE_NUMBER},
	{"NAME", "name", TABLE_TEXT},
	{"UDP PORT", "udp_port", TABLE_NUMBER},
	{"INTERFACE", "interface", TABLE_TEXT},
	{"GROUP", "group", TABLE_TEXT},
	{"MODE", "mode", TABLE_TEXT},
	{"STATE", "state", TABLE_TEXT},
	{"JOINS", "joins", TABLE_NUMBER},
	{"TO", "to", TABLE_TEXT},
	{"SOURCES", "sources", TABLE_TEXT},
	{NULL},
};

static const struct table_column worker_before[] = {
	{"LCORE", "lcore", TABLE_NUMBER},
	{NULL},
};
static const struct table_column worker_after[] = {
	{"DROPPED", "drops", TABLE_NUMBER},
	{NULL},
};

static const struct table_column querier_before[] = {
	{"INTERFACE", "interface", TABLE_TEXT},
	{"FAMILY", "family", TABLE_TEXT},
	{"QUERIER", "address", TABLE_TEXT},
	{NULL},
};

static const struct table_column drop_before[] = {
	{"INTERFACE", "interface", TABLE_TEXT},
	{"FAMILY", "family", TABLE_TEXT},
	{"REASON", "reason", TABLE_TEXT},
	{NULL},
};

// A row a membership, a session without any has one of its own.
static json_t *flatten_sessions(const json_t *sessions)
{
	const json_t *session, *membership;
	json_t *rows = json_array();
	size_t i, j;

	json_array_foreach (sessions, i, session) {
		const json_t *memberships = json_object_get(session, "memberships");

		if (json_array_size(memberships) == 0)
			json_array_append(rows, (json_t *)session);
		json_array_foreach (memberships, j, membership) {
			json_t *row = json_copy((json_t *)session);

			json_object_update(row, (json_t *)membership);
			json_array_append_new(rows, row);
		}
	}
	return rows;
}

// Of the many reasons, people want those that happened.
static json_t *leave_out_zeros(const json_t *drops)
{
	json_t *rows = json_array();
	const json_t *drop;
	size_t i;

	json_array_foreach (drops, i, drop)
		if (json_integer_value(json_object_get(drop, "count")) > 0)
			json_array_append(rows, (json_t *)drop);
	return rows;
}

static const struct view {
	const char *name; // of the list, too
	const char *method;
	const struct table_column *before, *after; // NULL: none
	const struct stat_field *statistics; // NULL: none
	json_t *(*arrange)(const json_t *entries); // NULL: as they come
	bool in_pages; // the method can give it so
} views[] = {
	{"groups", "group.list", group_before, group_after, stat_group, .in_pages = true},
	{"interfaces", "interface.list", interface_before, interface_after, stat_interface},
	{"ports", "port.list", port_before, port_after, stat_port},
	{"outputs", "output.list", output_before, NULL, stat_output},
	{"sessions", "session.list", session_before, NULL, NULL, flatten_sessions},
	{"workers", "worker.list", worker_before, worker_after, stat_worker},
	{"queriers", "querier.list", querier_before, NULL, stat_querier},
	{"drops", "drop.list", drop_before, NULL, stat_drop, leave_out_zeros},
};

static const struct view *find_view(const char *name)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}

bool sluice_can_show(const char *what)
{
	return find_view(what) != NULL;
}

static unsigned add_columns(
	struct table_column *columns, unsigned n, const struct table_column *from)
{
	for (; from && from->title && n < TABLE_COLUMNS_MAX; from++)
		columns[n++] = *from;
	return n;
}

static unsigned add_statistics(
	struct table_column *columns, unsigned n, const struct stat_field *field)
{
	for (; field && field->name && n < TABLE_COLUMNS_MAX; field++)
		if (field->column)
			columns[n++] = (struct table_column){field->column, field->name,
				field->unit == STAT_MILLISECONDS ? TABLE_MS : TABLE_NUMBER};
	return n;
}

static void print_table(const struct view *view, const json_t *result)
{
	const json_t *entries = json_object_get(result, view->name);
	json_t *rows = view->arrange ? view->arrange(entries) : json_incref((json_t *)entries);
	struct table_column columns[TABLE_COLUMNS_MAX + 1];
	unsigned n = add_columns(columns, 0, view->before);

	n = add_statistics(columns, n, view->statistics);
	n = add_columns(columns, n, view->after);
	columns[n] = (struct table_column){NULL};
	table_print(stdout, columns, rows);
	json_decref(rows);
}

enum exit_status sluice_show(
	struct daemon *daemon, const struct sluice_options *options, int argc, char **argv)
{
	const struct view *view = find_view(argv[0]);
	json_t *params = json_object(), *result;
	enum exit_status status;

	(void)argc;
	if (options->interface)
		json_object_set_new(params, "interface", json_string(options->interface));
	if (view->in_pages)
		status = daemon_call_pages(daemon, view->method, view->name, params, &result);
	else
		status = daemon_call(daemon, view->method, params, &result);
	if (status != STATUS_OK)
		return status;
	if (options->json)
		table_print_json(stdout, result);
	else
		print_table(view, result);
	json_decref(result);
	return STATUS_OK;
}

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "-";
}

static void print_event(const json_t *event)
{
	const json_t *up = json_object_get(event, "up");
	time_t now = time(NULL);
	char when[32];

	strftime(when, sizeof(when), "%F %T", localtime(&now));
	printf("%s %s %s", when, text_of(event, "event"), text_of(event, "interface"));
	if (up)
		printf(" %s\n", json_is_true(up) ? "up" : "down");
	else
		printf(" %s session %s (%" JSON_INTEGER_FORMAT ")\n", text_of(event, "group"),
			text_of(event, "session"),
			json_integer_value(json_object_get(event, "session_id")));
}

static void show_event(void *arg, const json_t *event)
{
	const struct sluice_options *options = arg;

	if (options->json)
		table_print_json(stdout, event);
	else
		print_event(event);
}

enum exit_status sluice_watch(
	struct daemon *daemon, const struct sluice_options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	setlinebuf(stdout);
	return daemon_watch(daemon, show_event, (void *)options);
}
