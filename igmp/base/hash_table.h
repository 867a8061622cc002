// SPDX-License-Identifier: BSD-3-Clause
// A hash table of pool objects with open addressing. A slot holds the hash and the number of an
// object, so that neither a miss nor growing reads the objects, each of which would cost a cache
// miss.
//
// To move a million entries at once would take tens of milliseconds. Therefore each put and remove
// copies a few slots to the next table, which replaces the present one after the last. The slots
// before `copied` have entries in both.
#ifndef IGMP_HASH_TABLE_H
#define IGMP_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct hash_table_slot {
	uint32_t hash;
	uint32_t number; // of the pool object; 0 means free
};

struct hash_table {
	struct hash_table_slot *slots;
	size_t n_slots; // a power of two
	size_t count;
	struct hash_table_slot *next; // NULL if the table is not being resized
	size_t n_next; // slots of the next table
	size_t cleared; // slots of the next table; copying begins after the last
	size_t copied; // slots of this table
	const struct pool *pool;
	size_t *held;
};

bool hash_table_init(struct hash_table *table, const struct pool *pool, size_t *held);
void hash_table_close(struct hash_table *table);

// Makes sure that the next hash_table_put() succeeds. Returns false if out of memory.
bool hash_table_reserve(struct hash_table *table);
void hash_table_put(struct hash_table *table, uint32_t hash, const void *object);
void hash_table_remove(struct hash_table *table, uint32_t hash, const void *object);

// Inline, so that the compiler can inline `equal`. `equal` is NULL if no two objects have the same
// hash: then no object is read.
static inline void *hash_table_find(const struct hash_table *table, uint32_t hash,
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

// Prefetches the cache line where a search for the hash begins.
static inline void hash_table_fetch(const struct hash_table *table, uint32_t hash)
{
	__builtin_prefetch(&table->slots[hash & (table->n_slots - 1)]);
}

static inline uint64_t hash_table_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 29;
}

#endif
