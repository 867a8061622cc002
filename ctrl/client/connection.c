// SPDX-License-Identifier: BSD-3-Clause
#include "connection.h"
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGE_ENTRIES 500 // sluiced writes that many in a few milliseconds
#define BUFFER_SIZE 16384 // bytes
#define LINE_ROOM 16384 // at first
#define PARSE_TRIES 100
#define PARSE_WAIT_US 10000

struct connection_request {
	TAILQ_ENTRY(connection_request) next;
	connection_answer_fn on_answer;
	void *arg;
};

// ---- Reading -------------------------------------------------------------------------------

// The negative errno with which sluiced refused a request.
static int refusal(const json_t *error)
{
	int code = json_integer_value(json_object_get(json_object_get(error, "data"), "code"));

	return code > 0 ? -code : -EPROTO;
}

static void finish_oldest(struct connection *connection, const json_t *message)
{
	const json_t *error = json_object_get(message, "error");
	struct connection_request *request;

	pthread_mutex_lock(&connection->lock);
	request = TAILQ_FIRST(&connection->requests);
	if (request != NULL)
		TAILQ_REMOVE(&connection->requests, request, next);
	else if (error != NULL && connection->refusal == NULL)
		connection->refusal = json_incref((json_t *)error);
	pthread_mutex_unlock(&connection->lock);
	if (request == NULL)
		return;
	if (error != NULL)
		request->on_answer(request->arg, refusal(error), error);
	else
		request->on_answer(request->arg, 0, json_object_get(message, "result"));
	free(request);
}

static int loss(const struct connection *connection)
{
	return connection->refusal != NULL ? refusal(connection->refusal) : -EPIPE;
}

static void lose(struct connection *connection)
{
	struct connection_request *request;

	pthread_mutex_lock(&connection->lock);
	connection->lost = true;
	pthread_mutex_unlock(&connection->lock);
	// No request is added after this.
	while ((request = TAILQ_FIRST(&connection->requests)) != NULL) {
		TAILQ_REMOVE(&connection->requests, request, next);
		request->on_answer(request->arg, loss(connection), connection->refusal);
		free(request);
	}
	connection->on_lost(connection->arg);
}

// jansson without memory may leave characters out of a text. sluiced writes without blanks, so that
// the length tells; where it does not, a second look has to see the same. Nothing helps if the
// closing quote is left out of a string of 15 bytes or more: jansson 2.14 then reads and writes
// beyond its memory.
static json_t *parse_once(const char *line, size_t len)
{
	json_t *message = json_loadb(line, len, 0, NULL), *again;
	bool same;

	if (message == NULL || json_dumpb(message, NULL, 0, JSON_COMPACT) + 1 == len)
		return message;
	again = json_loadb(line, len, 0, NULL);
	same = again != NULL && json_equal(message, again);
	json_decref(again);
	if (same)
		return message;
	json_decref(message);
	return NULL;
}

// sluiced writes objects only. Anything else is no matter of memory, and neither is the last line
// that is cut off where sluiced was killed.
static bool is_object(const char *line, size_t len)
{
	return len > 2 && line[0] == '{' && line[len - 2] == '}' && line[len - 1] == '\n';
}

// An answer that is not understood would be a call of which nobody knows whether it succeeded, so
// that a lack of memory is waited for to end. If it does not, the connection ends with its session.
static json_t *parse(const char *line, size_t len)
{
	json_t *message = parse_once(line, len);

	for (unsigned tried = 0; message == NULL && is_object(line, len) && tried < PARSE_TRIES;
		tried++) {
		usleep(PARSE_WAIT_US);
		message = parse_once(line, len);
	}
	return message;
}

static void *read_messages(void *arg)
{
	struct connection *connection = arg;
	ssize_t len;

	while ((len = getline(&connection->line, &connection->line_room, connection->in)) > 0) {
		json_t *message = parse(connection->line, len);

		if (message == NULL)
			break;
		if (json_object_get(message, "method") != NULL)
			connection->on_event(connection->arg, json_object_get(message, "params"));
		else
			finish_oldest(connection, message);
		json_decref(message);
	}
	lose(connection);
	return NULL;
}

// ---- Open and close ------------------------------------------------------------------------

static int connect_to(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

// The application handles signals.
static int start_reader(struct connection *connection)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&connection->reader, NULL, read_messages, connection);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

// With these the reading thread needs no memory for usual answers.
static int open_buffers(struct connection *connection)
{
	connection->buffer = malloc(BUFFER_SIZE);
	connection->line = malloc(LINE_ROOM);
	if (connection->buffer == NULL || connection->line == NULL)
		return -ENOMEM;
	connection->line_room = LINE_ROOM;
	setvbuf(connection->in, connection->buffer, _IOFBF, BUFFER_SIZE);
	return 0;
}

static void close_in(struct connection *connection)
{
	fclose(connection->in);
	free(connection->buffer);
	free(connection->line);
}

int connection_open(struct connection *connection, const char *path, connection_event_fn on_event,
	connection_lost_fn on_lost, void *arg)
{
	int fd = connect_to(path), rc;

	if (fd < 0)
		return fd;
	*connection = (struct connection){.on_event = on_event, .on_lost = on_lost, .arg = arg};
	connection->in = fdopen(fd, "r");
	if (connection->in == NULL) {
		close(fd);
		return -ENOMEM;
	}
	rc = open_buffers(connection);
	if (rc < 0)
		goto close_in;
	TAILQ_INIT(&connection->requests);
	pthread_mutex_init(&connection->lock, NULL);
	rc = start_reader(connection);
	if (rc == 0)
		return 0;
	pthread_mutex_destroy(&connection->lock);
close_in:
	close_in(connection);
	return rc;
}

