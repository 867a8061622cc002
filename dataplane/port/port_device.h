// SPDX-License-Identifier: BSD-3-Clause
// struct port and the ethdev behind it: found or probed, its pools, queues and offloads, its start
// and its end.
#ifndef DATAPLANE_PORT_DEVICE_H
#define DATAPLANE_PORT_DEVICE_H

#include <rte_ethdev.h>
#include "dataplane_private.h"
#include "interface_map.h"
#include "mac_filter.h"

struct port {
	// Const once open.
	struct dataplane *dp;
	char *name;
	char *device;
	uint16_t id; // of the ethdev; RTE_MAX_ETHPORTS: not found
	int lock; // of port_lock()
	unsigned if_index; // of the kernel's interface behind a virtual device; 0: none
	struct rte_device *probed; // to be removed at the end; NULL if it was there before
	uint16_t n_rx, n_tx;
	uint64_t rx_offloads; // flags of received frames that may be trusted, see offload.h
	bool multi_segs; // sends frames of several segments
	struct rte_ring **tx_rings; // n_tx of them; NULL: every sender has a queue of its own
	struct rte_mempool *rx_pool;
	struct rte_mempool *tx_pool; // whole frames: the control thread's, and copies
	struct rte_mempool *header_pool; // rewritten headers, clones
	bool was_promiscuous, was_allmulticast; // before Sluice came
	// control: wo, worker: ro; replaced maps are retired
	_Atomic(struct interface_map *) interfaces;
	// Control thread only.
	struct mac_filter macs;
	bool removal_told;
	unsigned polls; // for events
	bool kernel_up, kernel_was_down; // the interface behind it; was: since the last poll
	LIST_ENTRY(port) next;
	// control: wo, worker: ro
	atomic_bool up;
	// EAL's interrupt thread: set, control: clear
	atomic_bool link_event;
	// EAL's interrupt thread, or the thread that detaches the device: set, control, worker: ro
	atomic_bool removed; // the device is gone: no thread uses it any more
	atomic_bool released; // nor is the id its own any more
};

// The ethdev, for calls of the control thread; an id that they all refuse once it is released.
static inline uint16_t port_device_id(const struct port *port)
{
	return atomic_load(&port->released) ? RTE_MAX_ETHPORTS : port->id;
}

// Control thread, all of them.

// Finds or probes port->device, makes its pools, sets it up and starts it. A failure leaves what
// port_device_stop() and port_device_free() undo.
int port_device_open(
	struct port *port, const struct port_config *config, struct dataplane_error *error);
// Restores its modes, stops and closes it.
void port_device_stop(struct port *port);
// Frees its pools, when no other port can hold a frame of theirs any more.
void port_device_free(struct port *port);

#endif
