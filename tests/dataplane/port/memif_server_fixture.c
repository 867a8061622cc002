// SPDX-License-Identifier: BSD-3-Clause
#include "memif_server_fixture.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

// Looks for a new client, as a writing thread does from time to time.
static void look(struct memif_served *served)
{
	struct memif_writer *writer = memif_server_writer(served->server);

	if (writer == served->writer)
		return;
	served->n_disconnected += served->writer != NULL;
	served->n_connected += writer != NULL;
	served->writer = writer;
}

void served_open(struct memif_served *served, const struct memif_server_config *config)
{
	struct memif_server_config all = config != NULL ? *config : (struct memif_server_config){0};

	*served = (struct memif_served){0};
	snprintf(served->path, sizeof(served->path), "/tmp/sluice-memif-%d.sock", getpid());
	all.path = served->path;
	cr_assert_eq(memif_server_open(&all, &served->server), 0);
}

void served_close(struct memif_served *served)
{
	memif_server_close(served->server);
	cr_expect_neq(access(served->path, F_OK), 0, "the socket's file is left");
}

void served_turn(void *arg)
{
	struct memif_served *served = arg;
	struct pollfd wait = {.fd = memif_server_fd(served->server), .events = POLLIN};

	// Like an event loop: only if there is work.
	if (poll(&wait, 1, 1) > 0)
		memif_server_process(served->server);
	look(served);
}

void served_peer(struct memif_served *served, struct memif_peer *peer)
{
	*peer = (struct memif_peer){.turn = served_turn, .arg = served};
	memif_peer_open(peer, served->path);
}

void served_attach(struct memif_served *served, struct memif_peer *peer)
{
	served_peer(served, peer);
	cr_assert_eq(memif_peer_attach(peer, NULL), MEMIF_CONNECTED);
	memif_peer_refill(peer);
}

void served_wait_disconnected(struct memif_served *served, unsigned n)
{
	const time_t until = time(NULL) + PATIENCE_S;

	while (served->n_disconnected < n) {
		cr_assert(time(NULL) < until, "the server has not noticed");
		served_turn(served);
	}
}

int served_put(struct memif_served *served, size_t len, uint8_t byte)
{
	static uint8_t bytes[1 << 17];
	const struct iovec parts[] = {{bytes, len / 2}, {bytes + len / 2, len - len / 2}};
	int rc;

	memset(bytes, byte, len);
	rc = memif_writer_put(served->writer, parts, 2);
	if (rc == 0)
		memif_writer_publish(served->writer);
	return rc;
}
