// SPDX-License-Identifier: BSD-3-Clause
// Ports: DPDK ethdevs, their queues, pools, link state and MAC filters.
//
// Each worker has its own transmit queue, and so has the control thread. If a device has too few
// queues they are shared: one worker owns each queue, and all senders put their frames into a ring,
// from which this worker sends them.
//
// The folder, from the bottom up:
//	interface_map   the interfaces of a port by their VLAN tags
//	mac_counts      which multicast MACs are in use, and how often
//	mac_filter      the multicast MACs that the device accepts, and the fallbacks
//	link_monitor    the link state of interfaces of the kernel
//	port_diagnosis  why a device cannot be probed: missing interfaces, misspelt drivers
//	port_lock       one process per tap
//	packet_socket   lets no worker wait for net_af_packet
//	port_device     struct port; finds, sets up, starts and stops the ethdev
//	port            the calls of the control thread and of workers: info, events, sending
//	output          destinations of frames: counting, a ring, a port
//	share           ring outputs shared with another process, by the server of memif_server.h
//	share_port, memif  the other side of a share: a port of DPDK
// Interfaces are in path/, because closing one frees its punted frames.
#ifndef DATAPLANE_PORT_H
#define DATAPLANE_PORT_H

#include "port_device.h"

// Control thread. Opens the port. dataplane_add_port() gives its queues to workers.
int port_open(struct dataplane *dp, const struct port_config *config, struct port **port,
	struct dataplane_error *error);
// Control thread. Closes a port that no worker and no output has used yet.
void port_close(struct port *port);
// Control thread. Closes all ports, after the workers have stopped.
void port_close_all(struct dataplane *dp);

// Control thread. Publishes the map of interfaces and retires the previous one.
void port_publish_interfaces(struct port *port, struct interface_map *map);

// Worker `sender`, or the control thread, which has the number after that of the last worker. Sends
// and takes over as many frames as there is room for; the caller keeps the others.
uint16_t port_transmit(struct port *port, unsigned sender, struct rte_mbuf **frames, uint16_t n);

// The worker that owns a shared transmit queue. Sends a burst from its ring; returns the number of
// frames sent.
unsigned port_drain(struct port *port, uint16_t queue);

static inline bool port_is_up(const struct port *port)
{
	return atomic_load_explicit(&port->up, memory_order_relaxed) &&
	       !atomic_load_explicit(&port->removed, memory_order_relaxed);
}

// Any thread. Whether a frame to this MAC address, which is not that of a group, is for the port.
bool port_is_addressed(const struct port *port, const struct rte_ether_addr *mac);

// Worker. NULL: the port has no interface with these tags.
static inline struct interface *port_find_interface(
	const struct port *port, uint16_t outer_vlan, uint16_t inner_vlan)
{
	return interface_map_find(atomic_load_explicit(&port->interfaces, memory_order_acquire),
		interface_map_tags(outer_vlan, inner_vlan));
}

#endif