void connection_stop(struct connection *connection)
{
	if (connection->stopped)
		return;
	shutdown(fileno(connection->in), SHUT_RDWR);
	pthread_join(connection->reader, NULL);
	connection->stopped = true;
}

void connection_close(struct connection *connection)
{
	connection_stop(connection);
	pthread_mutex_destroy(&connection->lock);
	close_in(connection);
	json_decref(connection->refusal);
}

bool connection_is_lost(struct connection *connection)
{
	bool lost;

	pthread_mutex_lock(&connection->lock);
	lost = connection->lost;
	pthread_mutex_unlock(&connection->lock);
	return lost;
}

// ---- Requests ------------------------------------------------------------------------------

static bool send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

// Under the lock, so that the list has the order of the wire.
static int send_request(struct connection *connection, struct connection_request *request,
	const char *text, size_t len)
{
	if (connection->lost)
		return loss(connection);
	// sluiced closed the connection in the middle of the line. Earlier answers, perhaps also
	// this one, can still be read; no other request may follow half a line.
	if (!send_all(fileno(connection->in), text, len))
		shutdown(fileno(connection->in), SHUT_WR);
	TAILQ_INSERT_TAIL(&connection->requests, request, next);
	return 0;
}

json_t *connection_param(json_t *params, const char *name, json_t *value)
{
	if (json_object_set_new(params, name, value) == 0)
		return params;
	json_decref(params);
	return NULL;
}

// NULL without memory. json_dumps() may leave parts out then and not tell.
static char *write_line(const json_t *message, size_t *len)
{
	size_t size = json_dumpb(message, NULL, 0, JSON_COMPACT);
	char *text = size > 0 ? malloc(size + 1) : NULL;

	if (text != NULL && json_dumpb(message, text, size, JSON_COMPACT) == size) {
		text[size] = '\n';
		*len = size + 1;
		return text;
	}
	free(text);
	return NULL;
}

int connection_post(struct connection *connection, const char *method, json_t *params,
	connection_answer_fn on_answer, void *arg)
{
	struct connection_request *request = malloc(sizeof(*request));
	json_t *message = params == NULL ? NULL
					 : json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id",
						   0, "method", method, "params", params);
	size_t len;
	char *text = write_line(message, &len);
	int rc = -ENOMEM;

	json_decref(message);
	if (request == NULL || text == NULL)
		goto free_all;
	*request = (struct connection_request){.on_answer = on_answer, .arg = arg};
	pthread_mutex_lock(&connection->lock);
	rc = send_request(connection, request, text, len);
	pthread_mutex_unlock(&connection->lock);
	if (rc == 0)
		request = NULL;

free_all:
	free(request);
	free(text);
	return rc;
}

struct waiting {
	sem_t answered;
	int rc;
	json_t **result;
	struct sluice_error *error;
};

static void set_text(struct sluice_error *error, int rc, const json_t *body)
{
	const char *message = json_string_value(json_object_get(body, "message"));

	if (error != NULL)
		snprintf(error->text, sizeof(error->text), "%s",
			message != NULL ? message : strerror(-rc));
}

static void keep_answer(void *arg, int rc, const json_t *body)
{
	struct waiting *waiting = arg;

	waiting->rc = rc;
	if (rc == 0 && waiting->result != NULL)
		*waiting->result = json_incref((json_t *)body);
	if (rc < 0)
		set_text(waiting->error, rc, body);
	sem_post(&waiting->answered);
}

int connection_call(struct connection *connection, const char *method, json_t *params,
	json_t **result, struct sluice_error *error)
{
	struct waiting waiting = {.result = result, .error = error};
	int rc;

	sem_init(&waiting.answered, 0, 0);
	rc = connection_post(connection, method, params, keep_answer, &waiting);
	if (rc == 0) {
		while (sem_wait(&waiting.answered) < 0)
			;
		rc = waiting.rc;
	} else {
		// Constant once the connection is lost.
		set_text(error, rc, connection_is_lost(connection) ? connection->refusal : NULL);
	}
	sem_destroy(&waiting.answered);
	return rc;
}

int connection_call_pages(struct connection *connection, const char *method, const char *list,
	json_t *params, json_t **result, struct sluice_error *error)
{
	json_t *entries = json_array(), *page, *after;
	int rc;

	params = connection_param(params, "limit", json_integer(PAGE_ENTRIES));
	do {
		rc = connection_call(connection, method, json_incref(params), &page, error);
		if (rc < 0)
			break;
		if (json_array_extend(entries, json_object_get(page, list)) < 0)
			rc = -ENOMEM;
		after = json_incref(json_object_get(page, "after"));
		json_decref(page);
		if (after != NULL)
			params = connection_param(params, "after", after);
	} while (rc == 0 && after != NULL);
	json_decref(params);
	if (rc == 0)
		*result = json_pack("{s:O}", list, entries);
	json_decref(entries);
	if (rc == 0 && *result == NULL)
		rc = -ENOMEM;
	if (rc == -ENOMEM)
		set_text(error, rc, NULL);
	return rc;
}
