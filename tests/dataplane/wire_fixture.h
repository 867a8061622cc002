// SPDX-License-Identifier: BSD-3-Clause
// Devices of net_ring, whose rings a test fills and empties, and the pools of frames.
#ifndef TESTS_DATAPLANE_WIRE_FIXTURE_H
#define TESTS_DATAPLANE_WIRE_FIXTURE_H

#include <rte_mbuf.h>
#include <rte_ring.h>

// For --mbuf-pool-ops-name of EAL, before its start.
const char *wire_fixture_pool_ops(void);
// Returns the id of device net_ring_NAME.
uint16_t wire_fixture_open(const char *name, struct rte_ring *const rx[], unsigned n_rx,
	struct rte_ring *const tx[], unsigned n_tx);
// Takes a frame that was sent; NULL if there is none.
struct rte_mbuf *wire_fixture_take(struct rte_ring *tx);

#endif
