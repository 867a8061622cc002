// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "memory.h"
#include "hash_table.h"

#define SLOTS_MIN 64
#define LINE 64 // bytes of a cache line
// Slots per put or remove. They complete a resize while the count changes by a fortieth of the
// slots, so that a table that gets empty shrinks to the minimum.
#define CLEARED 256
#define COPIED 64

static struct hash_table_slot *open_slots(size_t n_slots, size_t *held)
{
	return memory_get_aligned(held, LINE, n_slots * sizeof(struct hash_table_slot));
}

bool hash_table_init(struct hash_table *table, const struct pool *pool, size_t *held)
{
	*table = (struct hash_table){.n_slots = SLOTS_MIN, .pool = pool, .held = held};
	table->slots = open_slots(SLOTS_MIN, held);
	if (table->slots != NULL)
		memset(table->slots, 0, SLOTS_MIN * sizeof(*table->slots));
	return table->slots != NULL;
}

void hash_table_close(struct hash_table *table)
{
	memory_put(table->held, table->slots, table->n_slots * sizeof(*table->slots));
	memory_put(table->held, table->next, table->n_next * sizeof(*table->next));
	table->slots = table->next = NULL;
}

// Returns where it has put the entry.
static size_t place(struct hash_table_slot *slots, size_t n_slots, struct hash_table_slot slot)
{
	size_t at = slot.hash & (n_slots - 1);

	while (slots[at].number != 0)
		at = (at + 1) & (n_slots - 1);
	slots[at] = slot;
	return at;
}

// Returns the slot of an entry that is there.
static size_t find_slot(
	const struct hash_table_slot *slots, size_t n_slots, uint32_t hash, uint32_t number)
{
	size_t at = hash & (n_slots - 1);

	while (slots[at].number != number)
		at = (at + 1) & (n_slots - 1);
	return at;
}

// The distance of the slot from the home of its hash.
static size_t displacement(const struct hash_table_slot *slots, size_t n_slots, size_t at)
{
	return (at - slots[at].hash) & (n_slots - 1);
}

// Removes the entry at `gap`. Moves entries that were displaced past the gap back into it, so that
// no search ends too early. Calls moved(table, from, to) before it moves one.
static void close_gap(struct hash_table *table, struct hash_table_slot *slots, size_t n_slots,
	size_t gap, void (*moved)(struct hash_table *table, size_t from, size_t to))
{
	for (size_t at = (gap + 1) & (n_slots - 1); slots[at].number != 0;
		at = (at + 1) & (n_slots - 1)) {
		if (displacement(slots, n_slots, at) < ((at - gap) & (n_slots - 1)))
			continue;
		if (moved != NULL)
			moved(table, at, gap);
		slots[gap] = slots[at];
		gap = at;
	}
	slots[gap].number = 0;
}

// ---- The next table ------------------------------------------------------------------------

static bool start_resize(struct hash_table *table, size_t n_slots)
{
	table->next = open_slots(n_slots, table->held);
	if (table->next == NULL)
		return false;
	table->n_next = n_slots;
	table->cleared = table->copied = 0;
	return true;
}

static void end_resize(struct hash_table *table)
{
	memory_put(table->held, table->slots, table->n_slots * sizeof(*table->slots));
	table->slots = table->next;
	table->n_slots = table->n_next;
	table->next = NULL;
	table->n_next = 0;
}

static void copy_slots(struct hash_table *table)
{
	size_t end = table->copied + COPIED;

	if (end > table->n_slots)
		end = table->n_slots;
	for (; table->copied < end; table->copied++) {
		if (table->slots[table->copied].number != 0)
			place(table->next, table->n_next, table->slots[table->copied]);
	}
	if (table->copied == table->n_slots)
		end_resize(table);
}

static void step(struct hash_table *table)
{
	size_t n = table->n_next - table->cleared;

	if (n == 0) {
		copy_slots(table);
		return;
	}
	if (n > CLEARED)
		n = CLEARED;
	memset(&table->next[table->cleared], 0, n * sizeof(*table->next));
	table->cleared += n;
}

static void remove_from_next(struct hash_table *table, struct hash_table_slot slot)
{
	close_gap(table, table->next, table->n_next,
		find_slot(table->next, table->n_next, slot.hash, slot.number), NULL);
}

// An entry moves in the present table, and the border of the copied ones may lie between.
static void moved(struct hash_table *table, size_t from, size_t to)
{
	if (table->next == NULL)
		return;
	if (from >= table->copied && to < table->copied)
		place(table->next, table->n_next, table->slots[from]);
	else if (from < table->copied && to >= table->copied)
		remove_from_next(table, table->slots[from]);
}

// --------------------------------------------------------------------------------------------

// A resize ends long before the table is full.
bool hash_table_reserve(struct hash_table *table)
{
	return table->count < table->n_slots / 2 || table->next != NULL ||
	       start_resize(table, 2 * table->n_slots);
}

void hash_table_put(struct hash_table *table, uint32_t hash, const void *object)
{
	struct hash_table_slot slot = {hash, pool_number(object)};
	size_t at = place(table->slots, table->n_slots, slot);

	if (table->next != NULL && at < table->copied)
		place(table->next, table->n_next, slot);
	table->count++;
	if (table->next != NULL)
		step(table);
}

void hash_table_remove(struct hash_table *table, uint32_t hash, const void *object)
{
	uint32_t number = pool_number(object);
	size_t at = find_slot(table->slots, table->n_slots, hash, number);

	if (table->next != NULL && at < table->copied)
		remove_from_next(table, table->slots[at]);
	close_gap(table, table->slots, table->n_slots, at, moved);
	table->count--;
	// Without memory to shrink, the table stays large.
	if (table->next == NULL && table->n_slots > SLOTS_MIN && table->count < table->n_slots / 8)
		start_resize(table, table->n_slots / 2);
	if (table->next != NULL)
		step(table);
}
