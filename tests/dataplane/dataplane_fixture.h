// SPDX-License-Identifier: BSD-3-Clause
// A data plane on net_ring ports: what a test puts into a wire's receive rings the workers receive,
// what they send comes out of its transmit ring.
#ifndef TESTS_DATAPLANE_RIG_H
#define TESTS_DATAPLANE_RIG_H

#include <rte_ethdev.h>
#include "dataplane.h"
#include "frame_fixture.h"

#define WIRE_QUEUES_MAX 4

struct wire {
	char device[32];
	unsigned n_rx, n_tx;
	struct rte_ring *rx[WIRE_QUEUES_MAX], *tx[WIRE_QUEUES_MAX];
	struct port *port;
};

struct rig {
	struct dataplane *dp;
	struct rte_mempool *pool; // of the frames the test puts on the wire
	uint64_t sent; // frames so far
};

// For a suite's .init: three lcores, the workers' on another CPU if there is one; no huge pages.
void rig_eal(void);

// Fails the test if anything goes wrong.
void rig_open(struct rig *rig, unsigned n_workers, unsigned punt_rate);
void rig_wire(struct rig *rig, struct wire *wire, const char *name, unsigned n_rx, unsigned n_tx);
void rig_start(struct rig *rig);
// Closes the data plane and checks that every frame came back to its pool.
void rig_close(struct rig *rig);

struct interface *rig_interface(struct wire *wire, uint16_t outer_vlan, uint16_t inner_vlan);
struct output *rig_output(struct rig *rig, const struct output_config *config);
struct output *rig_ring(struct rig *rig, unsigned size);
struct sluice_addr rig_address(const char *text);

// Any source, any port, or the sources and the port given.
void rig_join(
	struct interface *interface, const char *group, uint64_t owner, struct output *output);
void rig_join_filter(struct interface *interface, const char *group, uint64_t owner,
	struct output *output, enum sluice_filter_mode mode, const char *source, uint16_t udp_port);
void rig_leave(struct interface *interface, const char *group, uint64_t owner);

// Puts a frame on the wire, by receive queue `queue`.
void rig_send(struct rig *rig, struct wire *wire, unsigned queue, const struct frame *frame);
void rig_send_mbuf(struct rig *rig, struct wire *wire, unsigned queue, struct rte_mbuf *frame);
struct rte_mbuf *rig_mbuf(struct rig *rig, const struct frame *frame);
// Waits until the workers are through with everything sent.
void rig_settle(struct rig *rig);

// Says what a driver does whose device is gone.
void rig_remove(uint16_t id);
// How many frames the output ring holds; frees them.
unsigned rig_drain(struct output *output);
// The next frame the port sent by any queue, flattened; false if there is none.
bool rig_sent(struct wire *wire, struct frame *frame);
uint64_t rig_drops(const struct rig *rig, enum drop_reason reason);

#endif
