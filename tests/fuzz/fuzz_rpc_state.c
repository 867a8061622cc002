// SPDX-License-Identifier: BSD-3-Clause
// Sequences of requests of several clients, of operators and other users, on the control sockets of
// a real engine. The input is a list of actions: a byte that selects the action, then its
// arguments. The clients write and read as much at a time as the input says. Now and then all
// requests are answered; then sessions and groups equal those of the model. At the end nothing is
// left of the clients.
#include "input.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "fuzz_model.h"
#include "fuzz_request.h"
#include "require.h"
#include "rpc_private.h"

#define TURNS_MAX 200000
#define EVERYTHING SIZE_MAX
#define RAW_BELOW 8
#define OPERATORS 2000 // a group
#define MEMORY_MARGIN (4 << 20) // bytes

#define BASE                                                                                       \
	"ports:\n"                                                                                 \
	"  - {name: in0, device: \"net_null0,no-rx=1\"}\n"                                         \
	"  - {name: out0, device: \"net_null1,no-rx=1\"}\n"                                        \
	"interfaces:\n"                                                                            \
	"  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n"                                    \
	"  - {name: tv20, port: in0, vlan: 20}\n"                                                  \
	"outputs:\n"                                                                               \
	"  - {name: a, port: out0}\n"                                                              \
	"  - {name: b}\n"

// The configurations of a reload.
static const char *const configurations[] = {
	BASE "limits: {queued_frames: 1024, groups: 8, sources_per_filter: 64}\n"
	     "control: {mode: 0666, operators: \"2000\", buffered_bytes: 1048576,\n"
	     "  quotas: {connections: 2, sessions: 3, groups: 4, sources: 8, queued_frames: 256}}\n"
	     "memberships:\n"
	     "  - {interface: tv, group: 239.1.1.1, to: [a]}\n",
	BASE "limits: {queued_frames: 1024, groups: 20, sources_per_filter: 64}\n"
	     "control: {mode: 0666, buffered_bytes: 1048576}\n"
	     "memberships:\n"
	     "  - {interface: tv, group: 239.1.1.1, to: [a, b]}\n"
	     "  - {interface: tv20, group: 232.1.1.1, sources: [10.9.0.1], to: [b]}\n",
};

static const struct fuzz_user users[] = {
	{.uid = 0},
	{.uid = 1001, .gid = 1001},
	{.uid = 1002, .gid = 1002},
	{.uid = 1003, .gid = OPERATORS},
	{.uid = 1001, .gid = 1001, .read_only = true},
};

enum rpc_action {
	ACTION_REQUEST,
	ACTION_REQUESTS, // so that most bytes are requests
	ACTION_NOTIFICATION,
	ACTION_BATCH,
	ACTION_BAD_LINE,
	ACTION_RAW,
	ACTION_SEND,
	ACTION_RECEIVE,
	ACTION_TURN,
	ACTION_CONNECT,
	ACTION_SHUTDOWN,
	ACTION_CLOSE,
	ACTION_CHECK,
	ACTION_RELOAD,
	ACTIONS,
};

static const char *const bad_lines[] = {"{\n", "nonsense\n", "[]\n", "[1,]\n", "7\n", "{}\n",
	"[{\"jsonrpc\":\"2.0\",\"method\":\"group.join\"\n",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\",\"method\":\"version\"}\n",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"} x\n",
	"{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"version\"}\n"};

static struct fuzz_server server;
static struct fuzz_model model;
static struct fuzz_rpc_client clients[FUZZ_MODEL_CLIENTS], checker;
static json_t *checked; // the answer of the checker
static unsigned configuration; // that is applied
static unsigned mbufs; // in use when the server was idle
static int free_fd; // the lowest one at the beginning of an input
static size_t memory; // bytes at the end of the first input

// ---- Clients -------------------------------------------------------------------------------

static void on_answer(struct fuzz_rpc_client *client, const struct fuzz_request *request,
	const json_t *result, const json_t *error)
{
	input_items++;
	if (request->operation == FUZZ_SUBSCRIBE)
		REQUIRE(result);
	fuzz_model_answer(&model, client - clients, request, result, error);
}

static void on_checked(struct fuzz_rpc_client *client, const struct fuzz_request *request,
	const json_t *result, const json_t *error)
{
	(void)client;
	(void)request;
	REQUIRE(result && !error);
	checked = json_incref((json_t *)result);
}

static void set_role(struct fuzz_user *user)
{
	user->operates = user->uid == geteuid() || (user->gid == OPERATORS && configuration == 0);
}

