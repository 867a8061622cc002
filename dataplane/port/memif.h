// SPDX-License-Identifier: BSD-3-Clause
// A memif port of DPDK, the client side of a share.
#ifndef DATAPLANE_MEMIF_H
#define DATAPLANE_MEMIF_H

#include <stdint.h>
#include <rte_mempool.h>

#define MEMIF_FRAMES 1024 // that may be on their way

struct memif {
	uint16_t port;
	struct rte_mempool *pool;
	char device[32];
};

// `n_frames` is the size of the pool. -ENOBUFS if DPDK has no port left.
int memif_open(struct memif *memif, const char *path, unsigned n_frames);
void memif_close(struct memif *memif);

#endif
