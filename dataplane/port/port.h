// SPDX-License-Identifier: BSD-3-Clause
// Ports: DPDK ethdevs, their queues, pools, link state and MAC filters.
//
// A worker sends by a transmit queue of its own and so does the control thread. A device with too
// few queues shares them: then each is owned by one worker, and all who send put their frames into
// the ring before it.
#ifndef DATAPLANE_PORT_H
#define DATAPLANE_PORT_H

#include <rte_ethdev.h>
#include "interface.h"
#include "mac_filter.h"
#include "dataplane_private.h"

struct port {
	// Const once open.
	struct dataplane *dp;
	char *name;
	char *device;
	uint16_t id; // of the ethdev; RTE_MAX_ETHPORTS: not found
	struct rte_device *probed; // to be removed at the end; NULL if it was there before
	uint16_t n_rx, n_tx;
	uint64_t rx_offloads; // flags of received frames that mean something, see parse.h
	bool multi_segs; // sends frames of several segments
	struct rte_ring **tx_rings; // n_tx of them; NULL: everybody has a queue of its own
	struct rte_mempool *rx_pool;
	struct rte_mempool *tx_pool; // whole frames: the control thread's, and copies
	struct rte_mempool *header_pool; // rewritten headers, clones
	bool was_promiscuous, was_allmulticast; // before Sluice came
	struct interface_map interfaces; // changes only while the workers are stopped
	// Control thread only.
	struct mac_filter macs;
	bool removal_told;
	LIST_ENTRY(port) next;
	// control: wo, worker: ro
	atomic_bool up;
	// EAL's interrupt thread: set, control: clear
	atomic_bool link_event;
	// EAL's interrupt thread, or whoever detaches the device: set, control, worker: ro
	atomic_bool removed; // the device is gone: nobody uses it any more
	atomic_bool released; // nor is the id its own any more
};

// Closes all ports, workers stopped.
void port_close_all(struct dataplane *dp);

// Worker. Sends what there is room for and takes it over; the rest stays the caller's.
uint16_t port_transmit(struct port *port, unsigned worker, struct rte_mbuf **frames, uint16_t n);

// The worker that owns a shared transmit queue. Sends a burst of what waits in its ring; returns
// the number of frames sent.
unsigned port_drain(struct port *port, uint16_t queue);

static inline bool port_is_up(const struct port *port)
{
	return atomic_load_explicit(&port->up, memory_order_relaxed) &&
	       !atomic_load_explicit(&port->removed, memory_order_relaxed);
}

// The ethdev, for calls of the control thread; an id that they all refuse once it is released.
static inline uint16_t port_ethdev(const struct port *port)
{
	return atomic_load(&port->released) ? RTE_MAX_ETHPORTS : port->id;
}

// ---- port_device.c: the ethdev behind a port -------------------------------------------------

// Finds or probes port->device, makes its pools, sets it up and starts it. A failure leaves what
// port_device_stop() and port_device_free() undo.
int port_device_open(
	struct port *port, const struct port_config *config, struct dataplane_error *error);
// Restores its modes, stops and closes it.
void port_device_stop(struct port *port);
// Frees its pools, when no other port can hold a frame of theirs any more.
void port_device_free(struct port *port);

#endif
