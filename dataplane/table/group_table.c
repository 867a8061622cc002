// SPDX-License-Identifier: BSD-3-Clause
#include "group_table.h"
#include "aligned_memory.h"
#include "group_buckets.h"
#include "group_growth.h"
#include "group_index.h"
#include "group_lookup.h"
#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 2

// A slot has eight bytes. At most three fifths of the slots are used, and nine seventeenths after
// growing, which begins a little earlier: 13.3 to 15.1 bytes per group, and less than 24 with the
// entry. Then one bucket in twenty extends into the next one. A fuller table is smaller, but its
// lines change more often while workers read them.
static bool too_full(unsigned groups, uint32_t buckets)
{
	return groups * 32ull > buckets * (19ull * BUCKET_SLOTS);
}

static bool too_empty(unsigned groups, uint32_t buckets)
{
	return buckets > BUCKETS_MIN && groups * 4ull < buckets * (1ull * BUCKET_SLOTS);
}

static uint32_t buckets_for(unsigned groups)
{
	uint32_t n = groups * 17ull / (9 * BUCKET_SLOTS) + 1;

	return n < BUCKETS_MIN ? BUCKETS_MIN : n;
}

static struct group_key key_of(const struct sluice_addr *group)
{
	struct group_key key = {0};

	memcpy(&key, group->bytes, sluice_addr_len(group));
	return key;
}

int group_table_create(
	uint16_t family, unsigned n_workers, struct reclaim *reclaim, struct group_table **table)
{
	struct group_table *t = aligned_memory_alloc(sizeof(*t) + n_workers * sizeof(t->slices[0]));
	struct group_buckets *buckets;

	if (!t)
		return -ENOMEM;
	t->family = family;
	t->record_size =
		family == AF_INET ? sizeof(struct group_record) : sizeof(struct group_record6);
	t->n_workers = n_workers;
	t->lookup = group_lookup(0);
	t->writer = calloc(1, sizeof(*t->writer));
	if (!t->writer)
		goto free_table;
	t->writer->table = t;
	t->writer->reclaim = reclaim;
	buckets = group_buckets_alloc(BUCKETS_MIN);
	if (!buckets)
		goto free_writer;
	atomic_init(&t->buckets, buckets);
	atomic_init(&t->joined, false);
	atomic_init(&t->has_fanouts, false);
	if (group_index_init(t))
		goto free_buckets;
	*table = t;
	return 0;

free_buckets:
	free(buckets);
free_writer:
	free(t->writer);
free_table:
	free(t);
	return -ENOMEM;
}

void group_table_destroy(struct group_table *table)
{
	struct group_buckets *buckets = group_buckets_of(table);

	for (uint32_t i = 0; i < buckets->n; i++) {
		for (unsigned k = 0; k < BUCKET_SLOTS; k++) {
			uint32_t index =
				bucket_slot_index(bucket_slot_load(&buckets->buckets[i], k));

			if (index)
				free(group_index_entry(table->writer, index)->fanout);
		}
	}
	group_growth_fini(table);
	group_index_fini(table);
	free(buckets);
	free(table->writer);
	free(table);
}

// If there is no free slot for a group, tries another seed, then more buckets.
static int insert(struct group_table *table, const struct group_key *key, uint32_t index)
{
	uint32_t n = group_buckets_of(table)->n;

	for (;;) {
		struct group_buckets *buckets = group_buckets_of(table);
		int rc = group_buckets_insert(
			buckets, group_buckets_place(buckets, table->family, key), index);

		if (rc >= 0) {
			group_growth_inserted(table, (uint32_t)rc, key, index);
			return 0;
		}
		while ((rc = group_growth_finish(table, n)) == -ENOSPC)
			n += n / 8 + 1;
		if (rc)
			return rc;
		n += n / 8 + 1;
	}
}

static uint32_t find(const struct group_table *table, const struct group_key *key)
{
	const struct group_buckets *buckets = group_buckets_of(table);

	return group_buckets_find(
		table, buckets, key, group_buckets_place(buckets, table->family, key));
}

static void set_fanout(struct group_table *table, uint32_t index, struct fanout *fanout)
{
	group_index_entry(table->writer, index)->fanout = fanout;
	for (unsigned worker = 0; worker < table->n_workers; worker++) {
		struct group_record *record = group_storage_record(table, worker, index);

		group_record_set_route(record, fanout);
		if (!(group_record_route(record) & ROUTE_DIRECT) && !group_table_has_fanouts(table))
			atomic_store_explicit(&table->has_fanouts, true, memory_order_relaxed);
	}
}

static void set_key(struct group_table *table, uint32_t index, const struct group_key *key)
{
	for (unsigned worker = 0; table->family == AF_INET6 && worker < table->n_workers; worker++)
		((struct group_record6 *)group_storage_record(table, worker, index))->key = *key;
}

