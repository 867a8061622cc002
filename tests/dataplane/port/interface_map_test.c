// SPDX-License-Identifier: BSD-3-Clause
// The map from VLAN tags to interfaces, checked for all pairs of tags.
#include <criterion/criterion.h>
#include <stdlib.h>
#include "interface_map.h"

// The map only stores pointers, so any value will do.
enum { N = 2000, OUTER = 40, INNER = 100 };

static struct interface *interface(unsigned i)
{
	static char places[4096];

	return (struct interface *)&places[i];
}

static struct interface_map *add(struct interface_map *map, uint32_t tags, unsigned i)
{
	struct interface_map *next = interface_map_with(map, tags, interface(i));

	cr_assert_not_null(next);
	free(map);
	return next;
}

// Few outer tags, so that many pairs differ in the inner one only.
static struct interface_map *fill(uint32_t *tags)
{
	struct interface_map *map = NULL;
	unsigned seed = 3, added = 0;

	while (added < N) {
		tags[added] = added == 0 ? interface_map_tags(0, 0)
					 : interface_map_tags(rand_r(&seed) % OUTER + 1,
						   rand_r(&seed) % INNER);
		if (interface_map_find(map, tags[added]) != NULL)
			continue;
		map = add(map, tags[added], added);
		added++;
	}
	return map;
}

Test(interface_map, find,
	.description = "promise 5: exactly the interface with these tags is found")
{
	static uint32_t tags[N];
	struct interface_map *map;

	cr_expect_null(interface_map_find(NULL, interface_map_tags(0, 0)));
	map = fill(tags);
	for (unsigned i = 0; i < N; i++)
		cr_assert_eq(interface_map_find(map, tags[i]), interface(i));
	for (unsigned outer = OUTER + 1; outer < 4096; outer++)
		cr_assert_null(interface_map_find(map, interface_map_tags(outer, outer % INNER)));
	for (unsigned inner = INNER; inner < 4096; inner++)
		cr_assert_null(
			interface_map_find(map, interface_map_tags(inner % OUTER + 1, inner)));
	free(map);
}

Test(interface_map, remove,
	.description = "promise 6: an interface that stays is found while others come and go")
{
	static uint32_t tags[N];
	struct interface_map *map = fill(tags);

	for (unsigned i = 0; i < N; i += 2)
		interface_map_remove(map, tags[i]);
	for (unsigned i = 0; i < N; i++)
		cr_assert_eq(interface_map_find(map, tags[i]), i % 2 ? interface(i) : NULL);
	// A copy has no entries of removed interfaces.
	map = add(map, tags[0], 0);
	cr_expect_eq(map->n_slots, 2048);
	for (unsigned i = 1; i < N; i++)
		cr_assert_eq(interface_map_find(map, tags[i]), i % 2 ? interface(i) : NULL);
	cr_expect_eq(interface_map_find(map, tags[0]), interface(0));
	free(map);
}

Test(interface_map, crowded, .description = "4094 VLANs on one port are found in one or two steps")
{
	struct interface_map *map = NULL;
	unsigned steps = 0;

	for (unsigned i = 0; i < 4094; i++)
		map = add(map, interface_map_tags(i + 1, 0), i);
	for (unsigned i = 0; i < 4094; i++) {
		uint32_t tags = interface_map_tags(i + 1, 0);
		unsigned home = interface_map_home(map, tags);

		while (map->slots[home].tags != tags) {
			home = (home + 1) & (map->n_slots - 1);
			steps++;
		}
	}
	cr_expect_lt(steps, 4094, "%u steps beyond the first", steps);
	free(map);
}
