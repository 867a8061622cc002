// SPDX-License-Identifier: BSD-3-Clause
// The interfaces of one port by their VLAN tags: a hash table that is rarely more than half full.
//
// Workers read it without a lock. The control thread adds an interface to a copy of the map, which
// it publishes by one store, and removes one by clearing the pointer in its slot, which needs no
// memory. The caller retires what a worker may still use.
#ifndef DATAPLANE_INTERFACE_MAP_H
#define DATAPLANE_INTERFACE_MAP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "reclaim.h"

struct interface;

struct interface_map_slot {
	uint32_t tags; // const, interface_map_tags(); 0: free
	_Atomic(struct interface *) interface; // control: wo, worker: ro; NULL: removed
};

struct interface_map {
	struct reclaim_item reclaim;
	unsigned n_slots; // const, a power of two
	struct interface_map_slot slots[];
};

// VLAN_NONE means that there is no such tag.
static inline uint32_t interface_map_tags(uint16_t outer_vlan, uint16_t inner_vlan)
{
	return UINT32_C(1) << 31 | (uint32_t)outer_vlan << 12 | inner_vlan;
}

static inline unsigned interface_map_home(const struct interface_map *map, uint32_t tags)
{
	return (uint64_t)tags * 0x9e3779b97f4a7c15 >> 40 & (map->n_slots - 1);
}

// Any thread that may read the map. NULL: no interface has these tags. A NULL map is empty.
static inline struct interface *interface_map_find(const struct interface_map *map, uint32_t tags)
{
	unsigned i;

	if (map == NULL)
		return NULL;
	i = interface_map_home(map, tags);
	while (map->slots[i].tags != 0) {
		if (map->slots[i].tags == tags)
			return atomic_load_explicit(&map->slots[i].interface, memory_order_acquire);
		i = (i + 1) & (map->n_slots - 1);
	}
	return NULL;
}

// Control thread. Returns a copy of the map (NULL: an empty one) with an additional interface. The
// map must not have its tags. NULL without memory. The caller frees the copy with free().
struct interface_map *interface_map_with(
	const struct interface_map *map, uint32_t tags, struct interface *interface);
// Control thread. Removes the interface with these tags, which must be in the map.
void interface_map_remove(struct interface_map *map, uint32_t tags);

#endif
