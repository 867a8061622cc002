// SPDX-License-Identifier: BSD-3-Clause
// The control socket of a real engine, on ports that receive nothing. Whatever a client sends, each
// line of the answer is a JSON-RPC response, and the server closes the connection in the end.
#include "input.h"

#include <config.h>
#include <errno.h>
#include <rpc.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "require.h"

#include <event2/event.h>
#include <jansson.h>

#define TURNS_MAX 100000

static const char configuration[] = "ports:\n"
				    "  - {name: in0, device: \"net_null0,no-rx=1\"}\n"
				    "interfaces:\n"
				    "  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n"
				    "  - {name: tv20, port: in0, vlan: 20}\n"
				    "outputs:\n"
				    "  - {name: a}\n"
				    "limits: {groups: 100, sources_per_filter: 64}\n";

static struct event_base *base;
static struct config *config; // LeakSanitizer does not look for pointers in DPDK's memory
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void complain(void *arg, const char *line)
{
	(void)arg;
	require_fail(line);
}

static void remove_socket(void)
{
	unlink(address.sun_path);
}

// Runs once for all inputs, because EAL cannot be started twice.
static void open_server(void)
{
	const char *args[] = {"fuzz", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--lcores", "0@0,1@0", "--log-level", "error"};
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE, .queues = RTE_MAX_QUEUES_PER_PORT};
	struct error error;

	REQUIRE(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
	config = config_load_text(
		"fuzz", configuration, strlen(configuration), &bounds, complain, NULL);
	base = event_base_new();
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/sluice-fuzz-%d", getpid());
	struct rpc *rpc = rpc_open(address.sun_path, &config->control, base, &error);
	REQUIRE(config && base && rpc);
	struct engine *engine = engine_open(config, base, &error);
	REQUIRE(engine);
	REQUIRE(rpc_serve(rpc, engine, &error) == 0);
	atexit(remove_socket);
}

static void check_line(const char *line, size_t len)
{
	json_t *answer = json_loadb(line, len, 0, NULL);

	REQUIRE(answer);
	json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char text[1 << 20];
	size_t sent = 0, got = 0;
	unsigned turns = 0;
	bool open = true;

	if (!base)
		open_server();
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	REQUIRE(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
	while (open) {
		ssize_t n = send(client, bytes + sent, len - sent, MSG_NOSIGNAL);

		sent += n > 0 ? n : 0;
		if (sent == len || (n < 0 && errno == EPIPE))
			shutdown(client, SHUT_WR);
		event_base_loop(base, EVLOOP_NONBLOCK);
		while ((n = recv(client, text + got, sizeof(text) - got, 0)) > 0) {
			const char *end;

			got += n;
			while ((end = memchr(text, '\n', got))) {
				check_line(text, end - text);
				got -= end + 1 - text;
				memmove(text, end + 1, got);
			}
			REQUIRE(got < sizeof(text));
		}
		open = n < 0 && errno == EAGAIN;
		REQUIRE(++turns < TURNS_MAX);
	}
	REQUIRE(got == 0);
	close(client);
	return 0;
}
