// SPDX-License-Identifier: BSD-3-Clause
// An intrusive hash table that doubles a few buckets at a time: no operation ever pays for all.
#ifndef IGMP_TABLE_H
#define IGMP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_link {
	struct table_link *next;
};

struct table {
	struct table_link **slots;
	struct table_link **old; // the smaller table while it is being emptied, else NULL
	size_t n_slots;
	size_t n_moved; // buckets of `old` already emptied
	size_t count;
	uint64_t (*hash)(const struct table_link *link);
	size_t *held;
};

bool table_init(struct table *table, uint64_t (*hash)(const struct table_link *link), size_t *held);
void table_close(struct table *table);

// Cannot fail: a table that finds no memory to grow only gets slower.
void table_put(struct table *table, struct table_link *link);
void table_remove(struct table *table, struct table_link *link);

struct table_link *table_find(const struct table *table, uint64_t hash,
	bool (*equal)(const struct table_link *link, const void *key), const void *key);

static inline uint64_t table_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 29;
}

#endif
