// SPDX-License-Identifier: BSD-3-Clause
#include "command_view.h"

#include <string.h>

#include "command_table.h"
#include "stat_field.h"

// The columns that are not statistics are before and after the columns of the statistics.
static const struct command_column group_before[] = {
	{"INTERFACE", "interface", COLUMN_TEXT},
	{"GROUP", "group", COLUMN_TEXT},
	{"MODE", "mode", COLUMN_TEXT},
	{"STATE", "state", COLUMN_TEXT},
	{"MEMBERS", "members", COLUMN_NUMBER},
	{NULL},
};
static const struct command_column group_after[] = {
	{"OUTPUTS", "outputs", COLUMN_TEXT},
	{"SOURCES", "sources", COLUMN_TEXT},
	{NULL},
};

static const struct command_column interface_before[] = {
	{"NAME", "name", COLUMN_TEXT},
	{"INDEX", "index", COLUMN_NUMBER},
	{"PORT", "port", COLUMN_TEXT},
	{"VLAN", "vlan", COLUMN_NUMBER},
	{"INNER", "inner_vlan", COLUMN_NUMBER},
	{"MAC", "mac", COLUMN_TEXT},
	{NULL},
};
static const struct command_column interface_after[] = {
	{"ADDRESSES", "addresses", COLUMN_TEXT},
	{NULL},
};

static const struct command_column port_before[] = {
	{"NAME", "name", COLUMN_TEXT},
	{"DRIVER", "driver", COLUMN_TEXT},
	{"LINK", "up", COLUMN_LINK},
	{"RECEIVES BY", "receive_mode", COLUMN_TEXT},
	{NULL},
};
static const struct command_column port_after[] = {
	{"DEVICE", "device", COLUMN_TEXT},
	{"WHY NOT FILTERS", "receive_mode_reason", COLUMN_TEXT},
	{NULL},
};

static const struct command_column output_before[] = {
	{"NAME", "name", COLUMN_TEXT},
	{NULL},
};

static const struct command_column session_before[] = {
	{"ID", "id", COLUMN_NUMBER},
	{"NAME", "name", COLUMN_TEXT},
	{"USER", "user", COLUMN_NUMBER},
	{"UDP PORT", "udp_port", COLUMN_NUMBER},
	{"INTERFACE", "interface", COLUMN_TEXT},
	{"GROUP", "group", COLUMN_TEXT},
	{"MODE", "mode", COLUMN_TEXT},
	{"STATE", "state", COLUMN_TEXT},
	{"JOINS", "joins", COLUMN_NUMBER},
	{NULL},
};
static const struct command_column session_after[] = {
	{"TO", "to", COLUMN_TEXT},
	{"SOURCES", "sources", COLUMN_TEXT},
	{NULL},
};

static const struct command_column worker_before[] = {
	{"LCORE", "lcore", COLUMN_NUMBER},
	{NULL},
};
static const struct command_column worker_after[] = {
	{"DROPPED", "drops", COLUMN_NUMBER},
	{NULL},
};

static const struct command_column querier_before[] = {
	{"INTERFACE", "interface", COLUMN_TEXT},
	{"FAMILY", "family", COLUMN_TEXT},
	{"QUERIER", "address", COLUMN_TEXT},
	{NULL},
};

static const struct command_column drop_before[] = {
	{"INTERFACE", "interface", COLUMN_TEXT},
	{"FAMILY", "family", COLUMN_TEXT},
	{"REASON", "reason", COLUMN_TEXT},
	{NULL},
};

static const struct command_column connection_before[] = {
	{"ID", "id", COLUMN_NUMBER},
	{"USER", "user", COLUMN_NUMBER},
	{NULL},
};

// One row per membership. A session without memberships has one row.
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

// Most reasons never occur.
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

static const struct command_view views[] = {
	{"groups", "group.list", group_before, group_after, stat_group, .in_pages = true},
	{"interfaces", "interface.list", interface_before, interface_after, stat_interface},
	{"ports", "port.list", port_before, port_after, stat_port},
	{"outputs", "output.list", output_before, NULL, stat_output},
	{"sessions", "session.list", session_before, session_after, stat_session, flatten_sessions},
	{"workers", "worker.list", worker_before, worker_after, stat_worker},
	{"queriers", "querier.list", querier_before, NULL, stat_querier},
	{"drops", "drop.list", drop_before, NULL, stat_drop, leave_out_zeros},
	{"connections", "connection.list", connection_before, NULL, stat_connection},
	{"control", "control.stats", NULL, NULL, stat_control, .single = true},
};

const struct command_view *command_view_find(const char *name)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}

static unsigned add_columns(
	struct command_column *columns, unsigned n, const struct command_column *from)
{
	for (; from && from->title && n < COMMAND_COLUMNS_MAX; from++)
		columns[n++] = *from;
	return n;
}

static unsigned add_statistics(
	struct command_column *columns, unsigned n, const struct stat_field *field)
{
	for (; field && field->name && n < COMMAND_COLUMNS_MAX; field++)
		if (field->column)
			columns[n++] = (struct command_column){field->column, field->name,
				field->unit == STAT_MILLISECONDS ? COLUMN_MS : COLUMN_NUMBER};
	return n;
}

static json_t *rows_of(const struct command_view *view, const json_t *result)
{
	const json_t *entries = json_object_get(result, view->name);

	if (view->single)
		return json_pack("[O]", result);
	return view->arrange ? view->arrange(entries) : json_incref((json_t *)entries);
}

void command_view_print(FILE *out, const struct command_view *view, const json_t *result)
{
	json_t *rows = rows_of(view, result);
	struct command_column columns[COMMAND_COLUMNS_MAX + 1];
	unsigned n = add_columns(columns, 0, view->before);

	n = add_statistics(columns, n, view->statistics);
	n = add_columns(columns, n, view->after);
	columns[n] = (struct command_column){NULL};
	command_table_print(out, columns, rows);
	json_decref(rows);
}
