// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "require.h"

#define ID_ROOM 64 // bytes around a request
#define NOT_YET UINT64_MAX

// ---- Connections ---------------------------------------------------------------------------

// Changes the user of this thread only: libc's functions would interrupt the worker. The kernel
// notes who connects.
static void become(uid_t uid, gid_t gid)
{
	REQUIRE(syscall(SYS_setresgid, -1, gid, -1) == 0);
	REQUIRE(syscall(SYS_setresuid, -1, uid, -1) == 0);
}

void fuzz_client_connect(struct fuzz_rpc_client *client, const struct fuzz_server *server,
	const struct fuzz_user *user)
{
	const struct sockaddr_un *address = user->read_only ? &server->reader : &server->control;
	const uid_t uid = geteuid();
	const gid_t gid = getegid();

	memset(client, 0, offsetof(struct fuzz_rpc_client, text));
	client->open = true;
	client->user = *user;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	REQUIRE(client->fd >= 0);
	if (uid == 0)
		become(user->uid, user->gid);
	REQUIRE(connect(client->fd, (const struct sockaddr *)address, sizeof(*address)) == 0);
	if (uid == 0) {
		REQUIRE(syscall(SYS_setresuid, -1, uid, -1) == 0);
		become(uid, gid);
		prctl(PR_SET_DUMPABLE, 1); // LeakSanitizer attaches to the process
	}
}

void fuzz_client_close(struct fuzz_rpc_client *client)
{
	close(client->fd);
	client->open = false;
}

void fuzz_client_shutdown(struct fuzz_rpc_client *client)
{
	client->ending = true;
	shutdown(client->fd, SHUT_WR);
}

// ---- Writing -------------------------------------------------------------------------------

bool fuzz_client_add_raw(struct fuzz_rpc_client *client, const void *bytes, size_t len)
{
	if (client->text_len + len > sizeof(client->text) - 2) // room for the end of a batch
		return false;
	memcpy(client->text + client->text_len, bytes, len);
	client->text_len += len;
	client->written += len;
	return true;
}

bool fuzz_client_add_bad_line(struct fuzz_rpc_client *client, const char *line)
{
	if (client->batch || !fuzz_client_add_raw(client, line, strlen(line)))
		return false;
	client->n_refusals++;
	return true;
}

bool fuzz_client_begin_batch(struct fuzz_rpc_client *client)
{
	if (client->batch || !fuzz_client_add_raw(client, "[", 1))
		return false;
	client->batch = true;
	client->n_in_batch = 0;
	return true;
}

void fuzz_client_end_line(struct fuzz_rpc_client *client)
{
	if (!client->batch)
		return;
	client->batch = false;
	memcpy(client->text + client->text_len, "]\n", 2);
	client->text_len += 2;
	client->written += 2;
	client->n_refusals += client->n_in_batch == 0;
	for (unsigned i = client->n_requests; i > 0 && client->requests[i - 1].line_end == NOT_YET;
		i--)
		client->requests[i - 1].line_end = client->written;
}

bool fuzz_client_ask(
	struct fuzz_rpc_client *client, const struct fuzz_request *request, const char *format, ...)
{
	char text[4096 + ID_ROOM];
	va_list args;
	int len = 0;

	if (request && client->n_requests == FUZZ_CLIENT_REQUESTS)
		return false;
	if (client->batch && client->n_in_batch > 0)
		text[len++] = ',';
	len += sprintf(text + len, "{\"jsonrpc\":\"2.0\",");
	if (request)
		len += sprintf(text + len, "\"id\":%u,", client->n_requests);
	va_start(args, format);
	len += vsnprintf(text + len, sizeof(text) - len, format, args);
	va_end(args);
	REQUIRE((size_t)len < sizeof(text) - 2);
	text[len++] = '}';
	if (!client->batch)
		text[len++] = '\n';
	if (!fuzz_client_add_raw(client, text, len))
		return false;
	client->n_in_batch++;
	if (!request)
		return true;
	client->requests[client->n_requests] = *request;
	client->requests[client->n_requests++].line_end = client->batch ? NOT_YET : client->written;
	return true;
}

