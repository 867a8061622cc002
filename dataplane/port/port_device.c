// SPDX-License-Identifier: BSD-3-Clause
// Setting up and taking down the ethdev behind a port.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include "l2_header.h"
#include "offload.h"
#include "packet_socket.h"
#include "port_device.h"
#include "port_diagnosis.h"
#include "port_lock.h"

#define RX_DESCRIPTORS 512
#define TX_DESCRIPTORS 512
#define TX_RING_SIZE 512
#define TX_SLACK 1024 // received frames on their way out by another port
#define POOL_CACHE 256
#define HEADER_ROOM 64 // Ethernet header with tags

// The name may lack the domain of a PCI address, or have the bus in front.
static bool has_name(const struct rte_device *device, const char *name)
{
	const char *full = rte_dev_name(device);
	size_t len = strlen(name), full_len = strlen(full);
	const char *longer = len > full_len ? name : full;
	const char *end = longer + (len > full_len ? len - full_len : full_len - len);

	return strcmp(end, len > full_len ? full : name) == 0 && (end == longer || end[-1] == ':');
}

// An iterator of DPDK would need memory, and without it a probed device would be lost.
static bool find_port(const char *name, uint16_t *id)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_get_port_by_name(name, id) == 0)
		return true;
	RTE_ETH_FOREACH_DEV (*id) {
		if (rte_eth_dev_info_get(*id, &info) == 0 && has_name(info.device, name))
			return true;
	}
	return false;
}

// A device whose removal failed, for lack of memory, is still there, but without its port.
static int probe_again(const char *device)
{
	struct rte_devargs args = {.data = NULL};
	int rc;

	rc = rte_devargs_parse(&args, device);
	if (rc == 0)
		rc = rte_eal_hotplug_remove(rte_bus_name(args.bus), args.name);
	free(args.data);
	return rc == 0 ? rte_dev_probe(device) : rc;
}

static int find_device(struct port *port, bool *probed, struct dataplane_error *error)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	int rc = 0;

	// The arguments after the name are only used when the device is probed.
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(port->device, ","), port->device);
	*probed = !find_port(name, &port->id);
	if (*probed)
		rc = rte_dev_probe(port->device);
	if (rc == 0 && *probed && !find_port(name, &port->id)) {
		rc = probe_again(port->device);
		if (rc == 0 && !find_port(name, &port->id))
			rc = -ENODEV;
	}
	if (rc < 0)
		return port_diagnosis(port->device, -rc, error);
	return 0;
}

// Drivers return -1 for any error, which is no errno.
static int refuse(const char *step, int rc, struct dataplane_error *error)
{
	return dataplane_error_set(error, -rc, "%s: %s", step,
		rc == -EPERM ? "the driver refuses it, see DPDK's messages (sluiced --log-level "
			       "debug)"
			     : strerror(-rc));
}

struct buffer_sizes {
	uint32_t rx_room; // bytes of a received frame in one buffer
	unsigned rx_segments; // buffers of the largest frame
	uint32_t tx_room;
};

static struct rte_mempool *pool_create(
	const struct port *port, const char *kind, unsigned n, uint32_t room)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "sluice_%s%u", kind, port->id);
	room = RTE_MIN(room, (uint32_t)UINT16_MAX - RTE_PKTMBUF_HEADROOM);
	return rte_pktmbuf_pool_create(name, n, POOL_CACHE, 0, RTE_PKTMBUF_HEADROOM + room,
		rte_eth_dev_socket_id(port->id));
}

