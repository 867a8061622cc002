// SPDX-License-Identifier: BSD-3-Clause
#include "race_fixture.h"
#include "group_table_fixture.h"
#include "random_fixture.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define READERS 2
#define STAYING 300
#define COMING 8000
#define ROUNDS 4
#define FILTERED 24 // groups whose filters change
#define FILTER_CHANGES 60000

struct race {
	struct reclaim reclaim;
	struct group_table *table;
	atomic_bool done;
};

struct reader {
	struct race *race;
	unsigned id;
	pthread_t thread;
	uint64_t bursts, missed, wrong, taken;
};

// The number of a staying group's fan-out is congruent to the group's own number.
static void *reader_run(void *arg)
{
	struct reader *reader = arg;
	struct race *race = reader->race;
	struct random random = {reader->id + 1};

	reclaim_online(&race->reclaim, reader->id);
	do {
		struct sluice_addr groups[GROUP_QUERY_MAX];
		uint32_t numbers[GROUP_QUERY_MAX], index[GROUP_QUERY_MAX];
		uint64_t hits;

		for (unsigned i = 0; i < GROUP_QUERY_MAX; i++) {
			// Every second group is added and removed.
			numbers[i] = random_below(&random, i % 2 ? STAYING : STAYING + COMING);
			groups[i] = fixture_group(race->table->family, numbers[i]);
		}
		hits = fixture_lookup(race->table, groups, GROUP_QUERY_MAX, index);
		for (unsigned i = 0; i < GROUP_QUERY_MAX; i++) {
			struct group_record *group;

			if (!(hits >> i & 1)) {
				reader->missed += numbers[i] < STAYING;
				continue;
			}
			group = group_storage_record(race->table, reader->id, index[i]);
			reader->wrong +=
				fixture_group_number(group) % (STAYING + COMING) != numbers[i];
			group_record_count(group, 64, 1);
		}
		reader->bursts++;
		reclaim_quiescent(&race->reclaim, reader->id);
	} while (!atomic_load_explicit(&race->done, memory_order_relaxed));
	reclaim_offline(&race->reclaim, reader->id);
	return NULL;
}

// Checks a condition without a test framework, because ThreadSanitizer does not work with
// Criterion.
static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "race: %s\n", what);
	exit(EXIT_FAILURE);
}

static void write_all(struct race *race)
{
	uint16_t family = race->table->family;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (uint32_t i = STAYING; i < STAYING + COMING; i++) {
			struct sluice_addr group = fixture_group(family, i);
			struct sluice_addr stays = fixture_group(family, i % STAYING);
			uint32_t next = i % STAYING + round * (STAYING + COMING);

			must(!fixture_put(race->table, &race->reclaim, &group, i), "put");
			must(!fixture_put(race->table, &race->reclaim, &stays, next), "replace");
			reclaim_poll(&race->reclaim);
		}
		for (uint32_t i = STAYING; i < STAYING + COMING; i++) {
			struct sluice_addr group = fixture_group(family, i);

			must(fixture_remove(race->table, &race->reclaim, &group), "remove");
			reclaim_poll(&race->reclaim);
		}
	}
}

static void race_start(struct race *race, struct reader *readers, uint16_t family)
{
	must(!reclaim_init(&race->reclaim, READERS), "reclaim");
	must(!group_table_create(family, READERS, &race->reclaim, &race->table), "table");
	for (unsigned i = 0; i < READERS; i++)
		readers[i] = (struct reader){.race = race, .id = i};
}

static void race_launch(struct reader *readers, void *(*run)(void *arg))
{
	for (unsigned i = 0; i < READERS; i++)
		must(!pthread_create(&readers[i].thread, NULL, run, &readers[i]), "thread");
}

static void race_end(struct race *race, struct reader *readers)
{
	atomic_store(&race->done, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		must(readers[i].bursts > 0, "a reader never ran");
		must(!readers[i].missed, "a group that stays was missed");
		must(!readers[i].wrong, "a group was found under another number");
	}
	group_table_destroy(race->table);
	reclaim_fini(&race->reclaim);
}

void race_run(uint16_t family)
{
	struct race race = {.done = false};
	struct reader readers[READERS];

	race_start(&race, readers, family);
	for (uint32_t i = 0; i < STAYING; i++) {
		struct sluice_addr group = fixture_group(family, i);

		must(!fixture_put(race.table, &race.reclaim, &group, i), "first put");
	}
	race_launch(readers, reader_run);
	write_all(&race);
	race_end(&race, readers);
}

// The number of a group's fan-out determines its filter.
static void *filter_reader_run(void *arg)
{
	struct reader *reader = arg;
	struct race *race = reader->race;
	struct random random = {reader->id + 1};
	uint16_t family = race->table->family;

	reclaim_online(&race->reclaim, reader->id);
	do {
		struct sluice_addr group = fixture_group(family, random_below(&random, FILTERED));
		uint32_t source = random_below(&random, FIXTURE_SOURCES), index;
		uint16_t port = 5000 + random_below(&random, 2);
		struct sluice_addr address = fixture_source(family, source);
		struct fanout_frame frame = {.source = address.bytes, .udp_port_be = htons(port)};
		struct output *scratch[FANOUT_SUBSCRIBERS_MAX];
		struct output *const *outputs;

		if (!fixture_lookup(race->table, &group, 1, &index)) {
			reader->missed++;
		} else if (group_record_outputs(
				   group_storage_record(race->table, reader->id, index), &frame,
				   scratch, &outputs)) {
			reader->taken++;
			reader->wrong += !fixture_filter_takes(
				fixture_output_number(outputs[0]), source, port);
		}
		reader->bursts++;
		reclaim_quiescent(&race->reclaim, reader->id);
	} while (!atomic_load_explicit(&race->done, memory_order_relaxed));
	reclaim_offline(&race->reclaim, reader->id);
	must(reader->taken > 0, "nothing passed any filter");
	return NULL;
}

static void put_filter(struct race *race, uint32_t group_number, uint32_t number)
{
	uint16_t family = race->table->family;
	struct sluice_addr group = fixture_group(family, group_number);

	must(!fixture_put_fanout(
		     race->table, &race->reclaim, &group, fixture_filter_fanout(family, number)),
		"filter");
}

void race_filters_run(uint16_t family)
{
	struct race race = {.done = false};
	struct reader readers[READERS];
	struct random random = {7};

	race_start(&race, readers, family);
	for (uint32_t i = 0; i < FILTERED; i++)
		put_filter(&race, i, i);
	race_launch(readers, filter_reader_run);
	for (unsigned i = 0; i < FILTER_CHANGES; i++) {
		put_filter(&race, random_below(&random, FILTERED), random_below(&random, 1000));
		reclaim_poll(&race.reclaim);
	}
	race_end(&race, readers);
}
