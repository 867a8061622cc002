// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"
#include "daemon_fixture.h"
#include "rpc.h"

// ---- In a thread ---------------------------------------------------------------------------

static struct {
	struct library_fixture *fixture;
	pthread_t thread;
	struct event_base *base;
	struct config *config;
	struct engine *engine;
	struct rpc *rpc;
	int stop[2];
} served;

static const char YAML[] = "lcores: {workers: [1, 2]}\n"
			   "protocol: {robustness: 1}\n"
			   "ports:\n"
			   "  - {name: in0, device: net_ring_wire0}\n"
			   "  - {name: in1, device: net_ring_wire1}\n"
			   "interfaces:\n"
			   "  - {name: tv, port: in0, addresses: [10.9.0.2/24, \"fe80::2/64\"]}\n"
			   "  - {name: tv20, port: in0, vlan: 20}\n"
			   "  - {name: other, port: in1}\n";

static void stop_loop(
	evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	event_base_loopbreak(arg);
}

static void *serve(void *arg __attribute__((unused)))
{
	struct event *stop =
		event_new(served.base, served.stop[0], EV_READ, stop_loop, served.base);

	event_add(stop, NULL);
	event_base_dispatch(served.base);
	event_free(stop);
	return NULL;
}

static void report(void *arg __attribute__((unused)), const char *line)
{
	cr_assert_fail("%s", line);
}

void daemon_start(struct library_fixture *fixture, const char *path)
{
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE, .queues = RTE_MAX_QUEUES_PER_PORT};
	struct error error;

	signal(SIGPIPE, SIG_IGN); // as sluiced does
	library_fixture_wires(fixture);
	served.fixture = fixture;
	served.config = config_load_text("test", YAML, strlen(YAML), &bounds, report, NULL);
	served.base = event_base_new();
	served.rpc = rpc_open(path, &served.config->control, served.base, &error);
	cr_assert(served.rpc != NULL, "%s", error.text);
	served.engine = engine_open(served.config, served.base, &error);
	cr_assert(served.engine != NULL, "%s", error.text);
	cr_assert_eq(rpc_serve(served.rpc, served.engine, &error), 0);
	cr_assert_eq(pipe(served.stop), 0);
	cr_assert_eq(pthread_create(&served.thread, NULL, serve, NULL), 0);
}

void daemon_stop(void)
{
	cr_assert_eq(write(served.stop[1], "", 1), 1);
	cr_assert_eq(pthread_join(served.thread, NULL), 0);
	rpc_close(served.rpc);
	library_fixture_discard(served.fixture);
	engine_close(served.engine);
	event_base_free(served.base);
	config_free(served.config);
}

// ---- In a process --------------------------------------------------------------------------

enum command_kind { COMMAND_STREAM, COMMAND_LOAD, COMMAND_UNLOAD, COMMAND_REMOVE };

struct daemon_command {
	enum command_kind kind;
	char group[48];
	uint16_t udp_port, vlan;
	unsigned n;
};

static struct library_fixture fixture;

static void put(const struct daemon_command *command, const char *group)
{
	library_fixture_put(&fixture, 0,
		&(struct frame_spec){
			.group = group,
			.source = strchr(group, ':') != NULL ? "fe80::7" : "10.0.0.7",
			.udp_port = command->udp_port,
			.tags = {command->vlan},
			.n_tags = command->vlan != 0,
			.payload_len = 100,
		});
}

static void put_some(const struct daemon_command *command)
{
	// The pool lacks frames that are not received yet.
	if (rte_ring_free_count(fixture.rx[0]) > 64 && rte_mempool_avail_count(fixture.pool) > 4096)
		for (unsigned i = 0; i < 32; i++)
			put(command, i & 1 ? command->group : "239.254.254.254");
	else
		usleep(100);
}

