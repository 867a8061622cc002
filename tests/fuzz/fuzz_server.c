// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz_server.h"

#include <config.h>
#include <dirent.h>
#include <log.h>
#include <rte_eal.h>
#include <rte_mempool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "require.h"

static char directory[] = "/tmp/sluice-fuzz-XXXXXX";
static struct fuzz_server *open_one;

static void complain(void *arg, const char *line)
{
	(void)arg;
	require_fail(line);
}

struct config *fuzz_server_config(const char *yaml)
{
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE, .queues = RTE_MAX_QUEUES_PER_PORT};

	return config_load_text("fuzz", yaml, strlen(yaml), &bounds, complain, NULL);
}

static void remove_files(void)
{
	unlink(open_one->control.sun_path);
	unlink(open_one->reader.sun_path);
	rmdir(directory);
}

// The worker may run on any CPU, so that it does not take the time of the other thread.
static void start_eal(void)
{
	char lcores[64];
	const char *args[] = {"fuzz", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--lcores", lcores, "--log-level", "error"};
	const long last = sysconf(_SC_NPROCESSORS_ONLN) - 1;

	snprintf(lcores, sizeof(lcores), "0@(0-%ld),1@(0-%ld)", last, last);
	REQUIRE(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
}

static void set_path(struct sockaddr_un *address, const char *name)
{
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", directory, name);
}

void fuzz_server_open(struct fuzz_server *server, const char *yaml)
{
	struct error error;

	open_one = server;
	signal(SIGPIPE, SIG_IGN); // as sluiced does
	log_set_level(LOG_LEVEL_ERROR);
	start_eal();
	REQUIRE(mkdtemp(directory) && chmod(directory, 0755) == 0);
	set_path(&server->control, "control");
	set_path(&server->reader, "reader");
	server->config = fuzz_server_config(yaml);
	server->base = event_base_new();
	REQUIRE(server->config && server->base);
	server->config->control.read_only_socket = strdup(server->reader.sun_path);
	server->rpc =
		rpc_open(server->control.sun_path, &server->config->control, server->base, &error);
	REQUIRE(server->rpc);
	server->engine = engine_open(server->config, server->base, &error);
	REQUIRE(server->engine);
	REQUIRE(rpc_serve(server->rpc, server->engine, &error) == 0);
	atexit(remove_files);
}

void fuzz_server_turn(struct fuzz_server *server)
{
	event_base_loop(server->base, EVLOOP_NONBLOCK);
}

void fuzz_server_tick(struct fuzz_server *server)
{
	event_base_loop(server->base, EVLOOP_NONBLOCK);
	engine_tick(server->engine);
}

unsigned fuzz_server_count_files(void)
{
	DIR *entries = opendir(directory);
	unsigned n = 0;

	REQUIRE(entries);
	for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
		n += entry->d_name[0] != '.';
	closedir(entries);
	return n;
}

static void add_mbufs(struct rte_mempool *pool, void *arg)
{
	*(unsigned *)arg += rte_mempool_in_use_count(pool);
}

unsigned fuzz_server_count_mbufs(void)
{
	unsigned n = 0;

	rte_mempool_walk(add_mbufs, &n);
	return n;
}