static void open_client(unsigned i, unsigned who)
{
	struct fuzz_user user = users[who % RTE_DIM(users)];

	if (geteuid() != 0)
		user.uid = geteuid();
	set_role(&user);
	fuzz_client_connect(&clients[i], &server, &user);
	clients[i].answered = on_answer;
}

// Requests that were sent but not answered may be done or not.
static void close_client(unsigned i)
{
	struct fuzz_rpc_client *client = &clients[i];

	for (unsigned k = client->n_answered; k < client->n_requests; k++) {
		fuzz_model_forget(&model, i, &client->requests[k]);
		if (client->requests[k].operation >= FUZZ_CHANGE_FIRST && !client->closed)
			fuzz_model_doubt(&model, client->requests[k].session);
	}
	fuzz_client_close(client);
	fuzz_model_end_client(&model, i);
}

static void ask(unsigned i, unsigned batch, struct input *input)
{
	struct fuzz_rpc_client *client = &clients[i];
	unsigned repeat = batch ? 1 + input_u8(input) % 16 : 1;
	struct fuzz_request request;
	char text[4096];

	fuzz_request_read(&model, client, input, &request, text, sizeof(text));
	while (repeat-- > 0) {
		if (request.operation == FUZZ_OPEN && !fuzz_request_may_open(&model, clients))
			return;
		if (!fuzz_client_ask(client, &request, "%s", text))
			return;
		fuzz_model_ask(&model, i, &request);
	}
}

static void notify(unsigned i, struct input *input)
{
	struct fuzz_rpc_client *client = &clients[i];
	struct fuzz_request request;
	char text[4096];

	fuzz_request_read(&model, client, input, &request, text, sizeof(text));
	if (!fuzz_client_ask(client, NULL, "%s", text))
		return;
	model.strangers |= request.operation == FUZZ_OPEN;
	if (request.operation >= FUZZ_CHANGE_FIRST)
		fuzz_model_doubt(&model, request.session);
}

// A line that is arbitrary, or a request with a wrong byte.
static void send_raw(struct fuzz_rpc_client *client, struct input *input)
{
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":900001,\"method\":\"group.join\","
				   "\"params\":{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}}\n";
	size_t at = input_u8(input), len = input_u8(input) % 64;
	char text[sizeof(line)];

	if (client->batch)
		return;
	model.wild = client->wild = true;
	if (at < sizeof(line) - 2) {
		memcpy(text, line, sizeof(line));
		text[at] = len;
		fuzz_client_add_raw(client, text, sizeof(line) - 1);
	} else {
		const uint8_t *bytes = input_take(input, &len);

		if (fuzz_client_add_raw(client, bytes, len))
			fuzz_client_add_raw(client, "\n", 1);
	}
}

// ---- Checks --------------------------------------------------------------------------------

static void serve(void)
{
	fuzz_server_turn(&server);
	fuzz_client_receive(&checker, EVERYTHING);
}

static json_t *check_call(const char *text)
{
	static const struct fuzz_request request = {.operation = FUZZ_READ};

	fuzz_client_forget_requests(&checker);
	REQUIRE(fuzz_client_ask(&checker, &request, "%s", text));
	fuzz_client_send(&checker, EVERYTHING);
	for (unsigned turns = 0; !fuzz_client_is_done(&checker); turns++) {
		REQUIRE(turns < TURNS_MAX);
		serve();
	}
	return checked;
}

static void finish(unsigned i)
{
	struct fuzz_rpc_client *client = &clients[i];

	fuzz_client_end_line(client);
	for (unsigned turns = 0; !fuzz_client_is_done(client); turns++) {
		REQUIRE(turns < TURNS_MAX);
		fuzz_client_send(client, EVERYTHING);
		serve();
		fuzz_client_receive(client, EVERYTHING);
	}
	if (client->closed)
		close_client(i);
	else
		fuzz_client_forget_requests(client);
}

static void check(void)
{
	json_t *sessions, *groups;

	for (unsigned i = 0; i < FUZZ_MODEL_CLIENTS; i++)
		if (clients[i].open)
			finish(i);
	for (unsigned i = 0; i < 4; i++) // closes what is left of sessions
		fuzz_server_tick(&server);
	sessions = check_call("\"method\":\"session.list\"");
	groups = check_call("\"method\":\"group.list\"");
	fuzz_model_check(
		&model, json_object_get(sessions, "sessions"), json_object_get(groups, "groups"));
	REQUIRE(checker.members == model.n_members);
	json_decref(sessions);
	json_decref(groups);
}

static void apply(unsigned i)
{
	struct config *config = fuzz_server_config(configurations[i]);
	struct engine_report report = {.tell = NULL};
	struct engine_reload *applying;
	struct error error;

	rpc_reload(server.rpc, &config->control);
	applying = engine_reload_open(server.engine, config, &report, &error);
	REQUIRE(applying);
	while (!engine_reload_some(applying))
		;
	engine_reload_close(applying);
	config_free(config);
	configuration = i;
	for (i = 0; i < FUZZ_MODEL_CLIENTS; i++)
		set_role(&clients[i].user);
}

