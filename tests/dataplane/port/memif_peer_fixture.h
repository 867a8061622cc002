// SPDX-License-Identifier: BSD-3-Clause
// A memif client written for tests. It can break every rule on request.
#ifndef TESTS_MEMIF_PEER_FIXTURE_H
#define TESTS_MEMIF_PEER_FIXTURE_H

#include <stdbool.h>
#include "memif_format.h"

#define PEER_LOG2 4 // descriptors of the ring
#define PEER_SIZE (1u << PEER_LOG2)
#define PEER_BUFFER 2048u // bytes of each buffer
#define PEER_MEMORY 65536u // bytes of the region
#define PEER_BUFFERS_AT 1024u // offset of the first buffer

struct memif_peer {
	int fd, memory_fd, event_fd;
	uint8_t *memory;
	struct memif_ring *ring; // at the beginning of the memory
	uint16_t next; // the next descriptor to read
	// Runs the server while the peer waits for it; NULL: the server has its own thread.
	void (*turn)(void *arg);
	void *arg;
};

// The differences from a correct handshake.
struct memif_peer_fault {
	const char *name;
	uint16_t version, mode;
	uint32_t interface;
	uint64_t region_size; // 0: the correct one
	uint16_t region_index;
	int region_fds, ring_fds; // number of descriptors sent; 0: one; -1: none
	bool no_region, no_ring, twice, unsealed, upward_only;
	uint16_t ring_index, ring_region;
	uint32_t ring_offset;
	uint8_t ring_log2; // 0: the correct one
	uint32_t cookie; // xor
	bool no_event; // the descriptor of the ring is not an eventfd
};

// Connects and creates the memory; does not read the hello message yet.
void memif_peer_open(struct memif_peer *peer, const char *path);
void memif_peer_close(struct memif_peer *peer);
// NULL: a correct handshake. Returns the type of the last answer, 0 if the server has closed.
unsigned memif_peer_attach(struct memif_peer *peer, const struct memif_peer_fault *fault);

// Returns false if the server has closed.
bool memif_peer_send(
	struct memif_peer *peer, const void *bytes, size_t len, int fd, unsigned n_fds);
// Returns the type of the next message, 0 if the server has closed.
unsigned memif_peer_receive(struct memif_peer *peer, struct memif_message *message);
// Waits until the server has closed the connection.
void memif_peer_wait_closed(struct memif_peer *peer);

// Gives all buffers without an unread frame to the server.
void memif_peer_refill(struct memif_peer *peer);
// Returns the length of the next frame, -1 if none arrives within two seconds.
long memif_peer_frame(struct memif_peer *peer, uint8_t *frame, size_t size);

unsigned memif_peer_open_fds(void); // of this process
unsigned long memif_peer_memory_kb(void); // held by this process

#endif
