// SPDX-License-Identifier: BSD-3-Clause
#include "group_buckets.h"
#include <errno.h>
#include <sys/random.h>

#ifdef __x86_64__
#include <immintrin.h>

// Moves a changed bucket from the cache of this core to the shared cache, where workers find it
// faster. This is a hint, and does nothing on CPUs that do not support it.
__attribute__((target("cldemote"))) static void bucket_demote(struct bucket *bucket)
{
	_cldemote(bucket);
}
#else
static void bucket_demote(struct bucket *bucket)
{
	(void)bucket;
}
#endif

uint32_t group_buckets_find(const struct group_table *table, const struct group_buckets *buckets,
	const struct group_key *key, struct group_place place)
{
	uint32_t reach = bucket_reach(&buckets->buckets[place.home]);
	uint32_t at = place.home;

	for (uint32_t distance = 0; distance <= reach; distance++) {
		const struct bucket *bucket = &buckets->buckets[at];

		for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t slot = bucket_slot_load(bucket, i);

			if (bucket_slot_tag(slot) == place.tag &&
				(table->family == AF_INET ||
					group_key_equal(
						group_buckets_key(table, bucket_slot_index(slot)),
						key)))
				return bucket_slot_index(slot);
		}
		at = group_buckets_after(buckets, at);
	}
	return 0;
}

struct group_buckets *group_buckets_alloc(uint32_t n)
{
	struct group_buckets *buckets =
		aligned_memory_alloc(sizeof(*buckets) + (size_t)n * sizeof(buckets->buckets[0]));

	if (!buckets)
		return NULL;
	buckets->n = n;
	// Early at boot there is no entropy: use a constant seed.
	if (getrandom(buckets->seeds, sizeof(buckets->seeds), GRND_NONBLOCK) < 0)
		buckets->seeds[0] = buckets->seeds[1] = 0x9e3779b97f4a7c15;
	buckets->seeds[0] |= 1;
	buckets->seeds[1] |= 1;
	return buckets;
}

// Release: a reader that sees the index also sees the record that was written before.
static void slot_store(struct bucket *bucket, unsigned i, uint32_t tag, uint32_t index)
{
	uint64_t reach = bucket_slot_load(bucket, i) >> 56;

	atomic_store_explicit(
		&bucket->slots[i], reach << 56 | (uint64_t)index << 32 | tag, memory_order_release);
}

static void reach_store(struct bucket *bucket, uint32_t reach)
{
	uint64_t slot = bucket_slot_load(bucket, 0) & ((1ull << 56) - 1);

	atomic_store_explicit(
		&bucket->slots[0], (uint64_t)reach << 56 | slot, memory_order_release);
}

// The first free slot, or BUCKET_SLOTS if there is none. -ENOSPC if a slot has the tag.
static int free_slot(const struct bucket *bucket, uint32_t tag)
{
	int found = BUCKET_SLOTS;

	for (int i = BUCKET_SLOTS; i-- > 0;) {
		uint32_t held = bucket_slot_tag(bucket_slot_load(bucket, (unsigned)i));

		if (held == tag)
			return -ENOSPC;
		if (!held)
			found = i;
	}
	return found;
}

int group_buckets_insert(struct group_buckets *buckets, struct group_place place, uint32_t index)
{
	struct bucket *home = &buckets->buckets[place.home];
	uint32_t at = place.home;

	for (uint32_t distance = 0; distance <= BUCKET_REACH_MAX; distance++) {
		struct bucket *bucket = &buckets->buckets[at];
		int slot = free_slot(bucket, place.tag);

		if (slot < 0)
			return slot;
		if (slot < BUCKET_SLOTS) {
			slot_store(bucket, (unsigned)slot, place.tag, index);
			if (distance > bucket_reach(home))
				reach_store(home, distance);
			return (int)at;
		}
		at = group_buckets_after(buckets, at);
		if (at == place.home)
			break;
	}
	return -ENOSPC;
}

// The distance of the farthest bucket that still holds an entry of this home.
static uint32_t reach_needed(
	const struct group_table *table, const struct group_buckets *buckets, uint32_t home)
{
	uint32_t reach = bucket_reach(&buckets->buckets[home]);
	uint32_t at = home;
	uint32_t needed = 0;

	for (uint32_t distance = 1; distance <= reach; distance++) {
		at = group_buckets_after(buckets, at);
		for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t slot = bucket_slot_load(&buckets->buckets[at], i);

			if (bucket_slot_tag(slot) &&
				group_buckets_place_of_slot(table, buckets, slot).home == home)
				needed = distance;
		}
	}
	return needed;
}

uint32_t group_buckets_erase(const struct group_table *table, struct group_buckets *buckets,
	struct group_place place, uint32_t index)
{
	struct bucket *home = &buckets->buckets[place.home];
	uint32_t at = place.home;

	for (;;) {
		struct bucket *bucket = &buckets->buckets[at];

		for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t slot = bucket_slot_load(bucket, i);

			if (!bucket_slot_tag(slot) || bucket_slot_index(slot) != index)
				continue;
			slot_store(bucket, i, 0, 0);
			if (at != place.home)
				reach_store(home, reach_needed(table, buckets, place.home));
			// Not after an insertion: a leave that follows immediately would wait for
			// the line.
			bucket_demote(bucket);
			return at;
		}
		at = group_buckets_after(buckets, at);
	}
}
