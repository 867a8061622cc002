// SPDX-License-Identifier: BSD-3-Clause
#include "rpc_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "rpc.h"

static const char configuration[] =
	"protocol: {unsolicited_report_interval: 1000}\n" // leaving takes long
	"ports:\n"
	"  - {name: in0, device: \"net_null0,no-rx=1\"}\n"
	"  - {name: out0, device: \"net_null1,no-rx=1\"}\n"
	"interfaces:\n"
	"  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n"
	"  - {name: tv20, port: in0, vlan: 20}\n"
	"outputs:\n"
	"  - {name: a, port: out0}\n"
	"  - {name: b}\n"
	"limits: {groups: 100, sources_per_filter: 64}\n";

static struct config *config;
static struct event_base *base;
static struct engine *engine;
static struct rpc *rpc;
static char directory[] = "/tmp/sluice-rpc-XXXXXX";
static char path[64];

static void complain(void *arg, const char *line)
{
	(void)arg;
	cr_assert_fail("%s", line);
}

void rpc_fixture_open(void)
{
	const struct config_bounds bounds = {
		.lcores = RTE_MAX_LCORE, .queues = RTE_MAX_QUEUES_PER_PORT};
	const char *args[] = {"test", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--lcores", "0@0,1@0", "--log-level", "error"};
	struct error error;

	cr_assert(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
	config = config_load_text(
		"fixture", configuration, strlen(configuration), &bounds, complain, NULL);
	base = event_base_new();
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	rpc = rpc_open(path, &config->control, base, &error);
	cr_assert_not_null(rpc, "%s", error.text);
	engine = engine_open(config, base, &error);
	cr_assert_not_null(engine, "%s", error.text);
	cr_assert_eq(rpc_serve(rpc, engine, &error), 0, "%s", error.text);
}

void rpc_fixture_close(void)
{
	rpc_close(rpc);
	engine_close(engine);
	event_base_free(base);
	config_free(config);
	rmdir(directory);
	rte_eal_cleanup();
}

int rpc_fixture_connect(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	cr_assert_eq(connect(client, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return client;
}

void rpc_fixture_send(int client, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(client, text, len, MSG_NOSIGNAL);

		// If the server hangs up, the caller's read fails.
		if (n < 0 && errno == EPIPE)
			return;
		cr_assert(n > 0 || errno == EAGAIN, "send: %s", strerror(errno));
		if (n < 0) {
			event_base_loop(base, EVLOOP_ONCE);
			continue;
		}
		text += n;
		len -= (size_t)n;
	}
}

json_t *rpc_fixture_receive(int client)
{
	static char line[1 << 20];
	size_t len = 0;
	json_error_t error;
	json_t *message;

	// Byte by byte, so that nothing has to be kept for the next call.
	while (len == 0 || line[len - 1] != '\n') {
		ssize_t n = recv(client, line + len, 1, 0);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return NULL;
		if (n < 0)
			event_base_loop(base, EVLOOP_ONCE);
		else
			len++;
		cr_assert_lt(len, sizeof(line));
	}
	message = json_loadb(line, len, 0, &error);
	cr_assert_not_null(message, "%s: %.*s", error.text, (int)len, line);
	return message;
}

void rpc_fixture_turn(void)
{
	for (unsigned i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_ONCE);
}

json_t *rpc_fixture_ask(int client, const char *line)
{
	rpc_fixture_send(client, line, strlen(line));
	rpc_fixture_send(client, "\n", 1);
	return rpc_fixture_receive(client);
}

json_t *rpc_fixture_call(int client, const char *method, const char *params)
{
	char line[4096];
	json_t *answer, *result;

	snprintf(line, sizeof(line),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
	answer = rpc_fixture_ask(client, line);
	cr_assert_eq(json_integer_value(json_object_get(answer, "id")), 1);
	result = json_object_get(answer, "result");
	if (!result)
		result = json_object_get(answer, "error");
	cr_assert_not_null(result);
	json_incref(result);
	json_decref(answer);
	return result;
}
