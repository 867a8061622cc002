// SPDX-License-Identifier: BSD-3-Clause
#include "memif_server.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include "descriptor.h"
#include "memif_control.h"
#include "memif_socket.h"

enum {
	CLIENTS = 8, // at the same time; one of them may be connected
	TIMEOUT_MS = 2000,
	PAUSE_MS = 100, // in which no client is accepted, after descriptors ran out
	NEVER = 0,
	// The origin of an epoll event; smaller values are indexes of clients.
	LISTENER = CLIENTS,
	TIMER,
};

struct memif_client {
	int fd; // -1: unused
	uint64_t deadline_ms; // of the handshake
	struct memif_control control;
};

struct memif_server {
	struct memif_server_config config;
	struct memif_socket socket;
	int epoll_fd, timer_fd;
	struct memif_client clients[CLIENTS];
	struct memif_client *connected;
	struct memif_writer *writer; // of the connected client; the writing thread uses it
	// For the writing thread: the writer of the next client, or no_client; NULL: no change.
	_Atomic(struct memif_writer *) news;
	struct memif_writer *current; // writing thread only
	uint64_t paused_until_ms; // NEVER: it is listening
	uint64_t alarm_ms; // the time of the timer; NEVER: it is not set
	atomic_bool woken; // any thread: set, control: cleared
};

