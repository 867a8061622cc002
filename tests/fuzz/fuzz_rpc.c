// SPDX-License-Identifier: BSD-3-Clause
// The control socket of a real engine, on ports that receive nothing. Whatever a client sends, each
// line of the answer is a JSON-RPC response, and the server closes the connection in the end.
#include "input.h"

#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz_server.h"
#include "require.h"

#define TURNS_MAX 100000

static const char configuration[] = "ports:\n"
				    "  - {name: in0, device: \"net_null0,no-rx=1\"}\n"
				    "interfaces:\n"
				    "  - {name: tv, port: in0, addresses: [10.9.0.2/24]}\n"
				    "  - {name: tv20, port: in0, vlan: 20}\n"
				    "outputs:\n"
				    "  - {name: a}\n"
				    "limits: {groups: 100, sources_per_filter: 64}\n";

static struct fuzz_server server;

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

	if (!server.base)
		fuzz_server_open(&server, configuration);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	REQUIRE(connect(client, (struct sockaddr *)&server.control, sizeof(server.control)) == 0);
	while (open) {
		ssize_t n = send(client, bytes + sent, len - sent, MSG_NOSIGNAL);

		sent += n > 0 ? n : 0;
		if (sent == len || (n < 0 && errno == EPIPE))
			shutdown(client, SHUT_WR);
		fuzz_server_turn(&server);
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
