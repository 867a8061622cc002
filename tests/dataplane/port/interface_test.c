// SPDX-License-Identifier: BSD-3-Clause
// The map from VLAN tags to interfaces, against all pairs there are.
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include "interface.h"

Test(interface, map, .description = "promise 5: exactly the interface with these tags is found")
{
	enum { N = 2000 };
	static struct interface interfaces[N];
	struct interface_map map = {0};
	unsigned seed = 3, added = 0;

	cr_expect_null(interface_map_find(&map, VLAN_NONE, VLAN_NONE));
	while (added < N) {
		struct interface *interface = &interfaces[added];
		bool known = false;

		// Few outer tags, so that many pairs differ in the inner one only.
		interface->outer_vlan = added == 0 ? VLAN_NONE : rand_r(&seed) % 40 + 1;
		interface->inner_vlan = added == 0 ? VLAN_NONE : rand_r(&seed) % 100;
		for (unsigned i = 0; i < added && !known; i++)
			known = interfaces[i].outer_vlan == interface->outer_vlan &&
				interfaces[i].inner_vlan == interface->inner_vlan;
		cr_assert_eq(interface_map_add(&map, interface), known ? -EEXIST : 0);
		added += !known;
	}
	for (unsigned i = 0; i < N; i++)
		cr_assert_eq(interface_map_find(
				     &map, interfaces[i].outer_vlan, interfaces[i].inner_vlan),
			&interfaces[i]);
	for (unsigned outer = 41; outer < 4096; outer++)
		cr_assert_null(interface_map_find(&map, outer, outer % 100));
	for (unsigned inner = 100; inner < 4096; inner++)
		cr_assert_null(interface_map_find(&map, inner % 40 + 1, inner));
	interface_map_fini(&map);
}

Test(interface, crowded, .description = "4094 VLANs on one port are found in a step or two")
{
	static struct interface interfaces[4094];
	struct interface_map map = {0};
	unsigned steps = 0;

	for (unsigned i = 0; i < 4094; i++) {
		interfaces[i].outer_vlan = i + 1;
		cr_assert_eq(interface_map_add(&map, &interfaces[i]), 0);
	}
	for (unsigned i = 0; i < 4094; i++) {
		unsigned home = interface_map_home(&map, i + 1, VLAN_NONE);

		while (map.slots[home] != &interfaces[i]) {
			home = (home + 1) & (map.n_slots - 1);
			steps++;
		}
	}
	cr_expect_lt(steps, 4094, "%u steps beyond the first", steps);
	interface_map_fini(&map);
}
