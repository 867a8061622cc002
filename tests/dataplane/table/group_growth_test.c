// SPDX-License-Identifier: BSD-3-Clause
// A group table that grows or shrinks copies few buckets per call and misses no group meanwhile.
#include "group_growth.h"
#include "group_index.h"
#include "group_table_fixture.h"
#include "random_fixture.h"
#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUPS = 60000, COPIED_MAX = 16 };

static struct reclaim reclaim;
static struct group_table *table;
static bool joined[GROUPS];
static unsigned n_calls_growing;

static void open_table(uint16_t family)
{
	cr_assert_eq(reclaim_init(&reclaim, 1), 0);
	cr_assert_eq(group_table_create(family, 1, &reclaim, &table), 0);
}

static void close_table(void)
{
	group_table_destroy(table);
	reclaim_fini(&reclaim);
}

// Puts or removes the group, and checks how many buckets that has copied.
static void change(uint32_t number, bool join)
{
	struct sluice_addr group = fixture_group(table->family, number);
	const struct group_growth *growth = &table->writer->growth;
	const struct group_buckets *next = growth->next;
	uint32_t copied = growth->copied;

	if (join)
		cr_assert_eq(fixture_put(table, &reclaim, &group, number), 0);
	else
		cr_assert_eq(fixture_remove(table, &reclaim, &group), joined[number]);
	joined[number] = join;
	reclaim_poll(&reclaim);
	n_calls_growing += growth->next != NULL;
	if (growth->next != NULL)
		cr_assert_leq(growth->copied, (next == growth->next ? copied : 0) + COPIED_MAX);
}

static void check_groups(void)
{
	for (uint32_t i = 0; i < GROUPS; i++) {
		struct sluice_addr group = fixture_group(table->family, i);
		uint32_t index;

		cr_assert_eq(fixture_lookup(table, &group, 1, &index), joined[i]);
		if (joined[i])
			cr_assert_eq(
				fixture_group_number(group_storage_record(table, 0, index)), i);
	}
}

// Grows to GROUPS and shrinks again, with some changes in the other direction.
static void grow_and_shrink(uint16_t family)
{
	struct random random = {1};

	open_table(family);
	for (uint32_t i = 0; i < GROUPS; i++) {
		change(i, true);
		change(random_below(&random, i + 1), random_below(&random, 4) != 0);
	}
	check_groups();
	for (uint32_t i = 0; i < GROUPS; i++) {
		change(i, false);
		change(random_below(&random, GROUPS), random_below(&random, 4) == 0);
	}
	check_groups();
	cr_expect_gt(n_calls_growing, GROUPS / 100, "%u calls", n_calls_growing);
	close_table();
}

Test(group_growth, ipv4, .description = "each put or remove copies at most 16 buckets")
{
	grow_and_shrink(AF_INET);
}

Test(group_growth, ipv6, .description = "each put or remove of IPv6 copies at most 16 buckets")
{
	grow_and_shrink(AF_INET6);
}

Test(group_growth, bad_seed,
	.description = "a seed that does not fit all groups is replaced by another")
{
	const struct group_growth *growth;
	struct group_buckets *next;
	uint32_t i = 0;

	open_table(AF_INET);
	growth = &table->writer->growth;
	// At the beginning of a growth, so that the next step does not end it.
	while (i < 10000 || growth->next != NULL)
		change(i++, true);
	while (growth->next == NULL)
		change(i++, true);
	next = growth->next;
	next->seeds[0] = 0; // all in one bucket
	// One step may copy fewer groups than a bucket and its neighbours hold.
	while (growth->next == next && growth->seeds_tried == 0)
		change(i++, true);
	cr_expect_neq(growth->seeds_tried, 0);
	while (growth->next != NULL)
		change(i++, true);
	check_groups();
	close_table();
}

Test(group_growth, half_done, .description = "a table that is growing can be destroyed")
{
	uint32_t i = 0;

	open_table(AF_INET);
	while (i < 10000 || table->writer->growth.next == NULL)
		change(i++, true);
	close_table();
}
