// SPDX-License-Identifier: BSD-3-Clause
// Interfaces: which (port, VLAN tags) a frame came in by, and the group tables that go with it.
#ifndef DATAPLANE_INTERFACE_H
#define DATAPLANE_INTERFACE_H

#include <sys/queue.h>
#include "dataplane.h"
#include "group_table.h"

struct interface {
	LIST_ENTRY(interface) next; // control thread only
	// Const once open.
	struct port *port;
	uint16_t outer_vlan, inner_vlan;
	void *user;
	struct group_table *table4, *table6;
};

void interface_close(struct interface *interface);

// The interfaces of one port by their tags: a hash table that is seldom more than half full. It
// changes only while the workers are stopped.
struct interface_map {
	struct interface **slots; // NULL: free; a power of two of them, none in an empty map
	unsigned n_slots, n;
};

// -EEXIST, -ENOMEM
int interface_map_add(struct interface_map *map, struct interface *interface);
void interface_map_fini(struct interface_map *map);

static inline unsigned interface_map_home(
	const struct interface_map *map, uint16_t outer_vlan, uint16_t inner_vlan)
{
	uint64_t key = (uint64_t)outer_vlan << 12 | inner_vlan;

	return (key * 0x9e3779b97f4a7c15) >> 40 & (map->n_slots - 1);
}

// NULL: no interface has these tags.
static inline struct interface *interface_map_find(
	const struct interface_map *map, uint16_t outer_vlan, uint16_t inner_vlan)
{
	struct interface *interface;
	unsigned i;

	if (map->n == 0)
		return NULL;
	i = interface_map_home(map, outer_vlan, inner_vlan);
	while ((interface = map->slots[i]) != NULL) {
		if (interface->outer_vlan == outer_vlan && interface->inner_vlan == inner_vlan)
			return interface;
		i = (i + 1) & (map->n_slots - 1);
	}
	return NULL;
}

#endif