static void run(const struct daemon_command *command)
{
	if (command->kind == COMMAND_REMOVE)
		library_fixture_remove(&fixture, 0);
	if (command->kind == COMMAND_STREAM)
		for (unsigned i = 0; i < command->n; i++)
			put(command, command->group);
	while (!rte_ring_empty(fixture.rx[0]))
		sched_yield();
}

static void serve_commands(int commands, int done)
{
	struct daemon_command command, load = {.kind = COMMAND_UNLOAD};
	struct pollfd wait = {.fd = commands, .events = POLLIN};

	for (;;) {
		if (load.kind == COMMAND_LOAD && poll(&wait, 1, 0) == 0) {
			put_some(&load);
			continue;
		}
		if (read(commands, &command, sizeof(command)) != sizeof(command))
			return;
		if (command.kind == COMMAND_LOAD || command.kind == COMMAND_UNLOAD)
			load = command;
		if (command.kind != COMMAND_LOAD)
			run(&command);
		cr_assert_eq(write(done, "", 1), 1);
	}
}

static void wait_done(struct daemon_process *daemon)
{
	char done;

	cr_assert_eq(read(daemon->done, &done, 1), 1, "the daemon has died");
}

void daemon_fork(struct daemon_process *daemon)
{
	int commands[2], done[2];

	cr_assert(pipe(commands) == 0 && pipe(done) == 0);
	snprintf(daemon->path, sizeof(daemon->path), "/tmp/sluice-api-%d.sock", getpid());
	daemon->pid = fork();
	cr_assert_geq(daemon->pid, 0);
	close(commands[daemon->pid > 0 ? 0 : 1]);
	close(done[daemon->pid > 0 ? 1 : 0]);
	if (daemon->pid > 0) {
		daemon->commands = commands[1];
		daemon->done = done[0];
		wait_done(daemon);
		return;
	}
	library_fixture_eal();
	daemon_start(&fixture, daemon->path);
	cr_assert_eq(write(done[1], "", 1), 1);
	serve_commands(commands[0], done[1]);
	daemon_stop();
	_exit(0);
}

void daemon_end(struct daemon_process *daemon, bool orderly)
{
	char pattern[80];
	glob_t left;
	int status;

	if (!orderly)
		kill(daemon->pid, SIGKILL);
	close(daemon->commands);
	close(daemon->done);
	cr_assert_eq(waitpid(daemon->pid, &status, 0), daemon->pid);
	cr_expect(!orderly || (WIFEXITED(status) && WEXITSTATUS(status) == 0), "status %x", status);
	snprintf(pattern, sizeof(pattern), "%s*", daemon->path);
	if (glob(pattern, 0, NULL, &left) != 0)
		return;
	cr_expect(!orderly, "%s is left", left.gl_pathv[0]);
	for (size_t i = 0; i < left.gl_pathc; i++)
		unlink(left.gl_pathv[i]);
	globfree(&left);
}

static void send_command(struct daemon_process *daemon, enum command_kind kind, const char *group,
	uint16_t udp_port, uint16_t vlan, unsigned n)
{
	struct daemon_command command = {.kind = kind, .udp_port = udp_port, .vlan = vlan, .n = n};

	snprintf(command.group, sizeof(command.group), "%s", group);
	cr_assert_eq(write(daemon->commands, &command, sizeof(command)), sizeof(command));
	wait_done(daemon);
}

void daemon_stream(struct daemon_process *daemon, const char *group, uint16_t udp_port,
	uint16_t vlan, unsigned n)
{
	send_command(daemon, COMMAND_STREAM, group, udp_port, vlan, n);
}

void daemon_load(struct daemon_process *daemon, const char *group, uint16_t udp_port)
{
	send_command(daemon, COMMAND_LOAD, group, udp_port, 0, 0);
}

void daemon_unload(struct daemon_process *daemon)
{
	send_command(daemon, COMMAND_UNLOAD, "", 0, 0, 0);
}

void daemon_remove(struct daemon_process *daemon)
{
	send_command(daemon, COMMAND_REMOVE, "", 0, 0, 0);
}
