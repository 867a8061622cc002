// SPDX-License-Identifier: BSD-3-Clause
// The group table compared with a naive model, for both families and all lookup functions.
#include "group_buckets.h"
#include "group_table_fixture.h"
#include "random_fixture.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdlib.h>

struct variant {
	uint16_t family;
	unsigned rank; // rank of a lookup, as in group_lookup()
};

static struct variant variants[2 * GROUP_LOOKUPS_MAX];

static unsigned fill_variants(void)
{
	unsigned n = 0;

	for (unsigned rank = 0; group_lookup(rank) != NULL; rank++) {
		variants[n++] = (struct variant){AF_INET, rank};
		variants[n++] = (struct variant){AF_INET6, rank};
	}
	return n;
}

#define FOR_VARIANTS(suite, name)                                                                  \
	ParameterizedTestParameters(suite, name)                                                   \
	{                                                                                          \
		return cr_make_param_array(struct variant, variants, fill_variants());             \
	}

static struct reclaim reclaim;

static struct group_table *table_of(const struct variant *variant, unsigned n_workers)
{
	struct group_table *table;

	cr_assert_eq(reclaim_init(&reclaim, 1), 0);
	cr_assert_eq(group_table_create(variant->family, n_workers, &reclaim, &table), 0);
	table->lookup = group_lookup(variant->rank);
	return table;
}

static void table_done(struct group_table *table)
{
	group_table_destroy(table);
	reclaim_fini(&reclaim);
}

// Looks up with and without records, which must give the same result.
static uint64_t lookup(const struct group_table *table, const struct sluice_addr *groups,
	unsigned n, uint32_t *index)
{
	uint64_t hits = fixture_lookup(table, groups, n, index);
	struct group_record *records[GROUP_QUERY_MAX];
	uint32_t again[GROUP_QUERY_MAX];
	struct group_query query;
	struct group_key key;

	group_query_start(&query, table);
	for (unsigned i = 0; i < n; i++) {
		memcpy(&key, groups[i].bytes, sizeof(key));
		if (table->family == AF_INET)
			group_query_ask4(&query, i, (uint32_t)key.words[0]);
		else
			group_query_ask6(&query, i, &key);
	}
	if (table->family == AF_INET)
		table->lookup->records4(table, 0, &query, 0, n, again, records);
	else
		table->lookup->records6(table, 0, &query, 0, n, again, records);
	for (unsigned i = 0; i < n; i++) {
		cr_assert_eq(again[i], index[i]);
		cr_assert_eq(records[i], group_storage_record(table, 0, index[i]));
	}
	return hits;
}

// Looks up random bursts and compares them with numbers[]; 0 means that the group is not in the
// table.
static void compare(const struct group_table *table, const uint32_t *numbers, uint32_t universe,
	struct random *random)
{
	struct sluice_addr groups[GROUP_QUERY_MAX] = {0};
	uint32_t asked[GROUP_QUERY_MAX], index[GROUP_QUERY_MAX];
	unsigned n = random_below(random, GROUP_QUERY_MAX + 1);
	uint64_t hits;

	for (unsigned i = 0; i < n; i++) {
		asked[i] = random_below(random, universe);
		groups[i] = fixture_group(table->family, asked[i]);
	}
	hits = lookup(table, groups, n, index);
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(index[i] != 0, hits >> i & 1);
	if (n < GROUP_QUERY_MAX)
		cr_assert_eq(hits >> n, 0);
	for (unsigned i = 0; i < n; i++) {
		const struct fanout *fanout = group_table_get(table, &groups[i]);

		cr_assert_eq(hits >> i & 1, numbers[asked[i]] != 0, "group %u", asked[i]);
		cr_assert_eq(fanout != NULL, numbers[asked[i]] != 0);
		if (!fanout)
			continue;
		cr_assert_eq(fixture_fanout_number(fanout), numbers[asked[i]]);
		cr_assert_eq(fixture_group_number(group_storage_record(table, 0, index[i])),
			numbers[asked[i]]);
	}
}