// Each pool has as many frames as all queues and rings that hold them, so that a slow receiver
// cannot empty a pool.
static int pools_create(struct port *port, const struct buffer_sizes *sizes, uint16_t n_rxd,
	uint16_t n_txd, struct dataplane_error *error)
{
	const unsigned threads = port->dp->n_workers + 1;
	const unsigned in_hand = threads * (BURST + POOL_CACHE * 3 / 2);
	const unsigned in_tx = port->n_tx * (n_txd + TX_RING_SIZE);
	const unsigned waiting = port->dp->ring_frames + PUNT_RING_SIZE + TX_SLACK;
	const unsigned in_rx = port->n_rx * n_rxd + waiting * sizes->rx_segments;

	port->rx_pool = pool_create(port, "rx", in_rx + in_hand, sizes->rx_room);
	port->tx_pool = pool_create(port, "tx", in_tx + in_hand, sizes->tx_room);
	// A rewritten frame is a header and a clone of the rest.
	port->header_pool = pool_create(port, "hdr", 2 * (in_tx + in_hand), HEADER_ROOM);
	if (port->rx_pool == NULL || port->tx_pool == NULL || port->header_pool == NULL)
		return dataplane_error_set(error, ENOMEM,
			"no memory for %u frames: more for EAL (-m)", in_rx + in_tx + 2 * in_hand);
	return 0;
}

// net_tap needs equal numbers of transmit and receive queues.
static bool wants_equal_queues(const struct rte_eth_dev_info *info)
{
	return strcmp(info->driver_name, "net_tap") == 0;
}

// For fewer queues than senders: each queue has a ring, and the worker with its number owns both.
static int tx_rings_create(struct port *port, struct dataplane_error *error)
{
	port->tx_rings = calloc(port->n_tx, sizeof(*port->tx_rings));
	if (port->tx_rings == NULL)
		return dataplane_error_set(error, ENOMEM, "out of memory");
	for (unsigned i = 0; i < port->n_tx; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "sluice_tx%u_%u", port->id, i);
		port->tx_rings[i] = rte_ring_create(
			name, TX_RING_SIZE, rte_eth_dev_socket_id(port->id), RING_F_SC_DEQ);
		if (port->tx_rings[i] == NULL)
			return dataplane_error_set(
				error, rte_errno, "transmit ring: %s", rte_strerror(rte_errno));
	}
	return 0;
}

static int deal_queues(struct port *port, const struct port_config *config,
	const struct rte_eth_dev_info *info, struct dataplane_error *error)
{
	unsigned max_tx = wants_equal_queues(info) ? config->queues : info->max_tx_queues;
	unsigned senders = port->dp->n_workers + 1;

	if (config->queues < 1 || config->queues > info->max_rx_queues)
		return dataplane_error_set(error, EINVAL, "%u queues: the device has 1 to %u",
			config->queues, info->max_rx_queues);
	if (max_tx < 1)
		return dataplane_error_set(error, EINVAL, "the device has no transmit queue");
	port->n_rx = config->queues;
	port->n_tx = wants_equal_queues(info) ? max_tx : RTE_MIN(max_tx, senders);
	return port->n_tx < senders ? tx_rings_create(port, error) : 0;
}

// Uses several segments if the device supports them, otherwise buffers as large as its MTU.
static void size_buffers(struct port *port, uint16_t mtu, const struct rte_eth_dev_info *info,
	struct rte_eth_conf *conf, struct buffer_sizes *sizes)
{
	const unsigned frame = mtu + L2_HEADER_MAX;

	*sizes = (struct buffer_sizes){
		.rx_room = port->dp->frame_size,
		.rx_segments = 1,
		.tx_room = RTE_MBUF_DEFAULT_DATAROOM,
	};
	if (frame > sizes->rx_room && (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER)) {
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
		sizes->rx_segments = (frame + sizes->rx_room - 1) / sizes->rx_room;
	} else {
		sizes->rx_room = RTE_MAX(frame, sizes->rx_room);
	}
	// A device that cannot send segments gets copies of segmented frames.
	if (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) {
		conf->txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		port->multi_segs = true;
	} else {
		sizes->tx_room = RTE_MAX(frame, sizes->tx_room);
	}
}

static bool tells_udp(uint16_t id)
{
	uint32_t types[64];
	int n = rte_eth_dev_get_supported_ptypes(
		id, RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK, types, RTE_DIM(types));
	bool ipv4 = false, udp = false;

	for (int i = 0; i < RTE_MIN(n, (int)RTE_DIM(types)); i++) {
		ipv4 |= types[i] == RTE_PTYPE_L3_IPV4;
		udp |= types[i] == RTE_PTYPE_L4_UDP;
	}
	return ipv4 && udp;
}

