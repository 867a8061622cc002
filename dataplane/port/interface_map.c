// SPDX-License-Identifier: BSD-3-Clause
#include "interface_map.h"

#define SLOTS_MIN 8

static struct interface *slot_interface(const struct interface_map_slot *slot)
{
	return atomic_load_explicit(&slot->interface, memory_order_relaxed);
}

static unsigned count(const struct interface_map *map)
{
	unsigned n = 0;

	for (unsigned i = 0; map != NULL && i < map->n_slots; i++)
		n += slot_interface(&map->slots[i]) != NULL;
	return n;
}

static struct interface_map_slot *slot_of(struct interface_map *map, uint32_t tags)
{
	unsigned i = interface_map_home(map, tags);

	while (map->slots[i].tags != 0 && map->slots[i].tags != tags)
		i = (i + 1) & (map->n_slots - 1);
	return &map->slots[i];
}

static void insert(struct interface_map *map, uint32_t tags, struct interface *interface)
{
	struct interface_map_slot *slot = slot_of(map, tags);

	slot->tags = tags;
	atomic_store_explicit(&slot->interface, interface, memory_order_relaxed);
}

struct interface_map *interface_map_with(
	const struct interface_map *map, uint32_t tags, struct interface *interface)
{
	const unsigned n = count(map) + 1;
	unsigned n_slots = SLOTS_MIN;
	struct interface_map *new;

	while (n_slots < 2 * n)
		n_slots *= 2;
	new = aligned_memory_alloc(sizeof(*new) + n_slots * sizeof(new->slots[0]));
	if (new == NULL)
		return NULL;
	new->n_slots = n_slots;
	for (unsigned i = 0; map != NULL && i < map->n_slots; i++)
		if (slot_interface(&map->slots[i]) != NULL)
			insert(new, map->slots[i].tags, slot_interface(&map->slots[i]));
	insert(new, tags, interface);
	return new;
}

void interface_map_remove(struct interface_map *map, uint32_t tags)
{
	atomic_store_explicit(&slot_of(map, tags)->interface, NULL, memory_order_release);
}
