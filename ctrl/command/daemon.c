// SPDX-License-Identifier: BSD-3-Clause
#include "daemon.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGE_ENTRIES 500 // what a daemon tells in a few milliseconds

struct daemon {
	const char *path;
	FILE *in;
	char *line; // getline()'s
	size_t room;
};

static enum exit_status no_daemon(const char *path, const char *why)
{
	fprintf(stderr, "sluice: no daemon answers on %s: %s\n", path, why);
	return STATUS_NO_DAEMON;
}

enum exit_status daemon_open(const char *path, struct daemon **daemon)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct daemon *new;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return no_daemon(path, strerror(ENAMETOOLONG));
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return no_daemon(path, strerror(errno));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		goto close_fd;
	new = calloc(1, sizeof(*new));
	if (!new)
		goto close_fd;
	new->path = path;
	new->in = fdopen(fd, "r");
	if (!new->in)
		goto free_daemon;
	*daemon = new;
	return STATUS_OK;

free_daemon:
	free(new);
close_fd:
	no_daemon(path, strerror(errno));
	close(fd);
	return STATUS_NO_DAEMON;
}

void daemon_close(struct daemon *daemon)
{
	fclose(daemon->in);
	free(daemon->line);
	free(daemon);
}

static bool send_all(struct daemon *daemon, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fileno(daemon->in), text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static enum exit_status receive(struct daemon *daemon, json_t **message)
{
	ssize_t len = getline(&daemon->line, &daemon->room, daemon->in);
	json_error_t error;

	if (len < 0)
		return no_daemon(daemon->path, ferror(daemon->in) ? strerror(errno) : "it hung up");
	*message = json_loadb(daemon->line, (size_t)len, 0, &error);
	if (*message)
		return STATUS_OK;
	fprintf(stderr, "sluice: the answer is not JSON: %s\n", error.text);
	return STATUS_REFUSED;
}

static enum exit_status take_result(json_t *answer, json_t **result)
{
	json_t *error = json_object_get(answer, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	if (error) {
		fprintf(stderr, "sluice: %s\n", message ? message : "refused");
		return STATUS_REFUSED;
	}
	*result = json_incref(json_object_get(answer, "result"));
	return STATUS_OK;
}

enum exit_status daemon_call(
	struct daemon *daemon, const char *method, json_t *params, json_t **result)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method",
		method, "params", params);
	char *text = json_dumps(request, JSON_COMPACT);
	enum exit_status status;
	json_t *answer;

	json_decref(request);
	if (!text) {
		fprintf(stderr, "sluice: an argument is not UTF-8\n");
		return STATUS_USAGE;
	}
	// A daemon that goes away mid-sentence shows in what is read next.
	if (send_all(daemon, text, strlen(text)))
		send_all(daemon, "\n", 1);
	free(text);
	status = receive(daemon, &answer);
	if (status != STATUS_OK)
		return status;
	status = take_result(answer, result);
	json_decref(answer);
	return status;
}

enum exit_status daemon_call_pages(struct daemon *daemon, const char *method, const char *list,
	json_t *params, json_t **result)
{
	json_t *entries = json_array(), *page, *after;
	enum exit_status status;

	json_object_set_new(params, "limit", json_integer(PAGE_ENTRIES));
	do {
		status = daemon_call(daemon, method, json_copy(params), &page);
		if (status != STATUS_OK)
			break;
		json_array_extend(entries, json_object_get(page, list));
		after = json_incref(json_object_get(page, "after"));
		json_decref(page);
		if (after)
			json_object_set_new(params, "after", after);
	} while (after);
	json_decref(params);
	if (status == STATUS_OK)
		*result = json_pack("{s:O}", list, entries);
	json_decref(entries);
	return status;
}

enum exit_status daemon_event(struct daemon *daemon, json_t **event)
{
	json_t *message;
	enum exit_status status = receive(daemon, &message);

	if (status == STATUS_OK) {
		*event = json_incref(json_object_get(message, "params"));
		json_decref(message);
	}
	return status;
}