// Offloads for the parser. A stripped tag need not be removed by rewriting, and a driver whose
// kernel strips all tags need not restore them. QinQ stripping is not used, because drivers treat
// frames with one tag differently then.
static void choose_offloads(
	struct port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	// A checksum in a software driver costs more than ours: net_tap also sums the payload.
	bool hardware = strcmp(rte_bus_name(rte_dev_bus(info->device)), "vdev") != 0;

	port->rx_offloads = OFFLOAD_TAGS;
	conf->rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	if (hardware && (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) &&
		tells_udp(port->id)) {
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
		port->rx_offloads |= OFFLOAD_CHECKSUM;
	}
}

static int configure(struct port *port, uint16_t mtu, const struct rte_eth_dev_info *info,
	struct buffer_sizes *sizes, struct dataplane_error *error)
{
	struct rte_eth_conf conf = {
		.intr_conf.lsc = (*info->dev_flags & RTE_ETH_DEV_INTR_LSC) != 0,
		.intr_conf.rmv = (*info->dev_flags & RTE_ETH_DEV_INTR_RMV) != 0,
	};
	int rc;

	if (mtu == 0 && rte_eth_dev_get_mtu(port->id, &mtu) < 0)
		mtu = RTE_ETHER_MTU;
	conf.rxmode.mtu = mtu;
	size_buffers(port, mtu, info, &conf, sizes);
	choose_offloads(port, info, &conf);
	if (port->n_rx > 1) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP) & info->flow_type_rss_offloads;
	}
	rc = rte_eth_dev_configure(port->id, port->n_rx, port->n_tx, &conf);
	if (rc < 0)
		return dataplane_error_set(error, -rc,
			"%u receive and %u transmit queues, MTU %u, the device's largest frame %u: "
			"%s",
			port->n_rx, port->n_tx, mtu, info->max_rx_pktlen, strerror(-rc));
	return 0;
}

static int queues_setup(struct port *port, uint16_t n_rxd, uint16_t n_txd)
{
	int socket = rte_eth_dev_socket_id(port->id);
	int rc = 0;

	for (uint16_t i = 0; i < port->n_rx && rc == 0; i++)
		rc = rte_eth_rx_queue_setup(port->id, i, n_rxd, socket, NULL, port->rx_pool);
	for (uint16_t i = 0; i < port->n_tx && rc == 0; i++)
		rc = rte_eth_tx_queue_setup(port->id, i, n_txd, socket, NULL);
	return rc;
}

static void tx_rings_free(struct port *port)
{
	struct rte_mbuf *frame;

	for (unsigned i = 0; port->tx_rings != NULL && i < port->n_tx; i++) {
		while (port->tx_rings[i] != NULL &&
			rte_ring_dequeue(port->tx_rings[i], (void **)&frame) == 0)
			rte_pktmbuf_free(frame);
		rte_ring_free(port->tx_rings[i]);
	}
	free(port->tx_rings);
}

static const enum rte_eth_event_type events[] = {
	RTE_ETH_EVENT_INTR_LSC,
	RTE_ETH_EVENT_INTR_RMV,
	RTE_ETH_EVENT_DESTROY,
};

// Runs on EAL's interrupt thread, or on the thread that detaches the device.
static int on_event(uint16_t id, enum rte_eth_event_type type, void *arg, void *ret)
{
	struct port *port = arg;

	(void)id;
	(void)ret;
	if (type == RTE_ETH_EVENT_DESTROY)
		atomic_store(&port->released, true);
	if (type != RTE_ETH_EVENT_INTR_LSC)
		atomic_store(&port->removed, true);
	atomic_store(&port->link_event, true);
	return 0;
}

static int set_list(void *arg, const struct rte_ether_addr *macs, unsigned n)
{
	return rte_eth_dev_set_mc_addr_list(port_device_id(arg), (struct rte_ether_addr *)macs, n);
}