// Means for the writing thread that the client has disconnected.
static struct memif_writer no_client;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int watch(struct memif_server *server, int fd, uint32_t what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void unwatch(struct memif_server *server, int fd)
{
	epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

// ---- The writing thread --------------------------------------------------------------------

// The control thread. A writer that the writing thread has not taken still belongs to this thread.
static void tell_writer(struct memif_server *server, struct memif_writer *writer)
{
	struct memif_writer *unseen =
		atomic_exchange(&server->news, writer != NULL ? writer : &no_client);

	if (unseen != NULL && unseen != &no_client)
		memif_writer_close(unseen);
}

struct memif_writer *memif_server_writer(struct memif_server *server)
{
	struct memif_writer *news;

	if (atomic_load_explicit(&server->news, memory_order_relaxed) == NULL)
		return server->current;
	news = atomic_exchange(&server->news, NULL);
	if (server->current != NULL)
		memif_writer_close(server->current);
	server->current = news != &no_client ? news : NULL;
	return server->current;
}

// ---- Clients -------------------------------------------------------------------------------

static void drop(struct memif_server *server, struct memif_client *client)
{
	unwatch(server, client->fd);
	close(client->fd);
	client->fd = -1;
	memif_control_close(&client->control);
	if (server->connected == client) {
		server->connected = NULL;
		server->writer = NULL;
		tell_writer(server, NULL);
	}
}

static void reject(
	struct memif_server *server, struct memif_client *client, int code, const char *reason)
{
	struct memif_message message = {.type = MEMIF_DISCONNECT, .disconnect.code = code};

	strncpy(message.disconnect.reason, reason, sizeof(message.disconnect.reason) - 1);
	memif_socket_send(client->fd, &message);
	drop(server, client);
}

static struct memif_client *unused_client(struct memif_server *server)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

static int welcome(struct memif_server *server, struct memif_client *client, int fd)
{
	struct memif_message hello;

	memif_control_hello(&hello);
	if (memif_socket_send(fd, &hello) < 0 || watch(server, fd, client - server->clients) < 0)
		return -ECONNRESET;
	client->fd = fd;
	client->deadline_ms = now_ms() + server->config.timeout_ms;
	memif_control_init(&client->control, server->config.memory_max);
	return 0;
}

static void pause_listening(struct memif_server *server)
{
	unwatch(server, server->socket.fd);
	server->paused_until_ms = now_ms() + PAUSE_MS;
}

static void accept_client(struct memif_server *server)
{
	struct memif_client *client;
	struct ucred peer;
	int fd = memif_socket_accept(&server->socket, &peer);

	// The connection is still pending, and would wake the loop again at once without a pause.
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM)
		pause_listening(server);
	if (fd < 0)
		return;
	client = unused_client(server);
	if (client == NULL ||
		(server->config.allow != NULL &&
			!server->config.allow(server->config.arg, &peer)) ||
		welcome(server, client, fd) < 0)
		close(fd);
}

static void hand_over(struct memif_server *server, struct memif_client *client)
{
	server->connected = client;
	server->writer = memif_control_take_writer(&client->control);
	tell_writer(server, server->writer);
}

static void process_client(struct memif_server *server, struct memif_client *client)
{
	struct memif_packet packet;
	struct memif_message answer;
	int rc;

	if (client->fd < 0)
		return;
	rc = memif_socket_receive(client->fd, &packet);
	if (rc == -EAGAIN)
		return;
	if (rc < 0) {
		drop(server, client);
		return;
	}
	rc = memif_control_input(
		&client->control, packet.bytes, packet.len, packet.fds, packet.n_fds, &answer);
	if (rc == 0 && client->control.stage == MEMIF_UP && server->connected != NULL) {
		reject(server, client, EBUSY, "another client is connected");
		return;
	}
	// A client that has not read its few answers will not read at all.
	if (rc != -ECONNRESET && memif_socket_send(client->fd, &answer) < 0)
		rc = -ECONNRESET;
	if (rc < 0)
		drop(server, client);
	else if (client->control.stage == MEMIF_UP)
		hand_over(server, client);
}

// ---- Time ----------------------------------------------------------------------------------

static bool waits(const struct memif_server *server, const struct memif_client *client)
{
	return client->fd >= 0 && client != server->connected;
}

static void set_alarm(struct memif_server *server)
{
	uint64_t first = server->paused_until_ms;
	struct itimerspec when = {0};

	for (struct memif_client *c = server->clients; c < &server->clients[CLIENTS]; c++)
		if (waits(server, c) && (first == NEVER || c->deadline_ms < first))
			first = c->deadline_ms;
	if (first == server->alarm_ms)
		return;
	server->alarm_ms = first;
	when.it_value.tv_sec = first / 1000;
	when.it_value.tv_nsec = first % 1000 * 1000000;
	timerfd_settime(server->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void check_deadlines(struct memif_server *server)
{
	const uint64_t now = now_ms();
	uint64_t expirations;

	if (read(server->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;
	server->alarm_ms = NEVER;
	for (struct memif_client *c = server->clients; c < &server->clients[CLIENTS]; c++)
		if (waits(server, c) && c->deadline_ms <= now)
			reject(server, c, ETIMEDOUT, "the handshake takes too long");
	if (server->paused_until_ms != NEVER && server->paused_until_ms <= now &&
		watch(server, server->socket.fd, LISTENER) == 0)
		server->paused_until_ms = NEVER;
}

static void check_writer(struct memif_server *server)
{
	if (server->writer != NULL && memif_writer_is_broken(server->writer))
		reject(server, server->connected, EPROTO, "the ring holds what cannot be true");
}

void memif_server_wake(struct memif_server *server)
{
	const struct itimerspec at_once = {.it_value.tv_nsec = 1};

	atomic_store(&server->woken, true);
	timerfd_settime(server->timer_fd, 0, &at_once, NULL);
}

void memif_server_process(struct memif_server *server)
{
	struct epoll_event events[CLIENTS + 2];
	int n = epoll_wait(server->epoll_fd, events, CLIENTS + 2, 0);

	for (int i = 0; i < n; i++) {
		const uint32_t what = events[i].data.u32;

		if (what == LISTENER)
			accept_client(server);
		else if (what == TIMER)
			check_deadlines(server);
		else
			process_client(server, &server->clients[what]);
	}
	set_alarm(server);
	// After the alarm was set, because that may have replaced the alarm of memif_server_wake().
	if (atomic_exchange(&server->woken, false))
		check_writer(server);
}

// ---- Life ----------------------------------------------------------------------------------

int memif_server_fd(const struct memif_server *server)
{
	return server->epoll_fd;
}

static int open_loop(struct memif_server *server)
{
	int rc;

	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0)
		return -errno;
	server->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (server->timer_fd < 0) {
		rc = -errno;
		goto close_epoll;
	}
	rc = descriptor_is_kept(server->timer_fd) ? -EMFILE : 0;
	if (rc == 0)
		rc = watch(server, server->timer_fd, TIMER);
	if (rc == 0)
		rc = watch(server, server->socket.fd, LISTENER);
	if (rc < 0)
		goto close_timer;
	return 0;

close_timer:
	close(server->timer_fd);
close_epoll:
	close(server->epoll_fd);
	return rc;
}

int memif_server_open(const struct memif_server_config *config, struct memif_server **server)
{
	static const struct socket_file_access ours = {S_IRUSR | S_IWUSR, -1, -1};
	struct memif_server *new = calloc(1, sizeof(*new));
	int rc;

	if (new == NULL)
		return -ENOMEM;
	new->config = *config;
	if (config->memory_max == 0)
		new->config.memory_max = MEMIF_MEMORY_MAX;
	if (config->timeout_ms == 0)
		new->config.timeout_ms = TIMEOUT_MS;
	for (unsigned i = 0; i < CLIENTS; i++)
		new->clients[i].fd = -1;
	rc = memif_socket_listen(
		&new->socket, config->path, config->access != NULL ? config->access : &ours);
	if (rc < 0)
		goto free_new;
	rc = open_loop(new);
	if (rc < 0)
		goto close_socket;
	*server = new;
	return 0;

close_socket:
	memif_socket_close(&new->socket);
free_new:
	free(new);
	return rc;
}

void memif_server_close(struct memif_server *server)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (server->clients[i].fd >= 0)
			reject(server, &server->clients[i], ESHUTDOWN, "the server closes");
	memif_server_writer(server); // closes it
	memif_socket_close(&server->socket);
	close(server->timer_fd);
	close(server->epoll_fd);
	free(server);
}