static void reload(unsigned i)
{
	check();
	apply(i % RTE_DIM(configurations));
	fuzz_model_doubt(&model, 1); // "config"
	check();
}

// ---- Beginning and end ---------------------------------------------------------------------

static size_t memory_in_use(void)
{
	return mallinfo2().uordblks;
}

static int lowest_free_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void begin(void)
{
	fuzz_server_open(&server, configurations[0]);
	fuzz_client_connect(&checker, &server, &(struct fuzz_user){.uid = geteuid()});
	checker.answered = on_checked;
	checker.subscribed = true;
	json_decref(check_call("\"method\":\"event.subscribe\""));
	checker.members = 1; // of the configuration
	mbufs = fuzz_server_count_mbufs();
}

static void close_sessions(void)
{
	json_t *answer = check_call("\"method\":\"session.list\"");
	const json_t *session;
	char text[128];
	size_t i;

	json_array_foreach (json_object_get(answer, "sessions"), i, session) {
		snprintf(text, sizeof(text),
			"\"method\":\"session.close\",\"params\":{\"session\":%" JSON_INTEGER_FORMAT
			"}",
			json_integer_value(json_object_get(session, "id")));
		json_decref(check_call(text));
	}
	json_decref(answer);
}

static void check_leaks(void)
{
	struct sluice_control_stats stats;
	size_t now = memory_in_use();

	engine_stats_control(server.engine, &stats);
	REQUIRE(server.rpc->n_connections == 1 && server.rpc->kept == 0);
	REQUIRE(server.rpc->buffered == 0);
	REQUIRE(fuzz_server_count_files() == FUZZ_SERVER_SOCKETS);
	REQUIRE(lowest_free_fd() == free_fd);
	REQUIRE(fuzz_server_count_mbufs() == mbufs);
	if (memory == 0)
		memory = now;
	REQUIRE(now < memory + MEMORY_MARGIN);
}

static void end(void)
{
	check();
	for (unsigned i = 0; i < FUZZ_MODEL_CLIENTS; i++)
		if (clients[i].open)
			close_client(i);
	for (unsigned i = 0; i < 4; i++)
		fuzz_server_tick(&server);
	close_sessions();
	apply(0);
	fuzz_model_init(&model);
	fuzz_model_doubt(&model, 1);
	check();
	REQUIRE(model.n_members == 1);
	check_leaks();
}

// ---- Actions -------------------------------------------------------------------------------

static void act(struct input *input)
{
	const unsigned what = input_u8(input), i = what / ACTIONS % FUZZ_MODEL_CLIENTS;
	struct fuzz_rpc_client *client = &clients[i];

	if (!client->open && what % ACTIONS <= ACTION_CLOSE)
		open_client(i, input_u8(input));
	switch ((enum rpc_action)(what % ACTIONS)) {
	case ACTION_REQUEST:
	case ACTION_REQUESTS:
		ask(i, what % ACTIONS == ACTION_REQUESTS, input);
		break;
	case ACTION_NOTIFICATION:
		notify(i, input);
		break;
	case ACTION_BATCH:
		if (!fuzz_client_begin_batch(client))
			fuzz_client_end_line(client);
		break;
	case ACTION_BAD_LINE:
		fuzz_client_add_bad_line(client, bad_lines[input_u8(input) % RTE_DIM(bad_lines)]);
		break;
	case ACTION_RAW: // rarely, because the model knows nothing afterwards
		if (input_u8(input) < RAW_BELOW)
			send_raw(client, input);
		break;
	case ACTION_SEND:
		fuzz_client_send(client, 1 + input_u8(input) * 16);
		break;
	case ACTION_RECEIVE:
		fuzz_client_receive(client, 1 + input_u8(input) * 16);
		break;
	case ACTION_TURN:
	case ACTION_CONNECT:
		serve();
		break;
	case ACTION_SHUTDOWN:
		fuzz_client_shutdown(client);
		break;
	case ACTION_CLOSE:
		close_client(i);
		break;
	case ACTION_CHECK:
		check();
		break;
	case ACTION_RELOAD:
		reload(input_u8(input));
		break;
	case ACTIONS:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input input = {bytes, len};

	if (!server.base)
		begin();
	free_fd = lowest_free_fd();
	fuzz_model_init(&model);
	fuzz_model_doubt(&model, 1);
	check();
	while (input.left > 0)
		act(&input);
	end();
	return 0;
}
