// SPDX-License-Identifier: BSD-3-Clause
// The protocol of the control socket: invalid requests get the right errors, and no client can harm
// others by what it sends or by how it reads.
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc_fixture.h"

#define VERSION "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"}"
#define CALL(method, params)                                                                       \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"

TestSuite(rpc, .init = rpc_fixture_open, .fini = rpc_fixture_close, .timeout = 300);

static void answers_still(int client)
{
	json_t *answer = rpc_fixture_ask(client, VERSION);

	cr_assert_not_null(json_object_get(json_object_get(answer, "result"), "version"));
	json_decref(answer);
}

static const struct refusal {
	const char *line;
	int code;
	const char *message;
} refusals[] = {
	{"{", -32700, NULL},
	{"\x01\x02\xff", -32700, NULL},
	{"nonsense", -32700, NULL},
	{"{\"a\":1} x", -32700, NULL},
	{"[]", -32600, NULL},
	{"{}", -32600, NULL},
	{"{\"id\":1,\"method\":\"version\"}", -32600, NULL},
	{"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"version\"}", -32600, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"version\"}", -32600, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\",\"params\":7}", -32600, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"fly\",\"method\":\"version\"}", -32700, NULL},
	{"[" VERSION, -32700, NULL},
	{"[" VERSION ",", -32700, NULL},
	{"[" VERSION ",]", -32700, NULL},
	{"[" VERSION "]]", -32700, NULL},
	{"[" VERSION ",{]", -32700, NULL},
	{"[" VERSION "}", -32700, NULL},
	{" [ ] ", -32600, NULL},
	{CALL("session.send", "{\"interface\":\"tv\",\"group\":\"10.0.0.1\"}"), -32602,
		"EINVAL: group: is not a multicast address"},
	{CALL("session.send", "{\"interface\":\"tv\",\"group\":\"239.1.1.1\",\"payload\":\"abc\"}"),
		-32602, "EINVAL: payload: has an odd number of digits"},
	{CALL("fly", "{}"), -32601, "no method \"fly\""},
	{CALL("version", "[1]"), -32602,
		"EINVAL: params: has to be an object, parameters have names"},
	{CALL("version", "{\"x\":1}"), -32602, "EINVAL: x: version has no such parameter"},
	{CALL("group.join", "{}"), -32602, "EINVAL: group: is missing"},
	{CALL("group.join", "{\"group\":7}"), -32602, "EINVAL: group: has to be a string"},
	{CALL("group.join", "{\"group\":\"x\"}"), -32602,
		"EINVAL: group: \"x\" is not an IP address"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"interface\":7}"), -32602,
		"EINVAL: interface: has to be a string"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"sources\":\"10.0.0.1\"}"), -32602,
		"EINVAL: sources: has to be a list"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"sources\":[\"10.0.0.1\",\"y\"]}"), -32602,
		"EINVAL: sources: \"y\" is not an IP address"},
	{CALL("group.join", "{\"group\":\"10.0.0.1\",\"interface\":\"tv\",\"sources\":[]}"), -32602,
		"EINVAL: group: is not a multicast group that can be joined"},
	{CALL("group.leave", "{\"group\":\"239.1.1.1\",\"sources\":[]}"), -32602,
		"EINVAL: sources: is empty, so that nothing would be left"},
	{CALL("group.block", "{\"group\":\"239.1.1.1\",\"sources\":[]}"), -32602,
		"EINVAL: sources: is missing"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"to\":[7]}"), -32602,
		"EINVAL: to: has to be a list of strings"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"session\":\"a b\"}"), -32602,
		"EINVAL: session: has to be a name or the number of a session"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"mode\":\"include\"}"), -32602,
		"EINVAL: mode: group.join has no such parameter"},
	{CALL("group.filter", "{\"group\":\"239.1.1.1\"}"), -32602,
		"EINVAL: mode: has to be \"include\" or \"exclude\""},
	{CALL("group.block", "{\"group\":\"239.1.1.1\"}"), -32602, "EINVAL: sources: is missing"},
	{CALL("session.open", "{\"udp_port\":65536}"), -32602,
		"EINVAL: udp_port: has to be a number of 0-65535"},
	{CALL("session.open", "{\"udp_port\":-1}"), -32602,
		"EINVAL: udp_port: has to be a number of 0-65535"},
	{CALL("session.open", "{\"name\":\"\"}"), -32602, "EINVAL: name: \"\" is not a name"},
	{CALL("session.close", "{}"), -32602,
		"EINVAL: session: has to be a name or the number of a session"},
	{CALL("session.close", "{\"session\":\"x\"}"), -32000, "ENOENT: no session named \"x\""},
	{CALL("session.close", "{\"session\":99}"), -32000, "ENOENT: no session 99"},
	{CALL("group.list", "{\"interface\":\"x\"}"), -32000, "ENODEV: no interface named \"x\""},
	{CALL("group.list", "{\"limit\":\"5\"}"), -32602,
		"EINVAL: limit: has to be a number of 0-4294967295"},
	{CALL("group.list", "{\"limit\":5,\"after\":7}"), -32602,
		"EINVAL: after: 7 does not continue a list of this connection"},
	{CALL("group.join", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"to\":[\"x\"]}"),
		-32000, "ENOENT: no output named \"x\""},
	{CALL("group.leave", "{\"group\":\"239.1.1.1\",\"interface\":\"tv\"}"), -32000,
		"EADDRNOTAVAIL: no session cli has joined"},
};

