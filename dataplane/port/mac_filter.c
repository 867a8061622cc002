// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_common.h>
#include "mac_filter.h"

static int set_list(struct mac_filter *filter)
{
	struct rte_ether_addr macs[MAC_FILTER_MAX];
	unsigned n = mac_counts_list(&filter->counts, macs, MAC_FILTER_MAX);

	return filter->ops->set_list(filter->device, macs, n);
}

static void refuse(struct mac_filter *filter, const char *call, int error)
{
	snprintf(filter->reason, sizeof(filter->reason), "%s: %s", call, strerror(-error));
}

static bool try_filters(struct mac_filter *filter)
{
	int rc;

	if ((int)filter->counts.n > filter->limit) {
		if (filter->limit == MAC_FILTER_MAX)
			refuse(filter, "set_mc_addr_list", -ENOSPC);
		return false;
	}
	rc = set_list(filter);
	if (rc == 0)
		return true;
	// A device without filters is not tried again; a full one is when there are fewer
	// addresses.
	filter->limit = rc == -ENOTSUP ? -1 : (int)filter->counts.n - 1;
	refuse(filter, "set_mc_addr_list", rc);
	return false;
}

static void apply(struct mac_filter *filter)
{
	const struct mac_filter_ops *ops = filter->ops;
	enum port_receive_mode old = filter->mode;
	int rc;

	if (try_filters(filter)) {
		filter->mode = PORT_FILTERS;
		filter->reason[0] = '\0';
		if (old == PORT_ALLMULTICAST)
			ops->allmulticast(filter->device, false);
		else if (old == PORT_PROMISCUOUS)
			ops->promiscuous(filter->device, false);
	} else if (old == PORT_FILTERS) {
		filter->mode = PORT_ALLMULTICAST;
		rc = ops->allmulticast(filter->device, true);
		if (rc == 0)
			return;
		refuse(filter, "allmulticast", rc);
		filter->mode = PORT_PROMISCUOUS;
		// A device that refuses this as well receives everything anyway (pcap, null).
		ops->promiscuous(filter->device, true);
	}
}

void mac_filter_init(struct mac_filter *filter, const struct mac_filter_ops *ops, void *device)
{
	*filter = (struct mac_filter){
		.ops = ops,
		.device = device,
		.limit = MAC_FILTER_MAX,
		.mode = PORT_FILTERS,
	};
}

void mac_filter_fini(struct mac_filter *filter)
{
	mac_counts_fini(&filter->counts);
}

int mac_filter_add(struct mac_filter *filter, const struct rte_ether_addr *mac)
{
	int count = mac_counts_add(&filter->counts, mac);

	if (count < 0)
		return count;
	if (count == 1)
		apply(filter);
	return 0;
}

void mac_filter_remove(struct mac_filter *filter, const struct rte_ether_addr *mac)
{
	if (mac_counts_remove(&filter->counts, mac) == 0)
		apply(filter);
}
