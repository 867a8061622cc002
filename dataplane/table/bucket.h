// SPDX-License-Identifier: BSD-3-Clause
// A bucket of the hash table: one cache line of eight slots of eight bytes. A slot changes by one
// atomic store.
#ifndef DATAPLANE_BUCKET_H
#define DATAPLANE_BUCKET_H

#include <stdatomic.h>
#include <stdint.h>
#include "aligned_memory.h"

#define BUCKET_SLOTS 8
// Most buckets that a group's entry may lie behind its home. It bounds a lookup whatever the keys
// are: the writer draws another seed rather than go further.
#define BUCKET_REACH_MAX 8

// A slot: bits 0-31 are the tag (an IPv4 group in network byte order, or hash bits of an IPv6
// group), bits 32-55 the index, and in slot 0 bits 56-63 the reach of the bucket. The tag of an
// empty slot is 0, and no group has that tag. No two slots of a bucket have the same tag.
struct bucket {
	// control: wo, worker: ro
	_Alignas(ALIGNED_MEMORY_LINE) _Atomic uint64_t slots[BUCKET_SLOTS];
};

_Static_assert(sizeof(struct bucket) == ALIGNED_MEMORY_LINE, "a bucket is a cache line");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a slot changes by one store");

#define BUCKET_SLOT_MAX ((UINT64_C(1) << 56) - 1) // largest slot whose reach is 0

static inline uint32_t bucket_slot_tag(uint64_t slot)
{
	return (uint32_t)slot;
}

static inline uint32_t bucket_slot_index(uint64_t slot)
{
	return (uint32_t)(slot >> 32) & 0xffffff;
}

// Acquire: a reader that sees an index also sees the record that was written before.
static inline uint64_t bucket_slot_load(const struct bucket *bucket, unsigned i)
{
	return atomic_load_explicit(&bucket->slots[i], memory_order_acquire);
}

static inline uint32_t bucket_reach(const struct bucket *bucket)
{
	return (uint32_t)(bucket_slot_load(bucket, 0) >> 56);
}

#endif
