// SPDX-License-Identifier: BSD-3-Clause
// sluiced: starts everything in order, waits for signals, and stops everything in reverse order.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "descriptor.h"
#include "eal.h"
#include "json_memory.h"
#include "loader.h"
#include "log.h"
#include "notify.h"
#include "parent.h"
#include "privileges.h"
#include "reload.h"
#include "sandbox.h"
#include "watchdog.h"

#define STATUS_USAGE 2

static const char usage[] = "usage: sluiced [--config FILE] [--user NAME] [--check]\n"
			    "               [--log-level error|warning|info|debug]\n"
			    "       sluiced --help | --version\n";

struct options {
	const char *file;
	const char *user; // NULL: the one that started it
	int parent; // pipe to the root parent, -1 without one
	bool check;
};

enum signal_kind { SIGNAL_TERMINATE, SIGNAL_INTERRUPT, SIGNAL_RELOAD, SIGNALS };

struct sluiced {
	const char *file;
	int parent; // pipe to the root parent, -1 without one
	struct event *orphaned;
	struct config *config;
	struct event_base *base;
	struct event *signals[SIGNALS];
	struct rpc *rpc; // NULL once it stops
	struct engine *engine;
	struct watchdog watchdog;
	struct reload reload; // zeroed unless the daemon runs
};

// ---- Signals -------------------------------------------------------------------------------

static void drained(void *arg)
{
	struct sluiced *daemon = arg;

	event_base_loopbreak(daemon->base);
}

// A second signal does not wait for the last leaves.
static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct sluiced *daemon = arg;

	(void)fd;
	(void)what;
	if (!daemon->rpc) {
		event_base_loopbreak(daemon->base);
		return;
	}
	log_info("leaving all groups");
	notify_send(NOTIFY_STOPPING);
	reload_close(&daemon->reload);
	rpc_close(daemon->rpc);
	daemon->rpc = NULL;
	engine_drain(daemon->engine, drained, daemon);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	struct sluiced *daemon = arg;

	(void)fd;
	(void)what;
	if (daemon->reload.turn)
		reload_start(&daemon->reload);
	else
		log_info("reload: not while the daemon %s", daemon->rpc ? "starts" : "ends");
}

static int watch_parent(struct sluiced *daemon, struct error *error)
{
	if (daemon->parent < 0)
		return 0;
	daemon->orphaned = event_new(daemon->base, daemon->parent, EV_READ, on_stop, daemon);
	if (!daemon->orphaned || event_add(daemon->orphaned, NULL) < 0)
		return error_set(error, ENOMEM, "parent: out of memory");
	return 0;
}

static int open_signals(struct sluiced *daemon, struct error *error)
{
	static const struct {
		int number;
		event_callback_fn fn;
	} handlers[] = {
		[SIGNAL_TERMINATE] = {SIGTERM, on_stop},
		[SIGNAL_INTERRUPT] = {SIGINT, on_stop},
		[SIGNAL_RELOAD] = {SIGHUP, on_reload},
	};

	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < SIGNALS; i++) {
		daemon->signals[i] =
			evsignal_new(daemon->base, handlers[i].number, handlers[i].fn, daemon);
		if (daemon->signals[i])
			event_priority_set(daemon->signals[i], 0);
		if (!daemon->signals[i] || event_add(daemon->signals[i], NULL) < 0)
			return error_set(error, ENOMEM, "signals: out of memory");
	}
	return watch_parent(daemon, error);
}

static void close_signals(struct sluiced *daemon)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		if (daemon->signals[i])
			event_free(daemon->signals[i]);
	if (daemon->orphaned)
		event_free(daemon->orphaned);
}

// ---- Life ----------------------------------------------------------------------------------

static void close_rpc(struct sluiced *daemon)
{
	if (daemon->rpc)
		rpc_close(daemon->rpc);
	daemon->rpc = NULL;
}

static int open_reload(struct sluiced *daemon, struct error *error)
{
	daemon->reload = (struct reload){
		.file = daemon->file,
		.config = &daemon->config,
		.base = daemon->base,
		.engine = daemon->engine,
		.rpc = daemon->rpc,
	};
	return reload_open(&daemon->reload, error);
}

static int serve(struct sluiced *daemon, int out, struct error *error)
{
	static const char ready[] = "ready\n";
	int rc = sandbox_enter(error);

	if (rc == 0)
		rc = open_reload(daemon, error);
	if (rc == 0)
		rc = rpc_serve(daemon->rpc, daemon->engine, error);
	if (rc < 0)
		return rc;
	eal_running();
	log_info("ready on %s", daemon->config->socket);
	if (write(out, ready, strlen(ready)) < 0)
		log_warning("standard output: %s", strerror(errno));
	notify_send(NOTIFY_READY);
	event_base_dispatch(daemon->base);
	return 0;
}

static int run_engine(struct sluiced *daemon, int out, struct error *error)
{
	int rc;

	daemon->engine = engine_open(daemon->config, daemon->base, error);
	if (!daemon->engine)
		return -EIO;
	rc = watchdog_open(&daemon->watchdog, daemon->base, daemon->engine, error);
	if (rc == 0) {
		rc = serve(daemon, out, error);
		reload_close(&daemon->reload);
		watchdog_close(&daemon->watchdog);
	}
	close_rpc(daemon); // its sessions live in the engine
	if (engine_close(daemon->engine) < 0) {
		// It may hold a lock that another way out would wait for.
		log_error("a worker is stalled: ended without closing the ports");
		_exit(EXIT_FAILURE);
	}
	return rc;
}

