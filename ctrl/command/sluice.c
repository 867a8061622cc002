// SPDX-License-Identifier: BSD-3-Clause
// The program sluice: turns words and options into one call of the daemon. The daemon decides.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "command_table.h"
#include "command_view.h"
#include "connection.h"

static const char usage[] =
	"usage: sluice [--socket PATH] [--json] COMMAND\n"
	"  join  GROUP [--interface IF] [--source S]... [--session NAME] [--to OUTPUT]...\n"
	"  leave GROUP [--interface IF] [--source S]... [--session NAME]\n"
	"  block|unblock GROUP SOURCE... [--interface IF] [--session NAME]\n"
	"  filter GROUP include|exclude [SOURCE...] [--interface IF] [--session NAME] [--to "
	"OUTPUT]...\n"
	"  show  "
	"groups|interfaces|ports|outputs|sessions|workers|queriers|drops|connections|control\n"
	"  watch (prints events, one per line)\n"
	"  top   (live view of the busiest groups)\n";

static const char default_socket[] = "/run/sluice/sluice.sock";

// A request that lacks a part would be another one. These functions return NULL if they fail.

static json_t *append(json_t *list, const char *text)
{
	if (json_array_append_new(list, json_string(text)) == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *texts(int n, char **words)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		list = append(list, words[i]);
	return list;
}

static json_t *set_text(json_t *params, const char *key, const char *text)
{
	return text ? connection_param(params, key, json_string(text)) : params;
}

// Takes over `sources`, which are NULL only without memory. Without any option --source there is no
// list of them: an empty one would join nothing.
static json_t *make_params(
	const struct command_options *options, const char *group, const char *mode, json_t *sources)
{
	json_t *params = set_text(json_object(), "group", group);

	params = set_text(params, "mode", mode);
	params = set_text(params, "interface", options->interface);
	params = set_text(params, "session", options->session);
	if (sources == options->sources && json_array_size(sources) == 0)
		json_decref(sources);
	else
		params = connection_param(params, "sources", sources);
	return options->to ? connection_param(params, "to", json_incref(options->to)) : params;
}

static enum exit_status no_request(void)
{
	fputs("sluice: out of memory, or a word is not UTF-8\n", stderr);
	return STATUS_REFUSED;
}

// `mode` is NULL if there is no mode.
static enum exit_status change(struct command_daemon *daemon, const struct command_options *options,
	const char *method, const char *group, const char *mode, json_t *sources)
{
	json_t *params = make_params(options, group, mode, sources), *result;
	enum exit_status status;

	if (!params)
		return no_request();
	status = command_daemon_call(daemon, method, params, &result);
	if (status != STATUS_OK)
		return status;
	if (options->json)
		command_table_print_json(stdout, result);
	json_decref(result);
	return STATUS_OK;
}

static enum exit_status join(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	(void)argc;
	return change(daemon, options, "group.join", argv[0], NULL, json_incref(options->sources));
}

static enum exit_status leave(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	(void)argc;
	return change(daemon, options, "group.leave", argv[0], NULL, json_incref(options->sources));
}

static enum exit_status block(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	return change(daemon, options, "group.block", argv[0], NULL, texts(argc - 1, argv + 1));
}

static enum exit_status unblock(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	return change(daemon, options, "group.unblock", argv[0], NULL, texts(argc - 1, argv + 1));
}

static enum exit_status filter(
	struct command_daemon *daemon, const struct command_options *options, int argc, char **argv)
{
	return change(daemon, options, "group.filter", argv[0], argv[1], texts(argc - 2, argv + 2));
}

#define OPTION_INTERFACE 1u
#define OPTION_SESSION 2u
#define OPTION_SOURCE 4u
#define OPTION_TO 8u
#define MEMBERSHIP_OPTIONS (OPTION_INTERFACE | OPTION_SESSION)

static const struct command {
	const char *name;
	command_fn run;
	int min_words, max_words;
	unsigned options;
} commands[] = {
	{"join", join, 1, 1, MEMBERSHIP_OPTIONS | OPTION_SOURCE | OPTION_TO},
	{"leave", leave, 1, 1, MEMBERSHIP_OPTIONS | OPTION_SOURCE},
	{"block", block, 2, INT_MAX, MEMBERSHIP_OPTIONS},
	{"unblock", unblock, 2, INT_MAX, MEMBERSHIP_OPTIONS},
	{"filter", filter, 2, INT_MAX, MEMBERSHIP_OPTIONS | OPTION_TO},
	{"show", command_show, 1, 1, OPTION_INTERFACE},
	{"watch", command_watch, 0, 0, 0},
	{"top", command_top, 0, 0, 0},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool is_well_formed(const struct command *command, unsigned given, int argc, char **argv)
{
	if (argc < command->min_words || argc > command->max_words || given & ~command->options)
		return false;
	if (command->run == filter)
		return strcmp(argv[1], "include") == 0 || strcmp(argv[1], "exclude") == 0;
	if (command->run == command_show)
		return command_view_find(argv[0]) && (!given || strcmp(argv[0], "groups") == 0);
	return true;
}

static enum exit_status run(
	const struct command_options *options, unsigned given, int argc, char **argv)
{
	const struct command *command = argc > 0 ? find_command(argv[0]) : NULL;
	enum exit_status status;
	struct command_daemon *daemon;

	if (!command || !is_well_formed(command, given, argc - 1, argv + 1)) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	status = command_daemon_open(options->socket, &daemon);
	if (status != STATUS_OK)
		return status;
	status = command->run(daemon, options, argc - 1, argv + 1);
	command_daemon_close(daemon);
	return status;
}

// An empty name means an empty list of outputs.
static bool add_output(struct command_options *options, const char *name)
{
	if (!options->to)
		options->to = json_array();
	if (name[0])
		options->to = append(options->to, name);
	return options->to;
}

static bool add_source(struct command_options *options, const char *source)
{
	options->sources = append(options->sources, source);
	return options->sources;
}

// Returns false if the program ends here, with *status as its exit status.
static bool read_options(int argc, char **argv, struct command_options *options, unsigned *given,
	enum exit_status *status)
{
	static const struct option known[] = {
		{"socket", required_argument, NULL, 'S'},
		{"json", no_argument, NULL, 'j'},
		{"interface", required_argument, NULL, 'i'},
		{"source", required_argument, NULL, 's'},
		{"session", required_argument, NULL, 'n'},
		{"to", required_argument, NULL, 't'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "S:ji:s:n:t:Vh", known, NULL)) != -1) {
		switch (option) {
		case 'S':
			options->socket = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		case 'i':
			options->interface = optarg;
			*given |= OPTION_INTERFACE;
			break;
		case 's':
			if (!add_source(options, optarg)) {
				*status = no_request();
				return false;
			}
			*given |= OPTION_SOURCE;
			break;
		case 'n':
			options->session = optarg;
			*given |= OPTION_SESSION;
			break;
		case 't':
			if (!add_output(options, optarg)) {
				*status = no_request();
				return false;
			}
			*given |= OPTION_TO;
			break;
		case 'V':
		case 'h':
			fputs(option == 'V' ? "sluice " SLUICE_VERSION "\n" : usage, stdout);
			*status = STATUS_OK;
			return false;
		default:
			fputs(usage, stderr);
			*status = STATUS_USAGE;
			return false;
		}
	}
	return true;
}

// The connection must not take the number of a standard stream that was closed: the daemon would
// get the output. The mode makes the use of the stream fail.
static void keep_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(STATUS_NO_OUTPUT);
}

static enum exit_status end_output(enum exit_status status)
{
	const char *why = fflush(stdout) == 0 ? "some of it is lost" : strerror(errno);

	if (!ferror(stdout))
		return status;
	fprintf(stderr, "sluice: standard output: %s\n", why);
	return status == STATUS_OK ? STATUS_NO_OUTPUT : status;
}

int main(int argc, char **argv)
{
	struct command_options options = {
		.socket = getenv("SLUICE_SOCKET"), .sources = json_array()};
	enum exit_status status;
	unsigned given = 0;

	keep_standard_streams();
	if (!options.socket)
		options.socket = default_socket;
	if (read_options(argc, argv, &options, &given, &status))
		status = run(&options, given, argc - optind, argv + optind);
	json_decref(options.sources);
	json_decref(options.to);
	return end_output(status);
}
