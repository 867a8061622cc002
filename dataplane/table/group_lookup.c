// SPDX-License-Identifier: BSD-3-Clause
#include "group_lookup.h"
#include "group_buckets.h"
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

// RTE_FORCE_INTRINSICS selects portable code, which ThreadSanitizer needs: it would report the
// vector loads of a matcher, which are only hints, as races.
#if defined(__x86_64__) && !defined(RTE_FORCE_INTRINSICS)
#define LOOKUP_X86
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

// A matcher returns the number of the slot that has the tag, or of any slot if none has. The caller
// loads that slot again, atomically, and compares, so that a matcher needs no atomic loads.
typedef unsigned (*matcher)(const struct bucket *bucket, uint32_t tag);

// Shifts one result bit into a mask. Bursts are searched backwards, so that the first group ends up
// in bit 0. Written so that it compiles to a compare and an add with carry.
INLINE uint64_t shift_in(uint64_t mask, bool verdict)
{
	return mask + mask + verdict;
}

// Whether entries of this home bucket may be in the next ones.
INLINE bool bucket_reaches(const struct bucket *bucket)
{
	return atomic_load_explicit(&bucket->slots[0], memory_order_acquire) > BUCKET_SLOT_MAX;
}

// The slot of a group that is not in its home bucket, or 0 if none of the next buckets has it.
INLINE uint64_t look_elsewhere(const struct group_table *table, uint16_t family,
	const struct group_query *query, unsigned i, matcher match)
{
	const struct group_buckets *buckets = query->buckets;
	uint32_t at = (uint32_t)(query->homes[i] - buckets->buckets), tag = query->tags[i];

	for (uint32_t reach = bucket_reach(query->homes[i]); reach; reach--) {
		const struct bucket *bucket;
		uint64_t slot;

		at = group_buckets_after(buckets, at);
		bucket = &buckets->buckets[at];
		slot = bucket_slot_load(bucket, match(bucket, tag));
		if (bucket_slot_tag(slot) == tag &&
			(family == AF_INET ||
				group_key_equal(group_buckets_key(table, bucket_slot_index(slot)),
					&query->keys[i])))
			return slot;
	}
	return 0;
}

// The results of a search.
struct finds {
	unsigned worker;
	uint32_t *index;
	struct group_record **records; // if `records`
};

INLINE void put_record(const struct group_table *table, uint16_t family, const struct finds *finds,
	unsigned i, uint32_t index)
{
	const size_t size =
		family == AF_INET ? sizeof(struct group_record) : sizeof(struct group_record6);
	struct group_record *record =
		(struct group_record *)(group_storage_chunk(table, finds->worker, index) +
					index * size);

	finds->records[i] = record;
	rte_prefetch0(record);
}

// Searches the few groups of `which` outside their home buckets. Returns those that were found. The
// loop costs one unpredictable branch per burst.
INLINE uint64_t find_elsewhere(const struct group_table *table, uint16_t family,
	const struct group_query *query, unsigned first, uint64_t which, const struct finds *finds,
	bool records, matcher match)
{
	uint64_t hits = 0;

	for (; which; which &= which - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(which), i = first + bit;
		uint64_t slot = look_elsewhere(table, family, query, i, match);

		hits |= (uint64_t)(slot != 0) << bit;
		finds->index[i] = bucket_slot_index(slot);
		if (records)
			put_record(table, family, finds, i, bucket_slot_index(slot));
	}
	return hits;
}

INLINE uint64_t find4(const struct group_table *table, const struct group_query *query,
	unsigned first, unsigned end, struct finds finds, bool records, matcher match)
{
	uint64_t hits = 0, elsewhere = 0;

	for (unsigned i = end; i-- > first;) {
		const struct bucket *home = query->homes[i];
		uint32_t tag = query->tags[i];
		uint64_t slot = bucket_slot_load(home, match(home, tag));
		uint64_t hit = bucket_slot_tag(slot) == tag;
		uint32_t index = bucket_slot_index(slot) & -(uint32_t)hit;

		hits = hits + hits + hit;
		elsewhere = shift_in(elsewhere, bucket_reaches(home));
		finds.index[i] = index;
		if (records)
			put_record(table, AF_INET, &finds, i, index);
	}
	elsewhere &= ~hits;
	return hits |
	       find_elsewhere(table, AF_INET, query, first, elsewhere, &finds, records, match);
}

