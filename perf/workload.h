// SPDX-License-Identifier: BSD-3-Clause
// What the benchmarks share: groups, key sequences, tables. The folder:
//   run.sh          builds and runs everything; RESULTS.md has the figures and what was tried
//   main.c          sluice-perf, which runs the benchmarks
//   lookup.c        the group table against reads of one line per key, and against rte_hash
//   churn.c         a reader while a writer changes the table
//   pipeline.c      the loop of a worker, with its table and with others (loops.c, frame_source.c)
//   fanout.c        delivery to 32 rings, by references and by clones
//   result.c        ratios, targets and the JSON file
//   slots.c         measures on a machine whose speed drifts
//   peer_hash.c     rte_hash as a peer
//   memif.c         sluice-memif: the memif server next to DPDK's net_memif
//   pcap.c          sluice-pcap: a worker next to testpmd and ipv4_multicast, run by peers.py
//   instructions.c  instructions per frame and stage, counted and compared by instructions.sh
//   api/            how long a join takes, run by latency.sh
//   igmp/           the protocol
//   rpc/            the control socket
//   traffic/        sluice-load
#ifndef PERF_WORKLOAD_H
#define PERF_WORKLOAD_H

#include <rte_cycles.h>
#include <rte_ring.h>
#include "group_table.h"

#define SIZES 3
#define WORKLOAD_BURST 32
#define WORKLOAD_SLOT (1u << 15) // lookups measured per slot, after as many that warm up

struct workload_size {
	const char *name;
	unsigned n; // groups
};

extern const struct workload_size workload_sizes[SIZES];

extern unsigned workload_rounds; // turns of each benchmark

// Group `number` of a long list of different groups in random order. A benchmark joins those whose
// number is below n.
uint32_t workload_group4(uint32_t number); // network byte order
struct sluice_addr workload_group(uint16_t family, uint32_t number);

// A random sequence of n keys; `percent` of them are groups below n_groups. Free with free().
uint32_t *workload_keys4(unsigned n, unsigned n_groups, unsigned percent);
struct group_key *workload_keys6(const uint32_t *keys4, unsigned n);

// A table with the groups below n_groups. All of them share `fanout`, which must outlive the table;
// workload_table_free() does not free it.
struct group_table *workload_table(
	uint16_t family, unsigned n_groups, struct reclaim *reclaim, struct fanout *fanout);
void workload_table_free(struct group_table *table, unsigned n_groups);

// A random number below `below`. The sequence is the same in every run.
uint32_t workload_random(uint32_t below);

// A DPDK ring of the kind that Sluice would need: any number of producers, one consumer.
struct rte_ring *workload_ring(unsigned number, unsigned size);

// Exits with a message if rc is not 0.
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
