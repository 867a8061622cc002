// SPDX-License-Identifier: BSD-3-Clause
// Lookup time against a batch of prefetched reads, the floor of any table that reads one line per
// group, and against rte_hash; and the memory of the table.
#include <stdio.h>
#include <stdlib.h>
#include <rte_prefetch.h>
#include "aligned_memory.h"
#include "peer_hash.h"
#include "result.h"
#include "workload.h"

#define KEYS (1u << 21)

struct line {
	_Alignas(ALIGNED_MEMORY_LINE) uint64_t words[ALIGNED_MEMORY_LINE / 8];
};

struct lookup {
	// Looks up a burst of keys that begins with key number `first`.
	uint64_t (*burst)(const struct lookup *lookup, unsigned first);
	const uint32_t *keys4;
	const struct group_key *keys6;
	unsigned next; // each slot continues where the previous one ended
	uint64_t hits;
	union {
		const struct group_table *table;
		const struct rte_hash *hash;
		struct {
			const struct line *lines;
			uint32_t n_subscribers;
		};
	};
};

static double half_slot(struct lookup *lookup)
{
	unsigned first = lookup->next;
	uint64_t start = rte_rdtsc_precise();

	for (unsigned i = 0; i < WORKLOAD_SLOT; i += WORKLOAD_BURST)
		lookup->hits += (uint64_t)__builtin_popcountll(lookup->burst(lookup, first + i));
	lookup->next = (first + WORKLOAD_SLOT) % KEYS;
	return workload_ns(rte_rdtsc_precise() - start) / WORKLOAD_SLOT;
}

static double slot(void *arg)
{
	half_slot(arg);
	return half_slot(arg);
}

static uint64_t floor_burst(const struct lookup *lookup, unsigned first)
{
	const uint32_t *keys = &lookup->keys4[first];
	const struct line *lines = lookup->lines;
	uint32_t n_subscribers = lookup->n_subscribers;
	uint32_t at[WORKLOAD_BURST], index[WORKLOAD_BURST];
	uint64_t hits = 0;

	for (unsigned i = 0; i < WORKLOAD_BURST; i++) {
		at[i] = (uint64_t)(keys[i] * 0x9e3779b1u) * n_subscribers >> 32;
		rte_prefetch0(&lines[at[i]]);
	}
	for (unsigned i = WORKLOAD_BURST; i-- > 0;) {
		uint64_t word = lines[at[i]].words[0];

		index[i] = word >> 32;
		hits = hits + hits + ((uint32_t)word == keys[i]);
	}
	// The results must be in memory, where a caller could read them.
	__asm__ volatile("" : : "r"(index) : "memory");
	return hits;
}

static uint64_t burst4(const struct lookup *lookup, unsigned first)
{
	uint32_t index[WORKLOAD_BURST];

	return group_table_lookup4_burst(
		lookup->table, &lookup->keys4[first], WORKLOAD_BURST, index);
}

static uint64_t burst6(const struct lookup *lookup, unsigned first)
{
	uint32_t index[WORKLOAD_BURST];

	return group_table_lookup6_burst(
		lookup->table, 0, &lookup->keys6[first], WORKLOAD_BURST, index);
}

static uint64_t loops_hash(const struct lookup *lookup, unsigned first)
{
	void *data[WORKLOAD_BURST];

	return peer_hash_burst(lookup->hash, &lookup->keys4[first], WORKLOAD_BURST, data);
}

static void keep_worst(struct slots_quartiles *worst, struct slots_quartiles found)
{
	if (found.median > worst->median)
		*worst = found;
}

void lookup_bench(const struct workload_size *size)
{
	enum { FLOOR, OURS4, OURS6, HASH, CASES };
	static const unsigned percents[] = {0, 50, 100};
	static const char *const percent_names[] = {"0%", "50%", "100%"};
	struct slots_quartiles floor4 = {0}, floor6 = {0}, hash;
	struct fanout fanout = {.n_outputs = 2};
	struct line *lines = aligned_memory_alloc(size->n * sizeof(*lines));
	struct reclaim reclaim;
	struct group_table *table4, *table6;
	struct rte_hash *peer = peer_hash_open(size->n, (char *)lines, sizeof(*lines));

	workload_must(lines ? 0 : -1, "memory");
	workload_must(reclaim_init(&reclaim, 1), "reclaim");
	table4 = workload_table(AF_INET, size->n, &reclaim, &fanout);
	table6 = workload_table(AF_INET6, size->n, &reclaim, &fanout);
	for (unsigned i = 0; i < RTE_DIM(percents); i++) {
		uint32_t *keys4 = workload_keys4(KEYS, size->n, percents[i]);
		struct group_key *keys6 = workload_keys6(keys4, KEYS);
		struct lookup lookups[CASES] = {
			[FLOOR] = {.burst = floor_burst, .lines = lines, .n_subscribers = size->n},
			[OURS4] = {.burst = burst4, .table = table4},
			[OURS6] = {.burst = burst6, .table = table6},
			[HASH] = {.burst = loops_hash, .hash = peer},
		};
		static struct slots_case cases[CASES] = {
			[FLOOR] = {.name = "floor", .run = slot},
			[OURS4] = {.name = "lookup4", .run = slot},
			[OURS6] = {.name = "lookup6", .run = slot},
			[HASH] = {.name = "rte_hash", .run = slot},
		};

		for (unsigned k = 0; k < CASES; k++) {
			lookups[k].keys4 = keys4;
			lookups[k].keys6 = keys6;
			cases[k].arg = &lookups[k];
		}
		slots_run(cases, CASES, workload_rounds);
		workload_must(lookups[OURS4].hits != lookups[HASH].hits ||
				      lookups[OURS6].hits != lookups[HASH].hits,
			"the lookups disagree");
		for (unsigned k = 0; k < CASES; k++) {
			char name[64];

			snprintf(name, sizeof(name), "%s.%s", cases[k].name, percent_names[i]);
			result_time(name, size->name, slots_ns(&cases[k], workload_rounds));
		}
		keep_worst(&floor4, slots_ratio(&cases[OURS4], &cases[FLOOR], workload_rounds));
		keep_worst(&floor6, slots_ratio(&cases[OURS6], &cases[FLOOR], workload_rounds));
		// The last case has only hits, which take rte_hash longest.
		hash = slots_ratio(&cases[HASH], &cases[OURS4], workload_rounds);
		free(keys4);
		free(keys6);
	}
	result_ratio("lookup4.floor", size->name, floor4);
	result_ratio("lookup6.floor", size->name, floor6);
	result_ratio("lookup4.rte_hash", size->name, hash);
	result_value("memory4.bytes", size->name, (double)group_table_memory(table4) / size->n);
	result_value("memory6.bytes", size->name, (double)group_table_memory(table6) / size->n);
	workload_table_free(table4, size->n);
	workload_table_free(table6, size->n);
	reclaim_fini(&reclaim);
	rte_hash_free(peer);
	free(lines);
}
