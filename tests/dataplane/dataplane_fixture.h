// SPDX-License-Identifier: BSD-3-Clause
// A data plane on net_ring ports. The workers receive what a test puts into the receive rings of a
// wire; what they send is in its transmit ring.
#ifndef TESTS_DATAPLANE_DATAPLANE_FIXTURE_H
#define TESTS_DATAPLANE_DATAPLANE_FIXTURE_H

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

struct dataplane_fixture {
	struct dataplane *dp;
	struct rte_mempool *pool; // frames that the test puts on the wire
	uint64_t sent; // frames sent so far
};

// Use it as a suite's .init. Starts EAL with three lcores, the workers on another CPU if there is
// one, and no huge pages.
void fixture_eal(void);

// Fails the test on an error.
void fixture_open(struct dataplane_fixture *fixture, unsigned n_workers, unsigned punt_rate);
void fixture_wire(struct dataplane_fixture *fixture, struct wire *wire, const char *name,
	unsigned n_rx, unsigned n_tx);
void fixture_start(struct dataplane_fixture *fixture);
// Closes the data plane and checks that every frame came back to its pool.
void fixture_close(struct dataplane_fixture *fixture);

struct interface *fixture_interface(struct wire *wire, uint16_t outer_vlan, uint16_t inner_vlan);
struct output *fixture_output(
	struct dataplane_fixture *fixture, const struct output_config *config);
struct output *fixture_ring(struct dataplane_fixture *fixture, unsigned size);
struct sluice_addr fixture_address(const char *text);

// Subscribes to any source and port, or to the given sources and port.
void fixture_join(
	struct interface *interface, const char *group, uint64_t owner, struct output *output);
void fixture_join_filter(struct interface *interface, const char *group, uint64_t owner,
	struct output *output, enum sluice_filter_mode mode, const char *source, uint16_t udp_port);
void fixture_leave(struct interface *interface, const char *group, uint64_t owner);

// Puts a frame into receive queue `queue` of the wire.
void fixture_send(struct dataplane_fixture *fixture, struct wire *wire, unsigned queue,
	const struct frame *frame);
void fixture_send_mbuf(struct dataplane_fixture *fixture, struct wire *wire, unsigned queue,
	struct rte_mbuf *frame);
struct rte_mbuf *fixture_mbuf(struct dataplane_fixture *fixture, const struct frame *frame);
// Waits until the workers have processed everything sent.
void fixture_settle(struct dataplane_fixture *fixture);

// Reports the removal of the device, as its driver does.
void fixture_remove(uint16_t id);
// Returns the number of frames in the output ring and frees them.
unsigned fixture_drain(struct output *output);
// Gets the next frame that the port sent on any queue, linearized; false if there is none.
bool fixture_sent(struct wire *wire, struct frame *frame);
uint64_t fixture_drops(const struct dataplane_fixture *fixture, enum drop_reason reason);

#endif
