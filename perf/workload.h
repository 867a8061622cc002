// SPDX-License-Identifier: BSD-3-Clause
// The groups a benchmark works with, and the sequences it asks for them in.
#ifndef PERF_WORKLOAD_H
#define PERF_WORKLOAD_H

#include <rte_cycles.h>
#include <rte_ring.h>
#include "group_table.h"

#define SIZES 3
#define WORKLOAD_BURST 32
#define WORKLOAD_SLOT (1u << 15) // lookups that count in a slot, and as many before them to warm up

struct workload_size {
	const char *name;
	unsigned n; // groups
};

extern const struct workload_size workload_sizes[SIZES];

extern unsigned workload_rounds; // turns of a benchmark

// Group `number` of an endless list of different groups in no order, those below n being the ones
// that are joined.
uint32_t workload_group4(uint32_t number); // network order
struct sluice_addr workload_group(uint16_t family, uint32_t number);

// A random sequence of n keys of which `percent` are groups below n_groups. Freed with free().
uint32_t *workload_keys4(unsigned n, unsigned n_groups, unsigned percent);
struct group_key *workload_keys6(const uint32_t *keys4, unsigned n);

// A table with the groups, each to an output of its own that is never touched. `fanout` is shared
// by all, and has to be there as long as the table; workload_table_free() does not free it.
struct group_table *workload_table(
	uint16_t family, unsigned n_groups, struct reclaim *reclaim, struct fanout *fanout);
void workload_table_free(struct group_table *table, unsigned n_groups);

// A random number; the same sequence in every run.
uint32_t workload_random(uint32_t below);

// A ring of DPDK's as Sluice would need it: filled by any number of threads, emptied by one.
struct rte_ring *workload_ring(unsigned number, unsigned size);

// Exits with a message when a call failed.
void workload_must(int rc, const char *what);

static inline double workload_ns(uint64_t cycles)
{
	return (double)cycles * 1e9 / (double)rte_get_tsc_hz();
}

// The benchmarks.
void lookup_bench(const struct workload_size *size);
void churn_bench(const struct workload_size *size);
void pipeline_bench(const struct workload_size *size);
void fanout_bench(const struct workload_size *size);

#endif
