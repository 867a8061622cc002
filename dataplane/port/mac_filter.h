// SPDX-License-Identifier: BSD-3-Clause
// The multicast MAC addresses that a port receives. They are counted, because 32 IPv4 groups share
// one address. The device gets exact filters, otherwise allmulticast, otherwise promiscuous mode.
//
// Thread rule: the control thread only.
#ifndef DATAPLANE_MAC_FILTER_H
#define DATAPLANE_MAC_FILTER_H

#include <limits.h>
#include <rte_ether.h>
#include "dataplane.h"
#include "mac_counts.h"

// More exact filters than any NIC has. The device is not tried with more.
#define MAC_FILTER_MAX 1024

// The operations of the device. Each returns 0 or a negative errno.
struct mac_filter_ops {
	int (*set_list)(void *device, const struct rte_ether_addr *macs, unsigned n);
	int (*allmulticast)(void *device, bool on);
	int (*promiscuous)(void *device, bool on);
};

struct mac_filter {
	const struct mac_filter_ops *ops;
	void *device;
	struct mac_counts counts;
	int limit; // exact filters that the device probably accepts; -1: it has none
	enum port_receive_mode mode;
	char reason[96]; // why no better mode is used; empty for exact filters
};

void mac_filter_init(struct mac_filter *filter, const struct mac_filter_ops *ops, void *device);
void mac_filter_fini(struct mac_filter *filter);

// -ENOMEM changes nothing. If the device refuses, the mode changes; this is not an error.
int mac_filter_add(struct mac_filter *filter, const struct rte_ether_addr *mac);
void mac_filter_remove(struct mac_filter *filter, const struct rte_ether_addr *mac);

#endif
