// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_common.h>
#include "mac_filter.h"

#define SLOTS_MIN 64

struct mac_count {
	uint64_t mac; // 48 bits
	uint64_t count; // 0: the slot is free
};

static uint64_t key_of(const struct rte_ether_addr *mac)
{
	uint64_t key = 0;

	memcpy(&key, mac->addr_bytes, RTE_ETHER_ADDR_LEN);
	return key;
}

static unsigned home_of(const struct mac_filter *filter, uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15) >> 32 & (filter->n_slots - 1);
}

// The slot of the address, or the free slot for it.
static struct mac_count *slot_of(const struct mac_filter *filter, uint64_t key)
{
	unsigned i = home_of(filter, key);

	while (filter->slots[i].count != 0 && filter->slots[i].mac != key)
		i = (i + 1) & (filter->n_slots - 1);
	return &filter->slots[i];
}

static int grow(struct mac_filter *filter)
{
	struct mac_count *old = filter->slots;
	unsigned n_old = filter->n_slots;
	struct mac_count *slots = calloc(2 * n_old, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	filter->slots = slots;
	filter->n_slots = 2 * n_old;
	for (unsigned i = 0; i < n_old; i++)
		if (old[i].count != 0)
			*slot_of(filter, old[i].mac) = old[i];
	free(old);
	return 0;
}

// Frees a slot and closes the gap, so that a search may stop at the first free slot.
static void release(struct mac_filter *filter, struct mac_count *slot)
{
	unsigned mask = filter->n_slots - 1;
	unsigned hole = slot - filter->slots;

	for (unsigned i = (hole + 1) & mask; filter->slots[i].count != 0; i = (i + 1) & mask) {
		unsigned home = home_of(filter, filter->slots[i].mac);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			filter->slots[hole] = filter->slots[i];
			hole = i;
		}
	}
	filter->slots[hole].count = 0;
	filter->n--;
}

static int set_list(struct mac_filter *filter)
{
	struct rte_ether_addr macs[MAC_FILTER_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < filter->n_slots && n < filter->n; i++)
		if (filter->slots[i].count != 0)
			memcpy(macs[n++].addr_bytes, &filter->slots[i].mac, RTE_ETHER_ADDR_LEN);
	return filter->ops->set_list(filter->device, macs, n);
}

static void refuse(struct mac_filter *filter, const char *call, int error)
{
	snprintf(filter->reason, sizeof(filter->reason), "%s: %s", call, strerror(-error));
}

static bool try_filters(struct mac_filter *filter)
{
	int rc;

	if ((int)filter->n > filter->limit) {
		if (filter->limit == MAC_FILTER_MAX)
			refuse(filter, "set_mc_addr_list", -ENOSPC);
		return false;
	}
	rc = set_list(filter);
	if (rc == 0)
		return true;
	// A device without filters is not tried again; a full one is when there are fewer
	// addresses.
	filter->limit = rc == -ENOTSUP ? -1 : (int)filter->n - 1;
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

int mac_filter_init(struct mac_filter *filter, const struct mac_filter_ops *ops, void *device)
{
	*filter = (struct mac_filter){
		.ops = ops,
		.device = device,
		.slots = calloc(SLOTS_MIN, sizeof(*filter->slots)),
		.n_slots = SLOTS_MIN,
		.limit = MAC_FILTER_MAX,
		.mode = PORT_FILTERS,
	};
	return filter->slots == NULL ? -ENOMEM : 0;
}

void mac_filter_fini(struct mac_filter *filter)
{
	free(filter->slots);
}

int mac_filter_add(struct mac_filter *filter, const struct rte_ether_addr *mac)
{
	uint64_t key = key_of(mac);
	struct mac_count *slot = slot_of(filter, key);

	if (slot->count != 0) {
		slot->count++;
		return 0;
	}
	if (filter->n >= filter->n_slots / 2) {
		if (grow(filter) < 0)
			return -ENOMEM;
		slot = slot_of(filter, key);
	}
	*slot = (struct mac_count){.mac = key, .count = 1};
	filter->n++;
	apply(filter);
	return 0;
}

void mac_filter_remove(struct mac_filter *filter, const struct rte_ether_addr *mac)
{
	struct mac_count *slot = slot_of(filter, key_of(mac));

	if (slot->count == 0 || --slot->count != 0)
		return;
	release(filter, slot);
	apply(filter);
}
