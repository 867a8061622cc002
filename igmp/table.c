// SPDX-License-Identifier: BSD-3-Clause
#include "memory.h"
#include "table.h"

#define SLOTS_MIN 64
#define LOAD_MAX 2 // links a slot: memory a group has a budget, PROTOCOL has none for chains
#define MOVE_STEP 4 // old buckets an insertion or removal empties

bool table_init(struct table *table, uint64_t (*hash)(const struct table_link *link), size_t *held)
{
	*table = (struct table){.hash = hash, .n_slots = SLOTS_MIN, .held = held};
	table->slots = memory_get(held, SLOTS_MIN * sizeof(*table->slots));
	return table->slots != NULL;
}

static void drop_old(struct table *table)
{
	memory_put(table->held, table->old, table->n_slots / 2 * sizeof(*table->old));
	table->old = NULL;
}

void table_close(struct table *table)
{
	drop_old(table);
	memory_put(table->held, table->slots, table->n_slots * sizeof(*table->slots));
	table->slots = NULL;
}

static void push(struct table_link **slot, struct table_link *link)
{
	link->next = *slot;
	*slot = link;
}

static void move_some(struct table *table)
{
	size_t n_old = table->n_slots / 2;

	if (table->old == NULL)
		return;
	for (unsigned i = 0; i < MOVE_STEP && table->n_moved < n_old; i++) {
		struct table_link *link, *next;

		for (link = table->old[table->n_moved]; link != NULL; link = next) {
			next = link->next;
			push(&table->slots[table->hash(link) & (table->n_slots - 1)], link);
		}
		table->old[table->n_moved++] = NULL;
	}
	if (table->n_moved == n_old)
		drop_old(table);
}

static void grow(struct table *table)
{
	size_t n_slots = table->n_slots * 2;
	struct table_link **slots = memory_get(table->held, n_slots * sizeof(*slots));

	if (slots == NULL)
		return;
	table->old = table->slots;
	table->n_moved = 0;
	table->slots = slots;
	table->n_slots = n_slots;
}

// The memory of a million groups goes back when they have left. Empty is the only moment at which
// that costs nothing.
static void shrink(struct table *table)
{
	struct table_link **slots = memory_get(table->held, SLOTS_MIN * sizeof(*slots));

	if (slots == NULL)
		return;
	table_close(table);
	table->slots = slots;
	table->n_slots = SLOTS_MIN;
}

void table_put(struct table *table, struct table_link *link)
{
	move_some(table);
	if (table->old == NULL && table->count >= table->n_slots * LOAD_MAX)
		grow(table);
	push(&table->slots[table->hash(link) & (table->n_slots - 1)], link);
	table->count++;
}

static bool unlink_from(struct table_link **slot, struct table_link *link)
{
	for (; *slot != NULL; slot = &(*slot)->next) {
		if (*slot == link) {
			*slot = link->next;
			return true;
		}
	}
	return false;
}

void table_remove(struct table *table, struct table_link *link)
{
	uint64_t hash = table->hash(link);

	if (!unlink_from(&table->slots[hash & (table->n_slots - 1)], link))
		unlink_from(&table->old[hash & (table->n_slots / 2 - 1)], link);
	table->count--;
	move_some(table);
	if (table->count == 0 && table->n_slots > SLOTS_MIN)
		shrink(table);
}

static struct table_link *chain_find(struct table_link *link,
	bool (*equal)(const struct table_link *link, const void *key), const void *key)
{
	while (link != NULL && !equal(link, key))
		link = link->next;
	return link;
}

struct table_link *table_find(const struct table *table, uint64_t hash,
	bool (*equal)(const struct table_link *link, const void *key), const void *key)
{
	struct table_link *link;

	link = chain_find(table->slots[hash & (table->n_slots - 1)], equal, key);
	if (link == NULL && table->old != NULL)
		link = chain_find(table->old[hash & (table->n_slots / 2 - 1)], equal, key);
	return link;
}
