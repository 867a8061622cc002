// SPDX-License-Identifier: BSD-3-Clause
// Which multicast MAC addresses a port is to let through: counted, since 32 IPv4 groups share
// one, and told to the device as exact filters, else by allmulticast, else by promiscuous mode.
//
// Thread rule: the control thread only.
#ifndef DATAPLANE_MAC_FILTER_H
#define DATAPLANE_MAC_FILTER_H

#include <limits.h>
#include <rte_ether.h>
#include "dataplane.h"

// More exact filters than any NIC has; beyond it the device is not asked.
#define MAC_FILTER_MAX 1024

// What the device can do. Each returns 0 or a negative errno.
struct mac_filter_ops {
	int (*set_list)(void *device, const struct rte_ether_addr *macs, unsigned n);
	int (*allmulticast)(void *device, bool on);
	int (*promiscuous)(void *device, bool on);
};

struct mac_count;

struct mac_filter {
	const struct mac_filter_ops *ops;
	void *device;
	struct mac_count *slots; // open addressing, a power of two of them
	unsigned n_slots;
	unsigned n; // distinct addresses
	int limit; // as many exact filters the device is believed to take; below 0: not even none
	enum port_receive_mode mode;
	char reason[96]; // why not a mode before it; empty in the first
};

int mac_filter_init(struct mac_filter *filter, const struct mac_filter_ops *ops, void *device);
void mac_filter_fini(struct mac_filter *filter);

// -ENOMEM changes nothing. A device that refuses is no error: the mode changes.
int mac_filter_add(struct mac_filter *filter, const struct rte_ether_addr *mac);
void mac_filter_remove(struct mac_filter *filter, const struct rte_ether_addr *mac);

#endif