static int allmulticast(void *arg, bool on)
{
	const uint16_t id = port_device_id(arg);

	return on ? rte_eth_allmulticast_enable(id) : rte_eth_allmulticast_disable(id);
}

static int promiscuous(void *arg, bool on)
{
	const uint16_t id = port_device_id(arg);

	return on ? rte_eth_promiscuous_enable(id) : rte_eth_promiscuous_disable(id);
}

static const struct mac_filter_ops mac_ops = {
	.set_list = set_list,
	.allmulticast = allmulticast,
	.promiscuous = promiscuous,
};

static int start(struct port *port, struct dataplane_error *error)
{
	int rc;

	// Some drivers have no link events; port_poll_events() reads the link state.
	for (unsigned i = 0; i < RTE_DIM(events); i++)
		rte_eth_dev_callback_register(port->id, events[i], on_event, port);
	rc = rte_eth_dev_start(port->id);
	if (rc < 0)
		return refuse("start", rc, error);
	port->was_promiscuous = rte_eth_promiscuous_get(port->id) == 1;
	port->was_allmulticast = rte_eth_allmulticast_get(port->id) == 1;
	mac_filter_init(&port->macs, &mac_ops, port);
	return 0;
}

int port_device_open(
	struct port *port, const struct port_config *config, struct dataplane_error *error)
{
	uint16_t n_rxd = RX_DESCRIPTORS, n_txd = TX_DESCRIPTORS;
	struct buffer_sizes sizes;
	struct rte_eth_dev_info info;
	bool probed;
	int rc;

	rc = port_lock(port->device, &port->lock, error);
	if (rc < 0)
		return rc;
	rc = find_device(port, &probed, error);
	if (rc < 0)
		return rc;
	rc = rte_eth_dev_info_get(port->id, &info);
	if (rc < 0)
		return refuse("device information", rc, error);
	if (probed)
		port->probed = info.device;
	if (strcmp(rte_bus_name(rte_dev_bus(info.device)), "vdev") == 0)
		port->if_index = info.if_index;
	rc = deal_queues(port, config, &info, error);
	if (rc < 0)
		return rc;
	rc = configure(port, config->mtu, &info, &sizes, error);
	if (rc < 0)
		return rc;
	rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &n_rxd, &n_txd);
	if (rc < 0)
		return refuse("descriptors", rc, error);
	rc = pools_create(port, &sizes, n_rxd, n_txd, error);
	if (rc < 0)
		return rc;
	rc = queues_setup(port, n_rxd, n_txd);
	if (rc < 0)
		return refuse("queue setup", rc, error);
	if (strcmp(info.driver_name, "net_af_packet") == 0)
		packet_socket_widen(info.if_index);
	return start(port, error);
}

static void restore_modes(const struct port *port)
{
	if (rte_eth_promiscuous_get(port->id) != port->was_promiscuous)
		promiscuous((void *)port, port->was_promiscuous);
	if (rte_eth_allmulticast_get(port->id) != port->was_allmulticast)
		allmulticast((void *)port, port->was_allmulticast);
}

void port_device_stop(struct port *port)
{
	if (port->id == RTE_MAX_ETHPORTS)
		return;
	if (port->macs.ops != NULL && !atomic_load(&port->released))
		restore_modes(port);
	// The callbacks of a released device still exist, and only RTE_ETH_ALL finds them.
	for (unsigned i = 0; i < RTE_DIM(events); i++)
		rte_eth_dev_callback_unregister(RTE_ETH_ALL, events[i], on_event, port);
	if (!atomic_load(&port->released)) {
		rte_eth_dev_stop(port->id);
		rte_eth_dev_close(port->id);
		if (port->probed != NULL)
			rte_dev_remove(port->probed);
	}
	tx_rings_free(port);
}

void port_device_free(struct port *port)
{
	if (port->lock >= 0)
		close(port->lock);
	mac_filter_fini(&port->macs);
	rte_mempool_free(port->header_pool);
	rte_mempool_free(port->tx_pool);
	rte_mempool_free(port->rx_pool);
}
