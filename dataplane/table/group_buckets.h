// SPDX-License-Identifier: BSD-3-Clause
// The hash table of a group table: group -> index. The control thread changes it here; workers
// search it in group_lookup.c.
//
// An entry lives in its home bucket or, when that is full, in one of the next buckets, and never
// moves. The reach of the home bucket says how far its entries spread. It is raised after such an
// entry is inserted and lowered after it is erased, so that a reader who relies on it misses no
// entry that stays.
#ifndef DATAPLANE_GROUP_BUCKETS_H
#define DATAPLANE_GROUP_BUCKETS_H

#include "bucket.h"
#include "group_storage.h"
#include "reclaim.h"

// Immutable except for the slots.
struct group_buckets {
	struct reclaim_item reclaim;
	uint64_t seeds[2];
	uint32_t n;
	struct bucket buckets[];
};

// Where a group belongs.
struct group_place {
	uint32_t home; // bucket
	uint32_t tag;
};

static inline uint32_t group_buckets_after(const struct group_buckets *buckets, uint32_t bucket)
{
	return bucket + 1 == buckets->n ? 0 : bucket + 1;
}

// Scales a hash to the number of buckets. The seeds are secret and odd, so that nobody can choose
// groups that fall into one bucket.
static inline uint32_t group_buckets_home(const struct group_buckets *buckets, uint64_t product)
{
	return (uint32_t)((uint64_t)(uint32_t)(product ^ product >> 32) * buckets->n >> 32);
}

static inline struct group_place group_buckets_place4(
	const struct group_buckets *buckets, uint32_t group_be)
{
	return (struct group_place){
		.home = group_buckets_home(buckets, group_be * buckets->seeds[0]),
		.tag = group_be,
	};
}

// The last four bytes, which differ most, go to the low half, from where the multiplication spreads
// them over all bits.
static inline struct group_place group_buckets_place6(
	const struct group_buckets *buckets, const struct group_key *key)
{
	uint64_t last_first = key->words[1] << 32 | key->words[1] >> 32;
	uint64_t product = key->words[0] * buckets->seeds[0] + last_first * buckets->seeds[1];

	return (struct group_place){
		.home = group_buckets_home(buckets, product),
		.tag = (uint32_t)(product >> 32) | 1,
	};
}

static inline struct group_place group_buckets_place(
	const struct group_buckets *buckets, uint16_t family, const struct group_key *key)
{
	return family == AF_INET ? group_buckets_place4(buckets, (uint32_t)key->words[0])
				 : group_buckets_place6(buckets, key);
}

// IPv6, control thread. The key in the first worker's record.
static inline struct group_key *group_buckets_key(const struct group_table *table, uint32_t index)
{
	return &((struct group_record6 *)group_storage_record(table, 0, index))->key;
}

// The functions below belong to the control thread.

// The buckets that lookups use. The control thread is their only writer.
static inline struct group_buckets *group_buckets_of(const struct group_table *table)
{
	return atomic_load_explicit(&table->buckets, memory_order_relaxed);
}

// The place of the group that a slot holds.
static inline struct group_place group_buckets_place_of_slot(
	const struct group_table *table, const struct group_buckets *buckets, uint64_t slot)
{
	return table->family == AF_INET
		       ? group_buckets_place4(buckets, bucket_slot_tag(slot))
		       : group_buckets_place6(
				 buckets, group_buckets_key(table, bucket_slot_index(slot)));
}

// The index of a group, 0 if it is not in the table.
uint32_t group_buckets_find(const struct group_table *table, const struct group_buckets *buckets,
	const struct group_key *key, struct group_place place);

// Allocates n empty buckets with random seeds. NULL if out of memory. Free with free().
struct group_buckets *group_buckets_alloc(uint32_t n);
// Inserts a group that is not in the table. Returns its bucket, or -ENOSPC when no slot in reach is
// free, or another group there has the same tag.
int group_buckets_insert(struct group_buckets *buckets, struct group_place place, uint32_t index);
// Erases a group that is in the table. Returns the bucket that held it.
uint32_t group_buckets_erase(const struct group_table *table, struct group_buckets *buckets,
	struct group_place place, uint32_t index);

#endif