#define REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

Test(rpc, refusals,
	.description = "promise 8: an invalid request has its own error and changes nothing")
{
	int client = rpc_fixture_connect();

	for (size_t i = 0; i < REFUSALS; i++) {
		json_t *answer = rpc_fixture_ask(client, refusals[i].line);
		const json_t *error = json_object_get(answer, "error");
		const char *message = json_string_value(json_object_get(error, "message"));

		cr_expect_eq(json_integer_value(json_object_get(error, "code")), refusals[i].code,
			"%s", refusals[i].line);
		if (refusals[i].message)
			cr_expect_str_eq(message, refusals[i].message);
		json_decref(answer);
	}
	answers_still(client);
	close(client);
}

Test(rpc, empty_sources, .description = "a join of no source is no join of any source")
{
	int client = rpc_fixture_connect();
	json_t *answer = rpc_fixture_ask(
		client, CALL("group.join",
				"{\"group\":\"239.1.1.1\",\"interface\":\"tv\",\"sources\":[]}"));

	cr_expect_not_null(json_object_get(answer, "result"));
	json_decref(answer);
	answer = rpc_fixture_ask(client, CALL("group.list", "{}"));
	cr_expect_eq(
		json_array_size(json_object_get(json_object_get(answer, "result"), "groups")), 0);
	json_decref(answer);
	close(client);
}

Test(rpc, errno_of_an_error)
{
	int client = rpc_fixture_connect();
	json_t *error = rpc_fixture_call(client, "session.close", "{\"session\":\"x\"}");
	const json_t *data = json_object_get(error, "data");

	cr_assert_str_eq(json_string_value(json_object_get(data, "errno")), "ENOENT");
	cr_assert_eq(json_integer_value(json_object_get(data, "code")), 2);
	json_decref(error);
	close(client);
}

Test(rpc, ids_come_back)
{
	int client = rpc_fixture_connect();
	json_t *answer = rpc_fixture_ask(
		client, "{\"jsonrpc\":\"2.0\",\"id\":\"a\\u00e4\",\"method\":\"version\"}");

	cr_assert_str_eq(json_string_value(json_object_get(answer, "id")), "a\xc3\xa4");
	json_decref(answer);
	answer =
		rpc_fixture_ask(client, "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"version\"}");
	cr_assert(json_is_null(json_object_get(answer, "id")));
	cr_assert_not_null(json_object_get(answer, "result"));
	json_decref(answer);
	close(client);
}

Test(rpc, batch)
{
	int client = rpc_fixture_connect();
	// The notification and the empty line are not answered; the others are answered in order.
	json_t *answer =
		rpc_fixture_ask(client, "\n[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"},"
					"{\"jsonrpc\":\"2.0\",\"method\":\"fly\"},7,"
					"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"fly\"}]");

	cr_assert_eq(json_array_size(answer), 3);
	cr_assert_not_null(json_object_get(json_array_get(answer, 0), "result"));
	cr_assert(json_is_null(json_object_get(json_array_get(answer, 1), "id")));
	cr_assert_eq(json_integer_value(json_object_get(json_array_get(answer, 2), "id")), 2);
	json_decref(answer);
	close(client);
}

