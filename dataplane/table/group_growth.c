// SPDX-License-Identifier: BSD-3-Clause
#include "group_growth.h"
#include "group_index.h"
#include <errno.h>
#include <stdlib.h>

#define SEEDS_TRIED 4
// Buckets copied per put or remove, some microseconds. The table gains less than one percent of
// its groups while it grows.
#define STEP 16

static void buckets_free(struct reclaim_item *item)
{
	free((char *)item - offsetof(struct group_buckets, reclaim));
}

static void drop_next(struct group_growth *growth)
{
	free(growth->next);
	growth->next = NULL;
}

// Retires the old buckets, which lookups may still read.
static void publish(struct group_table *table)
{
	struct group_growth *growth = &table->writer->growth;
	struct group_buckets *old = group_buckets_of(table);

	atomic_store_explicit(&table->buckets, growth->next, memory_order_release);
	growth->next = NULL;
	old->reclaim.free = buckets_free;
	reclaim_retire(table->writer->reclaim, &old->reclaim);
}

static int begin(struct group_growth *growth, uint32_t n)
{
	growth->next = group_buckets_alloc(n);
	growth->copied = 0;
	return growth->next ? 0 : -ENOMEM;
}

// Copies a bucket. -ENOSPC if there is no room for a group.
static int copy(struct group_table *table, const struct bucket *bucket)
{
	struct group_buckets *next = table->writer->growth.next;
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < BUCKET_SLOTS; i++) {
		uint64_t slot = bucket_slot_load(bucket, i);

		if (bucket_slot_tag(slot))
			rc = group_buckets_insert(next,
				group_buckets_place_of_slot(table, next, slot),
				bucket_slot_index(slot));
	}
	return rc;
}

// Copies up to `most` buckets, and publishes after the last.
static int copy_some(struct group_table *table, uint32_t most)
{
	struct group_growth *growth = &table->writer->growth;
	const struct group_buckets *old = group_buckets_of(table);

	for (; most > 0 && growth->copied < old->n; most--, growth->copied++) {
		int rc = copy(table, &old->buckets[growth->copied]);

		if (rc < 0)
			return rc;
	}
	if (growth->copied == old->n)
		publish(table);
	return 0;
}

// Begins again with another seed.
static void restart(struct group_growth *growth)
{
	uint32_t n = growth->next->n;

	drop_next(growth);
	if (++growth->seeds_tried < SEEDS_TRIED)
		begin(growth, n);
}

void group_growth_start(struct group_table *table, uint32_t n)
{
	struct group_growth *growth = &table->writer->growth;

	if (growth->next)
		return;
	growth->seeds_tried = 0;
	begin(growth, n);
}

void group_growth_step(struct group_table *table)
{
	struct group_growth *growth = &table->writer->growth;

	if (growth->next && copy_some(table, STEP) < 0)
		restart(growth);
}

int group_growth_finish(struct group_table *table, uint32_t n)
{
	struct group_growth *growth = &table->writer->growth;

	for (unsigned tried = 0; tried < SEEDS_TRIED; tried++) {
		drop_next(growth);
		if (begin(growth, n))
			return -ENOMEM;
		if (copy_some(table, UINT32_MAX) == 0)
			return 0;
	}
	drop_next(growth);
	return -ENOSPC;
}

void group_growth_inserted(
	struct group_table *table, uint32_t bucket, const struct group_key *key, uint32_t index)
{
	struct group_growth *growth = &table->writer->growth;
	struct group_buckets *next = growth->next;

	if (next && bucket < growth->copied &&
		group_buckets_insert(next, group_buckets_place(next, table->family, key), index) <
			0)
		restart(growth);
}

void group_growth_erased(
	struct group_table *table, uint32_t bucket, const struct group_key *key, uint32_t index)
{
	struct group_growth *growth = &table->writer->growth;
	struct group_buckets *next = growth->next;

	if (next && bucket < growth->copied)
		group_buckets_erase(
			table, next, group_buckets_place(next, table->family, key), index);
}

void group_growth_fini(struct group_table *table)
{
	drop_next(&table->writer->growth);
}