FOR_VARIANTS(group_table, random_operations)
ParameterizedTest(struct variant *variant, group_table, random_operations,
	.description = "random puts, replacements and removals agree with a naive model")
{
	enum { UNIVERSE = 6000 };
	static uint32_t numbers[UNIVERSE];
	struct group_table *table = table_of(variant, 1);
	struct random random = {4711};
	unsigned count = 0;

	for (unsigned step = 0; step < 120000; step++) {
		uint32_t number = random_below(&random, UNIVERSE);
		struct sluice_addr group = fixture_group(variant->family, number);
		// Alternates between nearly empty and nearly full.
		bool add = random_below(&random, 100) < (step / 20000 % 2 ? 20 : 80);

		if (add) {
			uint32_t fresh = 1 + random_below(&random, 1000000);

			cr_assert_eq(fixture_put(table, &reclaim, &group, fresh), 0);
			count += !numbers[number];
			numbers[number] = fresh;
		} else {
			cr_assert_eq(fixture_remove(table, &reclaim, &group), numbers[number] != 0);
			count -= numbers[number] != 0;
			numbers[number] = 0;
		}
		cr_assert_eq(group_table_count(table), count);
		if (step % 16 == 0)
			compare(table, numbers, UNIVERSE, &random);
		if (step % 50 == 0)
			reclaim_poll(&reclaim);
	}
	table_done(table);
}

FOR_VARIANTS(group_table, grows_and_shrinks)
ParameterizedTest(struct variant *variant, group_table, grows_and_shrinks,
	.description = "at most 24 bytes per group while growing, and memory is freed again")
{
	enum { GROUPS = 100000 };
	struct group_table *table = table_of(variant, 2);
	size_t at_first = group_table_memory(table);

	for (uint32_t i = 0; i < GROUPS; i++) {
		struct sluice_addr group = fixture_group(variant->family, i);

		cr_assert_eq(fixture_put(table, &reclaim, &group, i), 0);
		reclaim_poll(&reclaim);
		if (i > 1000)
			cr_assert_leq(group_table_memory(table), 24 * (i + 1));
	}
	for (uint32_t i = 0; i < GROUPS; i++) {
		struct sluice_addr group = fixture_group(variant->family, i);
		uint32_t index;

		cr_assert_eq(fixture_lookup(table, &group, 1, &index), 1);
		cr_assert_eq(fixture_group_number(group_storage_record(table, 1, index)), i);
	}
	for (uint32_t i = 0; i < GROUPS; i++) {
		struct sluice_addr group = fixture_group(variant->family, i);

		cr_assert(fixture_remove(table, &reclaim, &group));
		reclaim_poll(&reclaim);
	}
	for (unsigned i = 0; i < 8; i++)
		reclaim_poll(&reclaim);
	cr_assert_leq(group_table_memory(table), at_first + 16 * 32);
	table_done(table);
}

FOR_VARIANTS(group_table, empty)
ParameterizedTest(struct variant *variant, group_table, empty,
	.description = "in an empty table nothing is found or removed")
{
	struct group_table *table = table_of(variant, 1);
	struct sluice_addr group = fixture_group(variant->family, 1);
	struct group_stats stats;
	uint32_t index;

	cr_assert_eq(fixture_lookup(table, &group, 0, &index), 0);
	cr_assert_eq(fixture_lookup(table, &group, 1, &index), 0);
	cr_assert_null(group_table_remove(table, &group));
	cr_assert_eq(group_table_stats(table, &group, 10000, &stats), -ENOENT);
	table_done(table);
}

// Number of the next group, from `number` on, whose home is this bucket.
static uint32_t next_of_home(const struct group_table *table, uint32_t home, uint32_t number)
{
	for (;; number++) {
		struct sluice_addr group = fixture_group(table->family, number);
		struct group_key key = {0};

		memcpy(&key, group.bytes, sluice_addr_len(&group));
		if (group_buckets_place(atomic_load(&table->buckets), table->family, &key).home ==
			home)
			return number;
	}
}

