// SPDX-License-Identifier: BSD-3-Clause
// A data plane on net_ring ports. The workers receive what a test puts into the receive rings of a
// wire; what they send is in its transmit ring.
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
	struct rte_mempool *pool; // frames that the test puts on the wire
	uint64_t sent; // frames sent so far
};

// Use it as a suite's .init. Starts EAL with three lcores, the workers on another CPU if there is
// one, and no huge pages.
void rig_eal(void);

// Fails the test on an error.
void rig_open(struct rig *rig, unsigned n_workers, unsigned punt_rate);
void rig_wire(struct rig *rig, struct wire *wire, const char *name, unsigned n_rx, unsigned n_tx);
void rig_start(struct rig *rig);
// Closes the data plane and checks that every frame came back to its pool.
void rig_close(struct rig *rig);

struct interface *rig_interface(struct wire *wire, uint16_t outer_vlan, uint16_t inner_vlan);
struct output *rig_output(struct rig *rig, const struct output_config *config);
struct output *rig_ring(struct rig *rig, unsigned size);
struct sluice_addr rig_address(const char *text);

// Subscribes to any source and port, or to the given sources and port.
void rig_join(
	struct interface *interface, const char *group, uint64_t owner, struct output *output);
void rig_join_filter(struct interface *interface, const char *group, uint64_t owner,
	struct output *output, enum sluice_filter_mode mode, const char *source, uint16_t udp_port);
void rig_leave(struct interface *interface, const char *group, uint64_t owner);

// Puts a frame into receive queue `queue` of the wire.
void rig_send(struct rig *rig, struct wire *wire, unsigned queue, const struct frame *frame);
void rig_send_mbuf(struct rig *rig, struct wire *wire, unsigned queue, struct rte_mbuf *frame);
struct rte_mbuf *rig_mbuf(struct rig *rig, const struct frame *frame);
// Waits until the workers have processed everything sent.
void rig_settle(struct rig *rig);

// Reports the removal of the device, as its driver does.
void rig_remove(uint16_t id);
// Returns the number of frames in the output ring and frees them.
unsigned rig_drain(struct output *output);
// Gets the next frame that the port sent on any queue, linearized; false if there is none.
bool rig_sent(struct wire *wire, struct frame *frame);
uint64_t rig_drops(const struct rig *rig, enum drop_reason reason);

#endif
