// SPDX-License-Identifier: BSD-3-Clause
// sluice show
#include "command.h"
#include "command_table.h"
#include "command_view.h"
#include "connection.h"

enum exit_status command_show(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	const struct command_view *view = command_view_find(argv[0]);
	json_t *params = json_object(), *result;
	enum exit_status status;

	(void)argc;
	if (options->interface)
		params = connection_param(params, "interface", json_string(options->interface));
	if (view->in_pages)
		status = command_daemon_call_pages(
			daemon, view->method, view->name, params, &result);
	else
		status = command_daemon_call(daemon, view->method, params, &result);
	if (status != STATUS_OK)
		return status;
	if (options->json)
		command_table_print_json(stdout, result);
	else
		command_view_print(stdout, view, result);
	json_decref(result);
	return STATUS_OK;
}
