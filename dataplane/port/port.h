// SPDX-License-Identifier: BSD-3-Clause
// Ports: DPDK ethdevs, their queues, pools, link state and MAC filters.
//
// A worker sends by a transmit queue of its own, and so does the control thread. A device with too
// few queues shares them: then one worker owns each queue, and all senders put their frames into
// the ring before it.
//
// The folder, from the bottom up:
//	interface_map   the interfaces of a port by their VLAN tags
//	mac_filter      which multicast MACs the device lets in, and what to do when it refuses
//	port_diagnosis  why a device cannot be probed: missing interfaces, misspelt drivers
//	port_lock       one process per tap
//	port_device     struct port; finds, sets up, starts and stops the ethdev
//	port            what the control thread and workers do with a port: info, events, sending
//	output          where frames go: counting, a ring, a port
//	share           ring outputs shared with another process, by the server of memif_server.h
//	share_port, memif  the other side of a share: a port of DPDK
// Interfaces are in path/, for closing one takes its punted frames back.
#ifndef DATAPLANE_PORT_H
#define DATAPLANE_PORT_H

#include "port_device.h"

// Control thread. Opens the port without giving its queues to workers: dataplane_add_port().
int port_open(struct dataplane *dp, const struct port_config *config, struct port **port,
	struct dataplane_error *error);
// Control thread. Closes a port that no worker and no output uses yet.
void port_close(struct port *port);
// Control thread. Closes all ports, workers stopped.
void port_close_all(struct dataplane *dp);

// Control thread. Publishes the map of interfaces and retires the present one.
void port_publish_interfaces(struct port *port, struct interface_map *map);

// Worker `sender`, or the control thread with the number behind the last worker's. Sends what there
// is room for and takes it over; the rest stays the caller's.
uint16_t port_transmit(struct port *port, unsigned sender, struct rte_mbuf **frames, uint16_t n);

// The worker that owns a shared transmit queue. Sends a burst of what waits in its ring; returns
// the number of frames sent.
unsigned port_drain(struct port *port, uint16_t queue);

static inline bool port_is_up(const struct port *port)
{
	return atomic_load_explicit(&port->up, memory_order_relaxed) &&
	       !atomic_load_explicit(&port->removed, memory_order_relaxed);
}

// Worker. NULL: the port has no interface with these tags.
static inline struct interface *port_find_interface(
	const struct port *port, uint16_t outer_vlan, uint16_t inner_vlan)
{
	return interface_map_find(atomic_load_explicit(&port->interfaces, memory_order_acquire),
		interface_map_tags(outer_vlan, inner_vlan));
}

#endif