// The tag of an IPv6 group is only a hint, so the key in the record is compared too. The key of
// index 0 equals no group, and its line is in the cache.
INLINE uint64_t find6(const struct group_table *table, const struct group_query *query,
	unsigned first, unsigned end, struct finds finds, bool records, matcher match)
{
	uint64_t hits = 0, elsewhere = 0;
	uint32_t mistaken = 0; // not 0: a hint was wrong

	for (unsigned i = end; i-- > first;) {
		const struct bucket *home = query->homes[i];
		uint32_t tag = query->tags[i];
		uint64_t slot = bucket_slot_load(home, match(home, tag));
		uint32_t index =
			bucket_slot_index(slot) & -(uint32_t)(bucket_slot_tag(slot) == tag);

		elsewhere = shift_in(elsewhere, bucket_reaches(home));
		finds.index[i] = index;
		put_record(table, AF_INET6, &finds, i, index);
	}
	for (unsigned i = end; i-- > first;) {
		const struct group_record6 *record = (const struct group_record6 *)finds.records[i];
		bool hit = group_key_equal(&record->key, &query->keys[i]);
		uint32_t index = finds.index[i] & -(uint32_t)hit;

		hits = shift_in(hits, hit);
		mistaken |= finds.index[i] ^ index;
		finds.index[i] = index;
	}
	for (unsigned i = end; records && unlikely(mistaken != 0) && i-- > first;)
		put_record(table, AF_INET6, &finds, i, finds.index[i]);
	elsewhere &= ~hits;
	return hits |
	       find_elsewhere(table, AF_INET6, query, first, elsewhere, &finds, records, match);
}

#define LOOKUP(name, attributes)                                                                   \
	attributes static uint64_t find4_##name(const struct group_table *table,                   \
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index)    \
	{                                                                                          \
		struct finds finds = {.index = index};                                             \
                                                                                                   \
		return find4(table, query, first, end, finds, false, match_##name);                \
	}                                                                                          \
	attributes static uint64_t find6_##name(const struct group_table *table, unsigned worker,  \
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index)    \
	{                                                                                          \
		struct group_record *records[GROUP_QUERY_MAX];                                     \
		struct finds finds = {worker, index, records};                                     \
                                                                                                   \
		return find6(table, query, first, end, finds, false, match_##name);                \
	}                                                                                          \
	attributes static void records4_##name(const struct group_table *table, unsigned worker,   \
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index,    \
		struct group_record **records)                                                     \
	{                                                                                          \
		struct finds finds = {worker, index, records};                                     \
                                                                                                   \
		find4(table, query, first, end, finds, true, match_##name);                        \
	}                                                                                          \
	attributes static void records6_##name(const struct group_table *table, unsigned worker,   \
		const struct group_query *query, unsigned first, unsigned end, uint32_t *index,    \
		struct group_record **records)                                                     \
	{                                                                                          \
		struct finds finds = {worker, index, records};                                     \
                                                                                                   \
		find6(table, query, first, end, finds, true, match_##name);                        \
	}                                                                                          \
	static const struct group_lookup lookup_##name = {                                         \
		#name, find4_##name, find6_##name, records4_##name, records6_##name}

INLINE unsigned match_scalar(const struct bucket *bucket, uint32_t tag)
{
	unsigned at = 0;

	for (unsigned i = 1; i < BUCKET_SLOTS; i++)
		at |= i & -(unsigned)(bucket_slot_tag(bucket_slot_load(bucket, i)) == tag);
	return at;
}
LOOKUP(scalar, );

#ifdef LOOKUP_X86
INLINE __attribute__((target("sse4.2"))) unsigned match_sse4(
	const struct bucket *bucket, uint32_t tag)
{
	const __m128 *pairs = (const __m128 *)bucket;
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i low = _mm_castps_si128(_mm_shuffle_ps(pairs[0], pairs[1], 0x88));
	__m128i high = _mm_castps_si128(_mm_shuffle_ps(pairs[2], pairs[3], 0x88));
	__m128i same = _mm_packs_epi32(_mm_cmpeq_epi32(low, wanted), _mm_cmpeq_epi32(high, wanted));

	// Two bits per slot. If no slot matches, the last one is returned.
	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(same) | 0x8000) / 2;
}
LOOKUP(sse4, __attribute__((target("sse4.2"))));

#define AVX2 __attribute__((target("avx2,bmi")))
INLINE AVX2 unsigned match_avx2(const struct bucket *bucket, uint32_t tag)
{
	// The order of the slots after the shuffle of both halves. Entry 32 stands for no match.
	static const uint8_t slots[33] = {0, 1, 4, 5, 2, 3, 6, 7};
	const __m256 *halves = (const __m256 *)bucket;
	__m256i tags = _mm256_castps_si256(_mm256_shuffle_ps(halves[0], halves[1], 0x88));
	__m256i same = _mm256_cmpeq_epi32(tags, _mm256_set1_epi32((int)tag));

	return slots[_tzcnt_u32((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(same)))];
}
LOOKUP(avx2, AVX2);

#endif

const struct group_lookup *group_lookup(unsigned rank)
{
	const struct group_lookup *lookups[4] = {NULL};
	unsigned n = 0;

#ifdef LOOKUP_X86
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
		lookups[n++] = &lookup_avx2;
	if (__builtin_cpu_supports("sse4.2"))
		lookups[n++] = &lookup_sse4;
#endif
	lookups[n++] = &lookup_scalar;
	return rank < n ? lookups[rank] : NULL;
}
