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

static void *read_messages(void *arg)
{
	struct connection *connection = arg;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, connection->in)) > 0) {
		json_t *message = json_loadb(line, len, 0, NULL);

		if (message == NULL)
			break;
		if (json_object_get(message, "method") != NULL)
			connection->on_event(connection->arg, json_object_get(message, "params"));
		else
			finish_oldest(connection, message);
		json_decref(message);
	}
	free(line);
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
	TAILQ_INIT(&connection->requests);
	pthread_mutex_init(&connection->lock, NULL);
	rc = start_reader(connection);
	if (rc < 0) {
		pthread_mutex_destroy(&connection->lock);
		fclose(connection->in);
	}
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
	fclose(connection->in);
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

int connection_post(struct connection *connection, const char *method, json_t *params,
	connection_answer_fn on_answer, void *arg)
{
	struct connection_request *request = malloc(sizeof(*request));
	json_t *message = params == NULL ? NULL
					 : json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id",
						   0, "method", method, "params", params);
	char *text = message != NULL ? json_dumps(message, JSON_COMPACT) : NULL;
	int rc = -ENOMEM;
	size_t len;

	json_decref(message);
	if (request == NULL || text == NULL)
		goto free_all;
	*request = (struct connection_request){.on_answer = on_answer, .arg = arg};
	len = strlen(text);
	text[len++] = '\n'; // in place of the terminating zero
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

	json_object_set_new(params, "limit", json_integer(PAGE_ENTRIES));
	do {
		rc = connection_call(connection, method, json_copy(params), &page, error);
		if (rc < 0)
			break;
		json_array_extend(entries, json_object_get(page, list));
		after = json_incref(json_object_get(page, "after"));
		json_decref(page);
		if (after != NULL)
			json_object_set_new(params, "after", after);
	} while (after != NULL);
	json_decref(params);
	if (rc == 0)
		*result = json_pack("{s:O}", list, entries);
	json_decref(entries);
	return rc;
}
