// SPDX-License-Identifier: BSD-3-Clause
// The hash table, compared with a plain array.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "hash_table.h"
#include "pool.h"

struct thing {
	uint32_t key;
	uint32_t more[3];
};

static bool has_key(const void *thing, const void *key)
{
	return ((const struct thing *)thing)->key == *(const uint32_t *)key;
}

Test(hash_table, model,
	.description = "SEC-6: a table holds exactly the keys in it, in little memory")
{
	static struct thing *things[20000];
	size_t held = 0;
	struct pool pool;
	struct hash_table table;
	unsigned n = 0, n_resizing = 0;

	srand(5);
	pool_init(&pool, sizeof(struct thing), &held);
	cr_assert(hash_table_init(&table, &pool, &held));
	for (unsigned round = 0; round < 600000; round++) {
		// The table fills in the first half and drains in the second.
		uint32_t key = rand() % 20000;
		bool fill = rand() % 100 < (round < 300000 ? 70 : 30);
		uint32_t hash = hash_table_mix(key / 3); // with collisions
		const void *next = table.next;
		size_t copied = table.copied;

		cr_assert_eq(hash_table_find(&table, hash, has_key, &key), things[key]);
		if (things[key] == NULL && fill) {
			things[key] = pool_get(&pool);
			cr_assert_eq(things[key]->key, 0);
			cr_assert_eq(pool_at(&pool, pool_number(things[key])), things[key]);
			things[key]->key = key;
			cr_assert(hash_table_reserve(&table));
			hash_table_put(&table, hash, things[key]);
			n++;
		} else if (things[key] != NULL && !fill) {
			hash_table_remove(&table, hash, things[key]);
			memset(things[key], 0xa5, sizeof(struct thing));
			pool_put(things[key]);
			things[key] = NULL;
			n--;
		}
		cr_assert_eq(table.count, n);
		cr_assert_eq(pool.n_used, n);
		if (next != NULL && table.next == next)
			cr_assert_leq(table.copied, copied + 64, "a long step");
		n_resizing += next != NULL;
	}
	for (uint32_t key = 0; key < 20000; key++) {
		if (things[key] == NULL)
			continue;
		hash_table_remove(&table, hash_table_mix(key / 3), things[key]);
		pool_put(things[key]);
	}
	cr_assert_gt(n_resizing, 1000);
	cr_assert_lt(held, 40000, "%zu bytes are held by nothing", held);
	hash_table_close(&table);
	pool_close(&pool);
	cr_assert_eq(held, 0);
}