Test(rpc, notifications_are_silent_and_work)
{
	int client = rpc_fixture_connect();
	static const char lines[] =
		"{\"jsonrpc\":\"2.0\",\"method\":\"session.open\",\"params\":{\"name\":\"n\"}}\n"
		"[{\"jsonrpc\":\"2.0\",\"method\":\"fly\"}]\n";
	json_t *result;

	rpc_fixture_send(client, lines, strlen(lines));
	result = rpc_fixture_call(client, "session.list", "{}");
	cr_assert_eq(json_array_size(json_object_get(result, "sessions")), 2);
	json_decref(result);
	close(client);
}

Test(rpc, long_line, .description = "promise 8: a line without an end is refused")
{
	static char text[(1 << 20) + 10];
	int client = rpc_fixture_connect(), other = rpc_fixture_connect();
	json_t *answer;

	memset(text, ' ', sizeof(text));
	rpc_fixture_send(client, text, sizeof(text));
	answer = rpc_fixture_receive(client);
	cr_assert_eq(json_integer_value(json_object_get(json_object_get(answer, "error"), "code")),
		-32700);
	json_decref(answer);
	cr_assert_null(rpc_fixture_receive(client));
	answers_still(other);
	close(client);
	close(other);
}

Test(rpc, half_closed)
{
	int client = rpc_fixture_connect();
	json_t *answer;

	rpc_fixture_send(client, VERSION "\n", strlen(VERSION) + 1);
	shutdown(client, SHUT_WR);
	answer = rpc_fixture_receive(client);
	cr_assert_not_null(json_object_get(answer, "result"));
	json_decref(answer);
	cr_assert_null(rpc_fixture_receive(client));
	close(client);
}

Test(rpc, garbage, .description = "promise 8: no input on the control socket crashes it")
{
	unsigned seed = 1;

	for (unsigned round = 0; round < 300; round++) {
		int client = rpc_fixture_connect();
		char text[600];

		// Half of the input is damaged JSON-RPC, which reaches more code than random bytes.
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)rand_r(&seed);
		if (round % 2) {
			const char *line = refusals[rand_r(&seed) % REFUSALS].line;
			size_t len = strlen(line);

			memcpy(text, line, len);
			text[rand_r(&seed) % len] = (char)rand_r(&seed);
			text[len] = '\n';
		}
		rpc_fixture_send(client, text, sizeof(text));
		rpc_fixture_turn();
		close(client);
	}
	answers_still(rpc_fixture_connect());
}

Test(rpc, nested, .description = "promise 8: the depth of JSON is limited")
{
	static char text[200000];
	int client = rpc_fixture_connect();

	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	rpc_fixture_send(client, text, sizeof(text));
	json_decref(rpc_fixture_receive(client));
	answers_still(client);
	close(client);
}

Test(rpc, slow_reader, .description = "promise 7: a client that does not read delays no other")
{
	enum { REQUESTS = 3000 };
	static const char line[] = CALL("drop.list", "{}") "\n";
	int client = rpc_fixture_connect(), other = rpc_fixture_connect(), room = 4096;
	unsigned sent = 0;

	setsockopt(client, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	// At some point the server stops reading, because too many answers are unread.
	while (sent < REQUESTS &&
		send(client, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line)) {
		rpc_fixture_turn();
		sent++;
	}
	cr_assert_lt(sent, REQUESTS, "the server buffers without bound");
	answers_still(other);
	for (unsigned i = 0; i < sent; i++) {
		json_t *answer = rpc_fixture_receive(client);

		cr_assert_not_null(json_object_get(answer, "result"), "answer %u", i);
		json_decref(answer);
	}
	close(client);
	close(other);
}

Test(rpc, connections,
	.description =
		"promise 8: the number of clients is limited, and the first ones stay connected")
{
	enum { MAX = 1024 };
	static int clients[MAX];
	struct rlimit limit;
	const char *text;
	json_t *answer;
	int more;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 3 * MAX)
		cr_skip_test("too few open files are allowed");
	for (unsigned i = 0; i < MAX; i++) {
		clients[i] = rpc_fixture_connect();
		answers_still(clients[i]);
	}
	more = rpc_fixture_connect();
	answer = rpc_fixture_receive(more);
	cr_assert_not_null(answer, "the client is not told");
	text = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	cr_assert_not_null(strstr(text, "EMFILE: 1024 clients are connected"), "%s", text);
	json_decref(answer);
	cr_assert_null(rpc_fixture_receive(more));
	answers_still(clients[0]);
	// There is room again.
	close(clients[MAX - 1]);
	rpc_fixture_turn();
	clients[MAX - 1] = rpc_fixture_connect();
	answers_still(clients[MAX - 1]);
}