void fuzz_client_send(struct fuzz_rpc_client *client, size_t max)
{
	const size_t left = client->text_len - client->sent;
	ssize_t n;

	if (left == 0 || client->ending || client->closed)
		return;
	n = send(client->fd, client->text + client->sent, left < max ? left : max, MSG_NOSIGNAL);
	REQUIRE(n > 0 || errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
	client->sent += n > 0 ? n : 0;
	client->gone += n > 0 ? n : 0;
	if (client->sent == client->text_len)
		client->sent = client->text_len = 0;
}

// ---- Reading -------------------------------------------------------------------------------

static void take_event(struct fuzz_rpc_client *client, const json_t *params)
{
	const char *event = json_string_value(json_object_get(params, "event"));

	REQUIRE(client->subscribed && event);
	client->events++;
	client->members += (strcmp(event, "pending") == 0) - (strcmp(event, "left") == 0);
	REQUIRE(strcmp(event, "dropped") != 0 ||
		json_integer_value(json_object_get(params, "count")) > 0);
}

static bool is_quota(const json_t *error)
{
	const json_t *data = json_object_get(error, "data");
	const char *name = json_string_value(json_object_get(data, "errno"));

	return name && (strcmp(name, "EDQUOT") == 0 || strcmp(name, "EMFILE") == 0);
}

static void take_answer(struct fuzz_rpc_client *client, const json_t *answer)
{
	const json_t *result = json_object_get(answer, "result");
	const json_t *error = json_object_get(answer, "error");
	const json_t *id = json_object_get(answer, "id");

	REQUIRE(id && !result != !error);
	if (json_is_integer(id) && client->n_answered < client->n_requests &&
		json_integer_value(id) == client->n_answered) {
		client->answered(client, &client->requests[client->n_answered++], result, error);
	} else if (json_is_null(id) && error && client->n_refusals > 0 && !is_quota(error)) {
		client->n_refusals--;
	} else if (json_is_null(id) && error && is_quota(error)) {
		REQUIRE(client->n_answered == 0 && !client->refused);
		client->refused = true;
	} else {
		REQUIRE(client->wild);
	}
}

static void take_message(struct fuzz_rpc_client *client, const json_t *message)
{
	const char *version = json_string_value(json_object_get(message, "jsonrpc"));

	REQUIRE(version && strcmp(version, "2.0") == 0);
	if (json_object_get(message, "method"))
		take_event(client, json_object_get(message, "params"));
	else
		take_answer(client, message);
}

static void take_line(struct fuzz_rpc_client *client, const char *text, size_t len)
{
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *message;
	size_t i;

	REQUIRE(line);
	if (json_is_array(line)) {
		REQUIRE(json_array_size(line) > 0);
		json_array_foreach (line, i, message)
			take_message(client, message);
	} else {
		take_message(client, line);
	}
	json_decref(line);
}

static void take_lines(struct fuzz_rpc_client *client)
{
	char *line = client->line, *end;
	size_t left = client->line_len;

	while ((end = memchr(line, '\n', left))) {
		take_line(client, line, end - line);
		left -= end + 1 - line;
		line = end + 1;
	}
	memmove(client->line, line, left);
	client->line_len = left;
}

// The server closes the connection after a shutdown only, and answers all complete lines before.
static void check_end(const struct fuzz_rpc_client *client)
{
	unsigned n = 0;

	REQUIRE(client->line_len == 0);
	if (client->refused)
		return;
	REQUIRE(client->ending);
	while (n < client->n_requests && client->requests[n].line_end <= client->gone)
		n++;
	REQUIRE(client->n_answered == n);
}

void fuzz_client_receive(struct fuzz_rpc_client *client, size_t max)
{
	const size_t room = sizeof(client->line) - client->line_len;
	ssize_t n;

	if (client->closed)
		return;
	REQUIRE(room > 0);
	n = recv(client->fd, client->line + client->line_len, max < room ? max : room, 0);
	REQUIRE(n >= 0 || errno == EAGAIN || errno == ECONNRESET);
	if (n > 0) {
		client->line_len += n;
		take_lines(client);
	} else if (n == 0 || errno == ECONNRESET) {
		client->closed = true;
		check_end(client);
	}
}

bool fuzz_client_is_done(const struct fuzz_rpc_client *client)
{
	return client->closed ||
	       (!client->ending && client->text_len == 0 && client->n_refusals == 0 &&
		       client->n_answered == client->n_requests);
}

void fuzz_client_forget_requests(struct fuzz_rpc_client *client)
{
	client->n_requests = client->n_answered = 0;
}