FOR_VARIANTS(group_table, collisions)
ParameterizedTest(struct variant *variant, group_table, collisions,
	.description = "groups that all share a bucket are distinguished")
{
	enum { UNIVERSE = 400, GROUPS = 9 }; // as many as fit into a new table without growing
	struct group_table *table = table_of(variant, 1);
	struct group_buckets *buckets = atomic_load(&table->buckets);
	uint32_t numbers[UNIVERSE] = {0}, mine[GROUPS];
	struct random random = {5};
	struct sluice_addr last;

	for (uint32_t i = 0, next = 0; i < GROUPS; i++) {
		struct sluice_addr group;

		mine[i] = next_of_home(table, 0, next);
		next = mine[i] + 1;
		cr_assert_lt(mine[i], UNIVERSE);
		group = fixture_group(variant->family, mine[i]);
		cr_assert_eq(fixture_put(table, &reclaim, &group, 100 + i), 0);
		numbers[mine[i]] = 100 + i;
	}
	cr_assert_eq(atomic_load(&table->buckets), buckets, "the table grew too early");
	cr_assert_eq(bucket_reach(&buckets->buckets[0]), 1);
	for (unsigned i = 0; i < 200; i++)
		compare(table, numbers, UNIVERSE, &random);
	// The last one is in the next bucket. Once it is removed, no entry is.
	last = fixture_group(variant->family, mine[GROUPS - 1]);
	cr_assert(fixture_remove(table, &reclaim, &last));
	numbers[mine[GROUPS - 1]] = 0;
	cr_assert_eq(bucket_reach(&buckets->buckets[0]), 0);
	for (unsigned i = 0; i < 200; i++)
		compare(table, numbers, UNIVERSE, &random);
	table_done(table);
}

Test(group_table, equal_tags,
	.description = "a seed that gives two IPv6 groups of a bucket the same tag is replaced")
{
	struct variant variant = {AF_INET6, false};
	struct group_table *table = table_of(&variant, 1);
	struct group_buckets *buckets = atomic_load(&table->buckets);
	struct sluice_addr groups[] = {
		fixture_group(AF_INET6, 1), fixture_group(AF_INET6, 2), fixture_group(AF_INET6, 3)};
	uint32_t index[3];

	buckets->seeds[0] = buckets->seeds[1] = 0;
	cr_assert_eq(fixture_put(table, &reclaim, &groups[0], 1), 0);
	cr_assert_eq(lookup(table, groups, 3, index), 1, "distinguished by the key");
	cr_assert(index[1] == 0 && index[2] == 0);
	cr_assert_eq(fixture_put(table, &reclaim, &groups[1], 2), 0);
	cr_assert_neq(atomic_load(&table->buckets), buckets);
	cr_assert_eq(lookup(table, groups, 3, index), 3);
	table_done(table);
}

Test(group_table, bounded_reach,
	.description = "entries of a bucket are within the reach of a lookup")
{
	struct group_table table = {.family = AF_INET, .lookup = group_lookup(0)};
	struct group_buckets *buckets = group_buckets_alloc(16);
	uint32_t index;
	uint32_t fits = (BUCKET_REACH_MAX + 1) * BUCKET_SLOTS;

	buckets->seeds[0] = 0;
	atomic_init(&table.buckets, buckets);
	for (uint32_t i = 1; i <= fits; i++)
		cr_assert_geq(
			group_buckets_insert(buckets, group_buckets_place4(buckets, i), i), 0);
	cr_assert_eq(
		group_buckets_insert(buckets, group_buckets_place4(buckets, fits + 1), fits + 1),
		-ENOSPC);
	for (uint32_t i = 1; i <= fits + 1; i++) {
		cr_assert_eq(group_table_lookup4_burst(&table, &i, 1, &index), i <= fits);
		if (i <= fits)
			cr_assert_eq(index, i);
	}
	for (uint32_t i = fits; i > 0; i--) {
		group_buckets_erase(&table, buckets, group_buckets_place4(buckets, i), i);
		cr_assert_eq(group_table_lookup4_burst(&table, &i, 1, &index), 0);
		cr_assert_eq(bucket_reach(&buckets->buckets[0]),
			i > BUCKET_SLOTS ? (i - 2) / BUCKET_SLOTS : 0);
	}
	free(buckets);
}

FOR_VARIANTS(group_table, hostile_groups)
ParameterizedTest(struct variant *variant, group_table, hostile_groups,
	.description = "if groups collide under its seed, the table draws another seed")
{
	enum { FILL = 2000, HOSTILE = (BUCKET_REACH_MAX + 1) * BUCKET_SLOTS + 1 };
	struct group_table *table = table_of(variant, 1);
	struct sluice_addr hostile[HOSTILE];
	struct group_buckets *buckets;
	unsigned n = 0;
	uint32_t number = 0;

	do {
		struct sluice_addr group = fixture_group(variant->family, number++);

		buckets = atomic_load(&table->buckets);
		cr_assert_eq(fixture_put(table, &reclaim, &group, 1), 0);
	} while (number < FILL || atomic_load(&table->buckets) == buckets);
	buckets = atomic_load(&table->buckets);
	for (; n < HOSTILE; number++) {
		number = next_of_home(table, 3, number);
		hostile[n++] = fixture_group(variant->family, number);
	}
	for (unsigned i = 0; i < HOSTILE; i++)
		cr_assert_eq(fixture_put(table, &reclaim, &hostile[i], 2), 0);
	cr_assert_neq(atomic_load(&table->buckets), buckets);
	for (unsigned i = 0; i < HOSTILE; i++) {
		uint32_t index;

		cr_assert_eq(fixture_lookup(table, &hostile[i], 1, &index), 1);
		cr_assert_eq(fixture_group_number(group_storage_record(table, 0, index)), 2);
	}
	table_done(table);
}

