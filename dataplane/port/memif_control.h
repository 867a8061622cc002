// SPDX-License-Identifier: BSD-3-Clause
// The server side of the handshake with one client: processes messages and file descriptors, and
// returns answers. No socket, no clock, no DPDK.
//
// Each message is accepted at one stage only. This limits the number of messages, and the memory
// and descriptors that the server holds for a client:
//
//   stage             accepts                      answer       next stage
//   MEMIF_EXPECT_INIT INIT                         ACK          MEMIF_EXPECT_PARTS
//   MEMIF_EXPECT_PARTS ADD_REGION, ADD_RING        ACK          the same
//                     CONNECT                      CONNECTED    MEMIF_UP
//   any               DISCONNECT                   none         the end: -ECONNRESET
//   any               anything else                DISCONNECT   the end: -EPROTO or another errno
#ifndef DATAPLANE_MEMIF_CONTROL_H
#define DATAPLANE_MEMIF_CONTROL_H

#include <stdbool.h>
#include "memif_format.h"
#include "memif_memory.h"
#include "memif_writer.h"

enum memif_stage { MEMIF_EXPECT_INIT, MEMIF_EXPECT_PARTS, MEMIF_UP };

struct memif_control {
	enum memif_stage stage;
	struct memif_memory memory;
	// The server-to-client ring, the only one the server uses; NULL until it is added.
	struct memif_ring *ring;
	unsigned ring_log2;
	int event_fd; // of the ring; -1: none
	bool has_upward; // the client has added its client-to-server ring
	struct memif_writer *writer; // after CONNECT, until it is taken
};

// `memory_max` is the limit of the bytes of all regions together.
void memif_control_init(struct memif_control *control, uint64_t memory_max);
// Closes the writer as well, unless it was taken.
void memif_control_close(struct memif_control *control);
// The server's first message.
void memif_control_hello(struct memif_message *message);

// Processes a message of `len` bytes as received, and takes over all its file descriptors. Fills in
// the answer. After an error the answer is a DISCONNECT, to be sent except after -ECONNRESET.
int memif_control_input(struct memif_control *control, const void *bytes, size_t len,
	const int *fds, unsigned n_fds, struct memif_message *answer);

// Returns the writer, which the caller then owns. Call it once, at stage MEMIF_UP.
struct memif_writer *memif_control_take_writer(struct memif_control *control);

#endif
