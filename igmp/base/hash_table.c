// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "memory.h"
#include "hash_table.h"

#define SLOTS_MIN 64
#define LINE 64 // bytes of a cache line

static struct hash_table_slot *open_slots(size_t n_slots, size_t *held)
{
	struct hash_table_slot *slots = memory_get_aligned(held, LINE, n_slots * sizeof(*slots));

	if (slots != NULL)
		memset(slots, 0, n_slots * sizeof(*slots));
	return slots;
}

bool hash_table_init(struct hash_table *table, const struct pool *pool, size_t *held)
{
	*table = (struct hash_table){.n_slots = SLOTS_MIN, .pool = pool, .held = held};
	table->slots = open_slots(SLOTS_MIN, held);
	return table->slots != NULL;
}

void hash_table_close(struct hash_table *table)
{
	memory_put(table->held, table->slots, table->n_slots * sizeof(*table->slots));
	table->slots = NULL;
}

static size_t next_slot(const struct hash_table *table, size_t at)
{
	return (at + 1) & (table->n_slots - 1);
}

static void place(struct hash_table *table, struct hash_table_slot slot)
{
	size_t at = slot.hash & (table->n_slots - 1);

	while (table->slots[at].number != 0)
		at = next_slot(table, at);
	table->slots[at] = slot;
}

static bool resize(struct hash_table *table, size_t n_slots)
{
	struct hash_table old = *table;
	struct hash_table_slot *slots = open_slots(n_slots, table->held);

	if (slots == NULL)
		return false;
	table->slots = slots;
	table->n_slots = n_slots;
	for (size_t i = 0; i < old.n_slots; i++) {
		if (old.slots[i].number != 0)
			place(table, old.slots[i]);
	}
	hash_table_close(&old);
	return true;
}

bool hash_table_reserve(struct hash_table *table)
{
	return table->count < table->n_slots / 2 || resize(table, 2 * table->n_slots);
}

void hash_table_put(struct hash_table *table, uint32_t hash, const void *object)
{
	place(table, (struct hash_table_slot){hash, pool_number(object)});
	table->count++;
}

// The distance of the slot from the home of its hash.
static size_t displacement(const struct hash_table *table, size_t at)
{
	return (at - table->slots[at].hash) & (table->n_slots - 1);
}

void hash_table_remove(struct hash_table *table, uint32_t hash, const void *object)
{
	uint32_t number = pool_number(object);
	size_t gap = hash & (table->n_slots - 1);

	while (table->slots[gap].number != number)
		gap = next_slot(table, gap);
	// Moves entries that were displaced past the gap back into it, so that no search ends too
	// early.
	for (size_t at = next_slot(table, gap); table->slots[at].number != 0;
		at = next_slot(table, at)) {
		if (displacement(table, at) < ((at - gap) & (table->n_slots - 1)))
			continue;
		table->slots[gap] = table->slots[at];
		gap = at;
	}
	table->slots[gap].number = 0;
	table->count--;
	// Without memory to shrink, the table stays large.
	if (table->n_slots > SLOTS_MIN && table->count < table->n_slots / 8)
		resize(table, table->n_slots / 2);
}
