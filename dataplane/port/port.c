// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <rte_ring_elem.h>
#include <unistd.h>
#include "aligned_memory.h"
#include "link_monitor.h"
#include "port.h"

#define VANISHED_POLLS 64

static bool read_link(const struct port *port)
{
	struct rte_eth_link link = {0};

	return port->kernel_up && rte_eth_link_get_nowait(port_device_id(port), &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

static void free_port(struct port *port)
{
	port_device_free(port);
	free(atomic_load(&port->interfaces));
	free(port->device);
	free(port->name);
	free(port);
}

static void take_kernel_link(void *arg, unsigned if_index, bool up)
{
	struct dataplane *dp = arg;
	struct port *port;

	LIST_FOREACH (port, &dp->ports, next) {
		if (port->if_index != if_index)
			continue;
		port->kernel_up = up;
		port->kernel_was_down |= !up;
	}
}

static void poll_kernel_links(struct dataplane *dp)
{
	struct port *port;

	if (dp->link_monitor < 0 || link_monitor_read(dp->link_monitor, take_kernel_link, dp))
		return;
	LIST_FOREACH (port, &dp->ports, next)
		if (port->if_index != 0)
			take_kernel_link(dp, port->if_index, link_monitor_is_up(port->if_index));
}

int port_open(struct dataplane *dp, const struct port_config *config, struct port **port,
	struct dataplane_error *error)
{
	struct port *new;
	int rc;

	new = aligned_memory_alloc(sizeof(*new));
	if (new == NULL)
		return dataplane_error_set(error, ENOMEM, "out of memory");
	new->dp = dp;
	new->id = RTE_MAX_ETHPORTS;
	new->lock = -1;
	new->name = strdup(config->name);
	new->device = strdup(config->device);
	if (new->name == NULL || new->device == NULL) {
		rc = dataplane_error_set(error, ENOMEM, "out of memory");
		goto free_new;
	}
	if (dp->link_monitor < 0)
		dp->link_monitor = link_monitor_open();
	rc = port_device_open(new, config, error);
	if (rc < 0)
		goto stop_device;
	poll_kernel_links(dp); // the changes of its own start do not count
	new->kernel_up = new->if_index == 0 || link_monitor_is_up(new->if_index);
	atomic_store(&new->up, read_link(new));
	LIST_INSERT_HEAD(&dp->ports, new, next);
	*port = new;
	return 0;

stop_device:
	port_device_stop(new);
free_new:
	free_port(new);
	return rc;
}

void port_close(struct port *port)
{
	LIST_REMOVE(port, next);
	port_device_stop(port);
	free_port(port);
}

void port_close_all(struct dataplane *dp)
{
	struct port *port;

	LIST_FOREACH (port, &dp->ports, next)
		port_device_stop(port);
	while ((port = LIST_FIRST(&dp->ports)) != NULL) {
		LIST_REMOVE(port, next);
		free_port(port);
	}
	if (dp->link_monitor >= 0)
		close(dp->link_monitor);
	dp->link_monitor = -1;
}

static void map_free(struct reclaim_item *item)
{
	free((char *)item - offsetof(struct interface_map, reclaim));
}

void port_publish_interfaces(struct port *port, struct interface_map *map)
{
	struct interface_map *old = atomic_load_explicit(&port->interfaces, memory_order_relaxed);

	atomic_store_explicit(&port->interfaces, map, memory_order_release);
	if (old == NULL)
		return;
	old->reclaim.free = map_free;
	reclaim_retire(&port->dp->reclaim, &old->reclaim);
}

void port_info(const struct port *port, struct port_info *info)
{
	struct rte_eth_dev_info device = {0};
	struct rte_eth_stats stats = {0};
	uint16_t id = port_device_id(port);

	*info = (struct port_info){
		.name = port->name,
		.device = port->device,
		.up = port_is_up(port),
		.removed = atomic_load(&port->removed),
		.mode = port->macs.mode,
		.mode_reason = port->macs.reason,
		.multicast_macs = port->macs.counts.n,
		.rx_queues = port->n_rx,
		.tx_queues = port->n_tx,
		.driver = "",
	};
	if (rte_eth_dev_info_get(id, &device) == 0)
		info->driver = device.driver_name;
	rte_eth_macaddr_get(id, &info->mac);
	rte_eth_dev_get_mtu(id, &info->mtu);
	if (rte_eth_stats_get(id, &stats) < 0)
		return;
	info->rx_packets = stats.ipackets;
	info->rx_bytes = stats.ibytes;
	info->rx_missed = stats.imissed + stats.rx_nombuf;
	info->rx_errors = stats.ierrors;
	info->tx_packets = stats.opackets;
	info->tx_bytes = stats.obytes;
	info->tx_errors = stats.oerrors;
}

uint16_t port_mtu(const struct port *port)
{
	uint16_t mtu = RTE_ETHER_MTU;

	rte_eth_dev_get_mtu(port_device_id(port), &mtu);
	return mtu;
}

// A deleted interface of the kernel causes no event. net_tap reports it as down, net_af_packet does
// not even do that, so that each port is looked up from time to time.
static bool has_vanished(struct port *port, bool up)
{
	const bool turn = port->polls++ % VANISHED_POLLS == 0;
	char name[IF_NAMESIZE];

	return port->if_index != 0 && (turn || !up) &&
	       if_indextoname(port->if_index, name) == NULL && errno == ENXIO;
}

// Returns true if the state of the port has changed since the last call.
static bool poll_event(struct port *port)
{
	bool event = atomic_exchange(&port->link_event, false);
	bool removed = atomic_load(&port->removed);
	bool up = !removed && read_link(port);

	if (removed || has_vanished(port, up)) {
		atomic_store(&port->removed, true);
		if (port->removal_told || reclaim_synchronize(&port->dp->reclaim) < 0)
			return false;
		port->removal_told = true;
		return true;
	}
	// A carrier that was lost and has returned is a change, too: groups are announced again.
	return atomic_exchange(&port->up, up) != up || event;
}

void port_poll_events(struct dataplane *dp, void (*fn)(void *arg, struct port *port), void *arg)
{
	struct port *port;

	poll_kernel_links(dp);
	LIST_FOREACH (port, &dp->ports, next) {
		// Down and up again: both are reported, so that the groups are announced again.
		if (port->kernel_was_down && port->kernel_up && port_is_up(port)) {
			atomic_store(&port->up, false);
			fn(arg, port);
		}
		port->kernel_was_down = false;
		if (poll_event(port))
			fn(arg, port);
	}
}

int port_mac_add(struct port *port, const struct rte_ether_addr *mac)
{
	return mac_filter_add(&port->macs, mac);
}

void port_mac_remove(struct port *port, const struct rte_ether_addr *mac)
{
	mac_filter_remove(&port->macs, mac);
}

struct rte_mbuf *port_frame_alloc(struct port *port)
{
	return rte_pktmbuf_alloc(port->tx_pool);
}

bool port_is_addressed(const struct port *port, const struct rte_ether_addr *mac)
{
	struct rte_ether_addr own;

	return rte_is_broadcast_ether_addr(mac) ||
	       (rte_eth_macaddr_get(port->id, &own) == 0 && rte_is_same_ether_addr(mac, &own));
}

uint16_t port_transmit(struct port *port, unsigned sender, struct rte_mbuf **frames, uint16_t n)
{
	if (!port_is_up(port))
		return 0;
	if (port->tx_rings == NULL)
		return rte_eth_tx_burst(port->id, sender, frames, n);
	return rte_ring_enqueue_burst(
		port->tx_rings[sender % port->n_tx], (void **)frames, n, NULL);
}

int port_send(struct port *port, struct rte_mbuf *frame)
{
	return port_transmit(port, port->dp->n_workers, &frame, 1) == 1 ? 0 : -EAGAIN;
}

unsigned port_drain(struct port *port, uint16_t queue)
{
	struct rte_ring *ring = port->tx_rings[queue];
	struct rte_mbuf *frames[BURST];
	unsigned n;

	if (rte_ring_empty(ring) || !port_is_up(port))
		return 0;
	// Frames that the device does not accept stay in the ring.
	n = rte_ring_dequeue_burst_start(ring, (void **)frames, BURST, NULL);
	n = rte_eth_tx_burst(port->id, queue, frames, n);
	rte_ring_dequeue_finish(ring, n);
	return n;
}
