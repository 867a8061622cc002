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

struct connection_request {
	TAILQ_ENTRY(connection_request) next;
	connection_done_fn done;
	void *arg;
};

// ---- Reading -------------------------------------------------------------------------------

static void answer(struct connection *connection, const json_t *message)
{
	const json_t *error = json_object_get(message, "error");
	const json_t *data = json_object_get(error, "data");
	struct connection_request *request;
	int rc = 0;

	if (error != NULL)
		rc = -(int)json_integer_value(json_object_get(data, "code"));
	if (error != NULL && rc >= 0)
		rc = -EPROTO; // a daemon that does not know the method
	pthread_mutex_lock(&connection->lock);
	request = TAILQ_FIRST(&connection->requests);
	if (request != NULL)
		TAILQ_REMOVE(&connection->requests, request, next);
	pthread_mutex_unlock(&connection->lock);
	if (request == NULL)
		return;
	request->done(request->arg, rc, json_object_get(message, "result"));
	free(request);
}

static void lose(struct connection *connection)
{
	struct connection_request *request;

	pthread_mutex_lock(&connection->lock);
	connection->lost = true;
	pthread_mutex_unlock(&connection->lock);
	while ((request = TAILQ_FIRST(&connection->requests)) != NULL) {
		TAILQ_REMOVE(&connection->requests, request, next);
		request->done(request->arg, -EPIPE, NULL);
		free(request);
	}
	connection->on_lost(connection->arg);
}

static void *read_all(void *arg)
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
			answer(connection, message);
		json_decref(message);
	}
	free(line);
	lose(connection);
	return NULL;
}

// ---- Life ----------------------------------------------------------------------------------

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

static int start_reader(struct connection *connection)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&connection->reader, NULL, read_all, connection);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

int connection_open(struct connection *connection, const char *path, connection_event_fn on_event,
	connection_lost_fn on_lost, void *arg)
{
	int fd = connect_to(path), rc;

	if (fd < 0)
		return fd;
	connection->in = fdopen(fd, "r");
	if (connection->in == NULL) {
		close(fd);
		return -ENOMEM;
	}
	connection->on_event = on_event;
	connection->on_lost = on_lost;
	connection->arg = arg;
	connection->lost = false;
	TAILQ_INIT(&connection->requests);
	pthread_mutex_init(&connection->lock, NULL);
	rc = start_reader(connection);
	if (rc < 0) {
		pthread_mutex_destroy(&connection->lock);
		fclose(connection->in);
	}
	return rc;
}

void connection_close(struct connection *connection)
{
	shutdown(fileno(connection->in), SHUT_RDWR);
	pthread_join(connection->reader, NULL);
	pthread_mutex_destroy(&connection->lock);
	fclose(connection->in);
}

// ---- Calls ---------------------------------------------------------------------------------

static int send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -EPIPE;
		text += n;
		len -= n;
	}
	return 0;
}

int connection_post(struct connection *connection, const char *method, json_t *params,
	connection_done_fn done, void *arg)
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
	*request = (struct connection_request){.done = done, .arg = arg};
	len = strlen(text);
	text[len++] = '\n'; // in place of the NUL
	// Sent under the lock: the order of the list is that of the wire.
	pthread_mutex_lock(&connection->lock);
	rc = connection->lost ? -EPIPE : send_all(fileno(connection->in), text, len);
	if (rc == 0)
		TAILQ_INSERT_TAIL(&connection->requests, request, next);
	pthread_mutex_unlock(&connection->lock);
	if (rc == 0)
		request = NULL;

free_all:
	free(request);
	free(text);
	return rc;
}

bool connection_is_lost(struct connection *connection)
{
	bool lost;

	pthread_mutex_lock(&connection->lock);
	lost = connection->lost;
	pthread_mutex_unlock(&connection->lock);
	return lost;
}

struct waiting {
	sem_t done;
	int rc;
	json_t **result;
};

static void wake(void *arg, int rc, const json_t *result)
{
	struct waiting *waiting = arg;

	waiting->rc = rc;
	if (rc == 0 && waiting->result != NULL)
		*waiting->result = json_incref((json_t *)result);
	sem_post(&waiting->done);
}

int connection_call(
	struct connection *connection, const char *method, json_t *params, json_t **result)
{
	struct waiting waiting = {.result = result};
	int rc;

	sem_init(&waiting.done, 0, 0);
	rc = connection_post(connection, method, params, wake, &waiting);
	if (rc == 0) {
		while (sem_wait(&waiting.done) < 0)
			;
		rc = waiting.rc;
	}
	sem_destroy(&waiting.done);
	return rc;
}