// Sets the number of groups. Workers find neither groups nor fan-outs in an empty table. While
// there are groups, has_fanouts stays set even after the last fan-out is removed.
static void set_count(struct group_table *table, unsigned count)
{
	table->writer->count = count;
	if (count == 0)
		atomic_store_explicit(&table->has_fanouts, false, memory_order_relaxed);
	if (group_table_is_joined(table) != (count > 0))
		atomic_store_explicit(&table->joined, count > 0, memory_order_release);
}

int group_table_put(
	struct group_table *table, const struct sluice_addr *group, struct fanout *fanout)
{
	struct group_key key = key_of(group);
	uint32_t index = find(table, &key);
	int rc;

	if (index) {
		set_fanout(table, index, fanout);
		return 0;
	}
	if (table->writer->count == GROUP_TABLE_GROUPS_MAX)
		return -ENOSPC;
	// Growing early keeps lookups fast. Without memory for it, lookups only get slower.
	if (too_full(table->writer->count + 1, group_buckets_of(table)->n))
		group_growth_start(table, buckets_for(table->writer->count + 1));
	group_growth_step(table);
	rc = group_index_alloc(table, &index);
	if (rc)
		return rc;
	set_key(table, index, &key);
	set_fanout(table, index, fanout);
	rc = insert(table, &key, index);
	if (rc) {
		group_index_release(table, index);
		return rc;
	}
	set_count(table, table->writer->count + 1);
	return 0;
}

struct fanout *group_table_remove(struct group_table *table, const struct sluice_addr *group)
{
	struct group_key key = key_of(group);
	uint32_t index = find(table, &key);
	struct group_buckets *buckets = group_buckets_of(table);
	struct fanout *fanout;
	uint32_t bucket;

	if (!index)
		return NULL;
	fanout = group_index_entry(table->writer, index)->fanout;
	bucket = group_buckets_erase(
		table, buckets, group_buckets_place(buckets, table->family, &key), index);
	group_growth_erased(table, bucket, &key, index);
	group_index_release(table, index);
	set_count(table, table->writer->count - 1);
	// Without memory for it, the table keeps its size.
	if (too_empty(table->writer->count, buckets->n))
		group_growth_start(table, buckets_for(table->writer->count));
	group_growth_step(table);
	return fanout;
}

struct fanout *group_table_get(const struct group_table *table, const struct sluice_addr *group)
{
	struct group_key key = key_of(group);
	uint32_t index = find(table, &key);

	return index ? group_index_entry(table->writer, index)->fanout : NULL;
}

unsigned group_table_count(const struct group_table *table)
{
	return table->writer->count;
}

uint64_t group_table_lookup4_burst(
	const struct group_table *table, const uint32_t *groups_be, unsigned n, uint32_t *index)
{
	struct group_query query;

	group_query_start(&query, table);
	for (unsigned i = 0; i < n; i++)
		group_query_ask4(&query, i, groups_be[i]);
	return table->lookup->find4(table, &query, 0, n, index);
}

uint64_t group_table_lookup6_burst(const struct group_table *table, unsigned worker,
	const struct group_key *groups, unsigned n, uint32_t *index)
{
	struct group_query query;

	group_query_start(&query, table);
	for (unsigned i = 0; i < n; i++)
		group_query_ask6(&query, i, &groups[i]);
	return table->lookup->find6(table, worker, &query, 0, n, index);
}

static _Atomic uint64_t *filtered_counter(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	struct group_spot spot = group_storage_spot(index);

	return atomic_load_explicit(
		       &table->slices[worker].filtered[spot.chunk], memory_order_relaxed) +
	       spot.offset;
}

void group_table_count_filtered(const struct group_table *table, unsigned worker, uint32_t index)
{
	_Atomic uint64_t *filtered = filtered_counter(table, worker, index);

	atomic_store_explicit(filtered, atomic_load_explicit(filtered, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

int group_table_stats(const struct group_table *table, const struct sluice_addr *group,
	uint64_t now_ms, struct group_stats *stats)
{
	struct group_key key = key_of(group);
	uint32_t index = find(table, &key);
	uint64_t age = UINT64_MAX;

	*stats = (struct group_stats){0};
	if (!index)
		return -ENOENT;
	for (unsigned worker = 0; worker < table->n_workers; worker++) {
		const struct group_record *record = group_storage_record(table, worker, index);
		uint64_t packets = atomic_load_explicit(&record->packets, memory_order_acquire);

		stats->packets += packets;
		stats->bytes += atomic_load_explicit(&record->bytes, memory_order_relaxed);
		stats->filtered += atomic_load_explicit(
			filtered_counter(table, worker, index), memory_order_relaxed);
		if (packets > 0)
			age = RTE_MIN(age, group_record_age_ms(record, now_ms));
	}
	if (stats->packets > 0)
		stats->last_ms = now_ms - RTE_MIN(age, now_ms);
	return 0;
}

size_t group_table_memory(const struct group_table *table)
{
	return group_index_memory(table) + group_buckets_of(table)->n * sizeof(struct bucket);
}