// Signals, protocol timers and queries have priority 0, everything else has priority 1. The loop
// checks for priority 0 after a few events of priority 1.
static struct event_base *new_base(void)
{
	enum { PRIORITIES = 2, EVENTS = 16 };
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (!config)
		return NULL;
	if (event_config_set_max_dispatch_interval(config, NULL, EVENTS, 1) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	if (base && event_base_priority_init(base, PRIORITIES) < 0) {
		event_base_free(base);
		base = NULL;
	}
	return base;
}

static int run(struct sluiced *daemon, int out, struct error *error)
{
	int rc;

	daemon->base = new_base();
	if (!daemon->base)
		return error_set(error, ENOMEM, "event loop: out of memory");
	rc = open_signals(daemon, error);
	if (rc < 0)
		goto close_signals;
	daemon->rpc =
		rpc_open(daemon->config->socket, &daemon->config->control, daemon->base, error);
	if (!daemon->rpc) {
		rc = -EIO;
		goto close_signals;
	}
	rc = eal_start(daemon->config, error);
	if (rc < 0)
		goto close_rpc;
	rc = run_engine(daemon, out, error);
	eal_stop();
close_rpc:
	close_rpc(daemon);
close_signals:
	close_signals(daemon);
	event_base_free(daemon->base);
	return rc;
}

// ---- Command line --------------------------------------------------------------------------

static void print_report(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "sluiced: %s\n", line);
}

// Returns false if the program ends here, with *status as its exit status.
static bool read_options(int argc, char **argv, struct options *options, int *status)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'n'},
		{"log-level", required_argument, NULL, 'l'},
		{"user", required_argument, NULL, 'u'},
		{"parent", required_argument, NULL, 'p'}, // parent.h
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	enum log_level level;
	int option;

	*status = STATUS_USAGE;
	while ((option = getopt_long(argc, argv, "c:nl:u:Vh", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->file = optarg;
			break;
		case 'n':
			options->check = true;
			break;
		case 'l':
			if (!log_level_parse(optarg, &level)) {
				fprintf(stderr, "sluiced: no log level \"%s\"\n", optarg);
				return false;
			}
			log_set_level(level);
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'p':
			options->parent = (int)strtol(optarg, NULL, 10);
			break;
		case 'V':
		case 'h':
			fputs(option == 'V' ? "sluiced " SLUICE_VERSION "\n" : usage, stdout);
			*status = EXIT_SUCCESS;
			return false;
		default:
			fputs(usage, stderr);
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "sluiced: %s: not an option\n%s", argv[optind], usage);
		return false;
	}
	return true;
}

// A descriptor that the daemon opens must not take the number of a standard stream that was closed:
// it would get what is written to that stream.
static int keep_standard_streams(struct error *error)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		// The mode makes the use of the stream fail.
		int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd)
			return error_set(error, errno, "/dev/null: %s", strerror(errno));
	}
	return 0;
}

// EAL and drivers print to standard output, which is reserved for the line "ready". Returns a
// stream for that line.
static int take_stdout(struct error *error)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), out = dup(STDOUT_FILENO);

	if (nowhere < 0 || out < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		return error_set(error, errno, "standard output: %s", strerror(errno));
	close(nowhere);
	return out;
}

static int run_configured(
	const struct options *options, struct sluiced *daemon, struct error *error)
{
	int rc = sandbox_prepare(privileges_need_bpf(daemon->config), error), out;

	if (rc == 0)
		rc = privileges_keep_needed(daemon->config, error);
	if (rc == 0 && options->parent >= 0)
		rc = parent_join(options->parent, error);
	if (rc < 0)
		return rc;
	out = take_stdout(error);
	return out < 0 ? out : run(daemon, out, error);
}

// Returns the exit status, or -errno with its text in `error`.
static int run_daemon(const struct options *options, struct error *error)
{
	struct sluiced daemon = {.file = options->file, .parent = options->parent};
	int rc = 0;

	// The heap would merge freed chunks of small sizes now and then, all at once: 100,000 of
	// them take 20 ms.
	mallopt(M_MXFAST, 0);
	json_memory_use();
	descriptor_raise_limit();
	loader_note_cpus();
	daemon.config = loader_read(options->file, true, print_report, NULL);
	if (!daemon.config)
		return EXIT_FAILURE;
	if (!options->check)
		rc = run_configured(options, &daemon, error);
	config_free(daemon.config);
	return rc;
}

// Whether this process only starts the daemon, as another user. *rc: -errno if it cannot.
static bool is_parent(const struct options *options, int *rc, struct error *error)
{
	bool needed = false;

	if (options->user && !options->check && options->parent < 0)
		*rc = parent_needed(options->user, &needed, error);
	return needed && *rc == 0;
}

int main(int argc, char **argv)
{
	struct options options = {.file = "/etc/sluice/sluiced.yaml", .parent = -1};
	struct error error;
	int status, rc = 0;

	if (!read_options(argc, argv, &options, &status))
		return status;
	rc = keep_standard_streams(&error);
	if (rc == 0 && is_parent(&options, &rc, &error))
		rc = parent_run(options.user, argv, &error);
	else if (rc == 0)
		rc = run_daemon(&options, &error);
	if (rc < 0)
		fprintf(stderr, "sluiced: %s\n", error.text);
	return rc < 0 ? EXIT_FAILURE : rc;
}
