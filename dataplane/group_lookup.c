// SPDX-License-Identifier: BSD-3-Clause
#include "group_lookup.h"
#include "group_buckets.h"
#include <rte_prefetch.h>

// RTE_FORCE_INTRINSICS asks for portable code only, as ThreadSanitizer needs it: it would take the
// vector loads of a matcher, which are hints, for races.
#if defined(__x86_64__) && !defined(RTE_FORCE_INTRINSICS)
#define LOOKUP_SSE4
#include <immintrin.h>
#endif

// A matcher gives the slot of a bucket that holds the tag, any slot when none does: the caller
// loads that slot again, atomically, and compares. So a matcher may read the bucket as it likes.
typedef unsigned (*matcher)(const struct bucket *bucket, uint32_t tag);

// Shifts a verdict into a mask, whose first frame ends up in bit 0 as bursts are read backwards.
// Written so that it compiles to a compare and an add with carry.
static inline uint64_t shift_in(uint64_t mask, bool verdict)
{
	return mask + mask + verdict;
}

// Whether a bucket's entries may be elsewhere as well.
static inline bool bucket_reaches(const struct bucket *bucket)
{
	return atomic_load_explicit(&bucket->slots[0], memory_order_acquire) > BUCKET_SLOT_MAX;
}

// The slot of a group that is not in its home bucket but may be in one of the next, 0 if it is not.
static inline __attribute__((always_inline)) uint64_t look_elsewhere(
	const struct group_table *table, const struct group_query *query, unsigned i, matcher match)
{
	const struct group_buckets *buckets = query->buckets;
	uint32_t at = (uint32_t)(query->homes[i] - buckets->buckets), tag = query->tags[i];

	for (uint32_t reach = bucket_reach(query->homes[i]); reach; reach--) {
		const struct bucket *bucket;
		uint64_t slot;

		at = bucket_after(buckets, at);
		bucket = &buckets->buckets[at];
		slot = slot_load(bucket, match(bucket, tag));
		if (slot_tag(slot) == tag &&
			(table->family == AF_INET ||
				group_key_equal(
					group_key(table, slot_index(slot)), &query->keys[i])))
			return slot;
	}
	return 0;
}

// Few, and one unpredictable branch for all of them. Returns those that are there.
static inline __attribute__((always_inline)) uint64_t find_elsewhere(
	const struct group_table *table, const struct group_query *query, unsigned first,
	uint64_t which, uint32_t *index, matcher match)
{
	uint64_t hits = 0;

	for (; which; which &= which - 1) {
		unsigned i = (unsigned)__builtin_ctzll(which);
		uint64_t slot = look_elsewhere(table, query, first + i, match);

		index[first + i] = slot_index(slot);
		hits |= (uint64_t)(slot != 0) << i;
	}
	return hits;
}

static inline __attribute__((always_inline)) uint64_t find4(const struct group_table *table,
	const struct group_query *query, unsigned first, unsigned end, uint32_t *index,
	matcher match)
{
	uint64_t hits = 0, elsewhere = 0;

	for (unsigned i = end; i-- > first;) {
		const struct bucket *home = query->homes[i];
		uint64_t slot = slot_load(home, match(home, query->tags[i]));

		index[i] = slot_index(slot) & -(uint32_t)(slot_tag(slot) == query->tags[i]);
		hits = shift_in(hits, index[i] != 0);
		elsewhere = shift_in(elsewhere, bucket_reaches(home));
	}
	return hits | find_elsewhere(table, query, first, elsewhere & ~hits, index, match);
}

static inline __attribute__((always_inline)) uint64_t find6(const struct group_table *table,
	unsigned worker, const struct group_query *query, unsigned first, unsigned end,
	uint32_t *index, matcher match)
{
	const struct group6 *found[GROUP_TABLE_BURST];
	uint64_t hits = 0, elsewhere = 0;

	for (unsigned i = end; i-- > first;) {
		const struct bucket *home = query->homes[i];
		uint64_t slot = slot_load(home, match(home, query->tags[i]));

		// Index 0 is nobody's: its key equals no group, and its line is warm.
		index[i] = slot_index(slot) & -(uint32_t)(slot_tag(slot) == query->tags[i]);
		found[i] = (const struct group6 *)group_table_group(table, worker, index[i]);
		rte_prefetch0(found[i]);
		elsewhere = shift_in(elsewhere, bucket_reaches(home));
	}
	for (unsigned i = end; i-- > first;) {
		bool equal = group_key_equal(&found[i]->key, &query->keys[i]);

		index[i] &= -(uint32_t)equal;
		hits = shift_in(hits, equal);
	}
	return hits | find_elsewhere(table, query, first, elsewhere & ~hits, index, match);
}

#define LOOKUP(name, attributes)                                                                   \
	attributes static uint64_t find4_##name(const struct group_table *table,                   \
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index)    \
	{                                                                                          \
		return find4(table, query, first, end, index, match_##name);                       \
	}                                                                                          \
	attributes static uint64_t find6_##name(const struct group_table *table, unsigned worker,  \
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index)    \
	{                                                                                          \
		return find6(table, worker, query, first, end, index, match_##name);               \
	}                                                                                          \
	static const struct group_lookup lookup_##name = {#name, find4_##name, find6_##name}

static inline __attribute__((always_inline)) unsigned match_scalar(
	const struct bucket *bucket, uint32_t tag)
{
	unsigned at = 0;

	for (unsigned i = 1; i < BUCKET_SLOTS; i++) {
		at |= i & -(unsigned)(slot_tag(slot_load(bucket, i)) == tag);
	}
	return at;
}
LOOKUP(scalar, );

#ifdef LOOKUP_SSE4
static inline __attribute__((always_inline, target("sse4.2"))) unsigned match_sse4(
	const struct bucket *bucket, uint32_t tag)
{
	const __m128 *pairs = (const __m128 *)bucket;
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i low = _mm_castps_si128(_mm_shuffle_ps(pairs[0], pairs[1], 0x88));
	__m128i high = _mm_castps_si128(_mm_shuffle_ps(pairs[2], pairs[3], 0x88));
	__m128i same = _mm_packs_epi32(_mm_cmpeq_epi32(low, wanted), _mm_cmpeq_epi32(high, wanted));

	// Two bits a slot; the last slot stands for none.
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(same) | 0x8000) / 2;
}
LOOKUP(sse4, __attribute__((target("sse4.2"))));
#endif

const struct group_lookup *group_lookup_scalar(void)
{
	return &lookup_scalar;
}

const struct group_lookup *group_lookup_best(void)
{
#ifdef LOOKUP_SSE4
	if (__builtin_cpu_supports("sse4.2"))
		return &lookup_sse4;
#endif
	return &lookup_scalar;
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
