// SPDX-License-Identifier: BSD-3-Clause
// A hash table of pool objects by open addressing. A slot holds the hash and the number of an
// object, so that neither a miss nor growing ever touches the objects: what a million of them cost
// is one cache miss each.
#ifndef IGMP_TABLE_H
#define IGMP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct table_slot {
	uint32_t hash;
	uint32_t number; // of the pool object, 0: free
};

struct table {
	struct table_slot *slots;
	size_t n_slots; // a power of two
	size_t count;
	const struct pool *pool;
	size_t *held;
};

bool table_init(struct table *table, const struct pool *pool, size_t *held);
void table_close(struct table *table);

// Makes sure that the next table_put() succeeds. False: no memory.
bool table_reserve(struct table *table);
void table_put(struct table *table, uint32_t hash, const void *object);
void table_remove(struct table *table, uint32_t hash, const void *object);

// In line, so that the comparison is. It is NULL where no two objects have the same hash: then none
// is read.
static inline void *table_find(const struct table *table, uint32_t hash,
	bool (*equal)(const void *object, const void *key), const void *key)
{
	size_t mask = table->n_slots - 1;

	for (size_t at = hash & mask; table->slots[at].number != 0; at = (at + 1) & mask) {
		void *object;

		if (table->slots[at].hash != hash)
			continue;
		object = pool_at(table->pool, table->slots[at].number);
		if (equal == NULL || equal(object, key))
			return object;
	}
	return NULL;
}

// Brings in the line of memory where a search for that hash will begin.
static inline void table_fetch(const struct table *table, uint32_t hash)
{
	__builtin_prefetch(&table->slots[hash & (table->n_slots - 1)]);
}

static inline uint64_t table_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 29;
}

#endif
