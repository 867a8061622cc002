// SPDX-License-Identifier: BSD-3-Clause
// Readers against a writer that never rests: what stays is never missed, and nothing is read after
// it was freed (which the sanitizers tell).
#include "group_table_kit.h"
#include "random.h"
#include <criterion/criterion.h>
#include <pthread.h>

#define READERS 2
#define STAYING 300
#define COMING 20000
#define ROUNDS 4

struct race {
	struct reclaim reclaim;
	struct group_table *table;
	atomic_bool done;
};

struct reader {
	struct race *race;
	unsigned id;
	pthread_t thread;
	uint64_t bursts, missed, wrong;
};

// The number of a staying group's fan-out is congruent to the group's own number.
static void *reader_run(void *arg)
{
	struct reader *reader = arg;
	struct race *race = reader->race;
	struct random random = {reader->id + 1};

	reclaim_online(&race->reclaim, reader->id);
	do {
		struct sluice_addr groups[GROUP_TABLE_BURST];
		uint32_t numbers[GROUP_TABLE_BURST], index[GROUP_TABLE_BURST];
		uint64_t hits;

		for (unsigned i = 0; i < GROUP_TABLE_BURST; i++) {
			// Every other group comes and goes.
			numbers[i] = random_below(&random, i % 2 ? STAYING : STAYING + COMING);
			groups[i] = kit_group(race->table->family, numbers[i]);
		}
		hits = kit_lookup(race->table, groups, GROUP_TABLE_BURST, index);
		for (unsigned i = 0; i < GROUP_TABLE_BURST; i++) {
			struct group *group;

			if (!(hits >> i & 1)) {
				reader->missed += numbers[i] < STAYING;
				continue;
			}
			group = group_table_group(race->table, reader->id, index[i]);
			reader->wrong += kit_group_number(group) % (STAYING + COMING) != numbers[i];
			group_count(group, 64, 1);
		}
		reader->bursts++;
		reclaim_quiescent(&race->reclaim, reader->id);
	} while (!atomic_load_explicit(&race->done, memory_order_relaxed));
	reclaim_offline(&race->reclaim, reader->id);
	return NULL;
}

static void write_all(struct race *race)
{
	uint16_t family = race->table->family;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (uint32_t i = STAYING; i < STAYING + COMING; i++) {
			struct sluice_addr group = kit_group(family, i);
			struct sluice_addr stays = kit_group(family, i % STAYING);

			cr_assert_eq(kit_put(race->table, &race->reclaim, &group, i), 0);
			cr_assert_eq(kit_put(race->table, &race->reclaim, &stays,
					     i % STAYING + round * (STAYING + COMING)),
				0);
			reclaim_poll(&race->reclaim);
		}
		for (uint32_t i = STAYING; i < STAYING + COMING; i++) {
			struct sluice_addr group = kit_group(family, i);

			cr_assert(kit_remove(race->table, &race->reclaim, &group));
			reclaim_poll(&race->reclaim);
		}
	}
}

static void race(uint16_t family)
{
	struct race race = {.done = false};
	struct reader readers[READERS];
	uint64_t packets = 0;

	cr_assert_eq(reclaim_init(&race.reclaim, READERS), 0);
	cr_assert_eq(group_table_create(family, READERS, &race.reclaim, &race.table), 0);
	for (uint32_t i = 0; i < STAYING; i++) {
		struct sluice_addr group = kit_group(family, i);

		cr_assert_eq(kit_put(race.table, &race.reclaim, &group, i), 0);
	}
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.race = &race, .id = i};
		cr_assert_eq(pthread_create(&readers[i].thread, NULL, reader_run, &readers[i]), 0);
	}
	write_all(&race);
	atomic_store(&race.done, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		cr_assert_gt(readers[i].bursts, 0);
		cr_assert_eq(readers[i].missed, 0, "%lu missed", readers[i].missed);
		cr_assert_eq(readers[i].wrong, 0, "%lu wrong", readers[i].wrong);
	}
	for (uint32_t i = 0; i < STAYING; i++) {
		struct sluice_addr group = kit_group(family, i);
		struct group_stats stats;

		cr_assert_eq(group_table_stats(race.table, &group, &stats), 0);
		packets += stats.packets;
	}
	cr_assert_geq(packets, (readers[0].bursts + readers[1].bursts) * GROUP_TABLE_BURST / 2);
	group_table_destroy(race.table);
	reclaim_fini(&race.reclaim);
}

Test(group_table_race, ipv4,
	.description = "promise 6: updates never make a lookup miss an IPv4 group that stays")
{
	race(AF_INET);
}

Test(group_table_race, ipv6,
	.description = "promise 6: updates never make a lookup miss an IPv6 group that stays")
{
	race(AF_INET6);
}
