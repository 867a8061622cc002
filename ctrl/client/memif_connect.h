// SPDX-License-Identifier: BSD-3-Clause
// The client side of the memif handshake.
#ifndef CLIENT_MEMIF_CONNECT_H
#define CLIENT_MEMIF_CONNECT_H

#include <stdint.h>

// The shared memory: one region, which begins with a server-to-client ring. The caller keeps the
// descriptors.
struct memif_offer {
	int memory_fd; // of the region
	uint64_t memory_size; // bytes
	int event_fd; // of the ring
	unsigned ring_log2; // descriptors
};

// Connects to the server at the path and shares the memory with it. Blocks for `timeout_ms` at
// most. Any thread. Returns the control socket, which is readable when the server has closed it, or
// -ECONNREFUSED  the server refuses: its limits, or another client is connected
// -EPROTO        the server does not speak memif 2.0
// -ETIMEDOUT, -ENAMETOOLONG, -errno of connect()
int memif_connect(const char *path, const struct memif_offer *offer, unsigned timeout_ms);

#endif