FOR_VARIANTS(group_table, counters)
ParameterizedTest(struct variant *variant, group_table, counters,
	.description = "counters start at zero, are summed over workers and survive a replacement")
{
	struct group_table *table = table_of(variant, 3);
	struct sluice_addr group = fixture_group(variant->family, 7);
	struct group_stats stats;
	uint32_t index;

	cr_assert_eq(fixture_put(table, &reclaim, &group, 1), 0);
	fixture_lookup(table, &group, 1, &index);
	for (unsigned worker = 0; worker < 3; worker++)
		for (unsigned i = 0; i <= worker; i++)
			group_record_count(group_storage_record(table, worker, index), 100,
				group_record_tick(5000 + worker * GROUP_RECORD_TICK_MS));
	group_table_count_filtered(table, 0, index);
	group_table_count_filtered(table, 2, index);
	cr_assert_eq(fixture_put(table, &reclaim, &group, 2), 0);
	cr_assert_eq(group_table_stats(table, &group, 10000, &stats), 0);
	cr_assert_eq(stats.packets, 6);
	cr_assert_eq(stats.bytes, 600);
	cr_assert_eq(stats.filtered, 2);
	cr_assert_leq(stats.last_ms, 5000 + 2 * GROUP_RECORD_TICK_MS);
	cr_assert_gt(stats.last_ms, 5000 + GROUP_RECORD_TICK_MS);

	// The index stays unused until the grace period is over. Then it is reused with zeroed
	// records.
	cr_assert(fixture_remove(table, &reclaim, &group));
	for (unsigned i = 0; i < 3 * GROUP_CHUNK_MIN; i++) {
		reclaim_poll(&reclaim);
		cr_assert_eq(fixture_put(table, &reclaim, &group, 3), 0);
		cr_assert_eq(group_table_stats(table, &group, 10000, &stats), 0);
		cr_assert_eq(stats.packets + stats.bytes + stats.filtered + stats.last_ms, 0);
		cr_assert(fixture_remove(table, &reclaim, &group));
	}
	table_done(table);
}

Test(group_table, index_not_reused_early,
	.description = "a record is reused for another group only after a grace period")
{
	struct variant variant = {AF_INET, false};
	struct group_table *table = table_of(&variant, 1);
	struct sluice_addr first = fixture_group(AF_INET, 0);
	uint32_t index, other;

	reclaim_online(&reclaim, 0);
	cr_assert_eq(fixture_put(table, &reclaim, &first, 1), 0);
	fixture_lookup(table, &first, 1, &index);
	cr_assert(fixture_remove(table, &reclaim, &first));
	for (uint32_t i = 1; i < 1000; i++) {
		struct sluice_addr group = fixture_group(AF_INET, i);

		reclaim_poll(&reclaim);
		cr_assert_eq(fixture_put(table, &reclaim, &group, i), 0);
		cr_assert_eq(fixture_lookup(table, &group, 1, &other), 1);
		cr_assert_neq(other, index);
	}
	reclaim_offline(&reclaim, 0);
	table_done(table);
}

Test(group_table, spots, .description = "every index has its own place in the chunks")
{
	struct group_spot last = {0, 0};

	cr_assert_eq(group_storage_spot(0).chunk, 0);
	cr_assert_eq(group_storage_spot(0).offset, 0);
	for (uint32_t i = 1; i < GROUP_TABLE_GROUPS_MAX + GROUP_TABLE_GROUPS_MAX / 2; i++) {
		struct group_spot spot = group_storage_spot(i);
		uint32_t size = GROUP_CHUNK_MIN << last.chunk;

		if (last.offset + 1 < size)
			cr_assert(spot.chunk == last.chunk && spot.offset == last.offset + 1);
		else
			cr_assert(spot.chunk == last.chunk + 1 && spot.offset == 0);
		cr_assert_lt(spot.chunk, GROUP_CHUNKS);
		last = spot;
	}
}
