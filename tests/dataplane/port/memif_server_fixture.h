// SPDX-License-Identifier: BSD-3-Clause
// A memif server without a data plane. It runs in the thread of the test, while the test waits.
#ifndef TESTS_MEMIF_SERVER_FIXTURE_H
#define TESTS_MEMIF_SERVER_FIXTURE_H

#include "memif_peer_fixture.h"
#include "memif_server.h"

struct memif_served {
	struct memif_server *server;
	struct memif_writer *writer; // of the client that is connected
	unsigned n_connected, n_disconnected;
	char path[64];
};

// `config` may be NULL; the path is filled in.
void served_open(struct memif_served *served, const struct memif_server_config *config);
// Checks that the file of the socket is removed.
void served_close(struct memif_served *served);
void served_turn(void *served); // a turn of the event loop, for struct memif_peer too

// A peer of the server that is not attached yet.
void served_peer(struct memif_served *served, struct memif_peer *peer);
// An attached peer whose ring is full of empty buffers.
void served_attach(struct memif_served *served, struct memif_peer *peer);
// Waits until the server has noticed the end of the client.
void served_wait_disconnected(struct memif_served *served, unsigned n);
// Writes and publishes a frame of `len` bytes of value `byte`.
int served_put(struct memif_served *served, size_t len, uint8_t byte);

#endif
