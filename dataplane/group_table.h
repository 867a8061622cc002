// SPDX-License-Identifier: BSD-3-Clause
// The group table: group -> fan-out, one table per interface and family, and the group's counters.
//
// A lookup turns the groups of a burst into indices; group_table_group() turns an index into the
// calling worker's own record of the group, 32 bytes with what to do and the counters, so that a
// frame costs two cache lines: a bucket and a record. An index or a record is good until the
// worker's next quiescent state (reclaim.h).
//
// Thread rule: lookups are for workers, any number at once, without a lock. The rest belongs to the
// one control thread, except where it says otherwise. A lookup running while the table changes,
// grows or shrinks sees the old or the new, and never misses a group that stays.
#ifndef DATAPLANE_GROUP_TABLE_H
#define DATAPLANE_GROUP_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include "dataplane.h"
#include "fanout.h"
#include "reclaim.h"

#define GROUP_TABLE_BURST 64 // most groups in one lookup
#define GROUP_TABLE_GROUPS_MAX (1u << 23)

// Records come in chunks that never move. Four chunks of 16 records, then four of 32, and so on:
// an index is a small floating-point number, chunk the exponent and two bits of the mantissa.
#define GROUP_CHUNK_MIN 16
#define GROUP_CHUNKS 72

// One worker's record of a group.
struct group {
	// What to do: a struct output with bit 0 set when that one output takes every frame, else a
	// struct fanout. control: wo, worker: ro
	_Atomic uintptr_t route;
	// worker: rw, control: ro
	_Atomic uint64_t packets, bytes, last_ms;
};

// One worker's records. control: wo, worker: ro
struct group_slice {
	_Atomic(struct group *) groups[GROUP_CHUNKS];
	_Atomic(_Atomic uint64_t *) filtered[GROUP_CHUNKS]; // apart, as it is seldom touched
};

// A group as words in memory order; an IPv4 group is the low half of words[0], in network order.
struct group_key {
	uint64_t words[2];
};

// The groups of an IPv6 table by index: a copy replaces it when it has to be longer.
struct group_keys {
	struct reclaim_item reclaim;
	uint32_t n;
	_Alignas(64) struct group_key keys[]; // no key on two cache lines
};

struct group_buckets; // the hash table proper
struct group_table;

// One way to look up, made for some instruction set.
struct group_lookup {
	const char *name;
	uint64_t (*lookup4)(const struct group_table *table, const uint32_t *groups_be, unsigned n,
		uint32_t *index);
	uint64_t (*lookup6)(const struct group_table *table, const struct group_key *groups,
		unsigned n, uint32_t *index);
};

struct group_writer; // what only the control thread knows

struct group_table {
	_Atomic(struct group_buckets *) buckets; // control: wo, worker: ro
	_Atomic(struct group_keys *) keys; // IPv6 only. control: wo, worker: ro
	const struct group_lookup *lookup;
	uint16_t family;
	unsigned n_workers;
	struct group_writer *writer;
	struct group_slice slices[]; // one a worker
};

// Where the things of an index are.
struct group_spot {
	unsigned chunk;
	uint32_t offset;
};

static inline struct group_spot group_spot(uint32_t index)
{
	uint32_t number = index + 4 * GROUP_CHUNK_MIN;
	unsigned shift = 29 - (unsigned)__builtin_clz(number);
	uint32_t mantissa = number >> shift; // 4 to 7

	return (struct group_spot){
		.chunk = shift * 4 + mantissa - 20,
		.offset = number - (mantissa << shift),
	};
}

int group_table_create(
	uint16_t family, unsigned n_workers, struct reclaim *reclaim, struct group_table **table);
// Frees the table and the fan-outs in it. No worker may look into it any more; waits for a grace
// period if groups were withdrawn lately.
void group_table_destroy(struct group_table *table);

// Puts the fan-out in place of the group's present one, which the caller retires; takes it over on
// success. -ENOMEM or -ENOSPC (the table is full) for a group that is new; a replacement never
// fails. A group that is new starts with zeroed counters.
int group_table_put(
	struct group_table *table, const struct sluice_addr *group, struct fanout *fanout);
// Withdraws the group; the caller retires the fan-out. NULL if there is none. Never fails.
struct fanout *group_table_remove(struct group_table *table, const struct sluice_addr *group);
struct fanout *group_table_get(const struct group_table *table, const struct sluice_addr *group);
unsigned group_table_count(const struct group_table *table);
// Sums the slices. -ENOENT
int group_table_stats(const struct group_table *table, const struct sluice_addr *group,
	struct group_stats *stats);
// Bytes held for groups: the buckets and what the control thread keeps; not the workers' records,
// not the fan-outs.
size_t group_table_memory(const struct group_table *table);

// Worker. Looks n <= GROUP_TABLE_BURST multicast groups up. Bit i of the result tells whether group
// i is there, index[i] is then its index.
static inline uint64_t group_table_lookup4_burst(
	const struct group_table *table, const uint32_t *groups_be, unsigned n, uint32_t *index)
{
	return table->lookup->lookup4(table, groups_be, n, index);
}

static inline uint64_t group_table_lookup6_burst(const struct group_table *table,
	const struct group_key *groups, unsigned n, uint32_t *index)
{
	return table->lookup->lookup6(table, groups, n, index);
}

// Worker `worker` (its number, 0 to n_workers - 1). Touches nothing of the record: prefetch it.
static inline struct group *group_table_group(
	const struct group_table *table, unsigned worker, uint32_t index)
{
	struct group_spot spot = group_spot(index);

	return atomic_load_explicit(
		       &table->slices[worker].groups[spot.chunk], memory_order_relaxed) +
	       spot.offset;
}

// Worker. What to do with the group's frames, to be asked route_...(). Good as long as an index is.
static inline uintptr_t group_route(const struct group *group)
{
	return atomic_load_explicit(&group->route, memory_order_acquire);
}

// The one output that takes every frame; NULL: route_fanout() tells.
static inline struct output *route_output(uintptr_t route)
{
	return route & 1 ? (struct output *)(route - 1) : NULL;
}

static inline const struct fanout *route_fanout(uintptr_t route)
{
	return (const struct fanout *)route;
}

// Of either: to be read soon.
static inline const void *route_target(uintptr_t route)
{
	return (const void *)(route & ~(uintptr_t)1);
}

// Worker. The outputs that want the frame, each once: their number, and *outputs to them, either
// in `scratch` (room for FANOUT_LINES_MAX) or in the fan-out.
static inline unsigned group_outputs(const struct group *group, const struct fanout_frame *frame,
	struct output **scratch, struct output *const **outputs)
{
	uintptr_t route = group_route(group);
	const struct fanout *fanout = route_fanout(route);

	*outputs = scratch;
	if (route & 1) {
		scratch[0] = route_output(route);
		return 1;
	}
	if (fanout->n_open == fanout->n_outputs) {
		*outputs = fanout->outputs;
		return fanout->n_outputs;
	}
	return fanout_filter(fanout, frame, scratch);
}

// Worker. Counts a frame of the group that somebody wanted.
static inline void group_count(struct group *group, uint32_t bytes, uint64_t now_ms)
{
	atomic_store_explicit(&group->packets,
		atomic_load_explicit(&group->packets, memory_order_relaxed) + 1,
		memory_order_relaxed);
	atomic_store_explicit(&group->bytes,
		atomic_load_explicit(&group->bytes, memory_order_relaxed) + bytes,
		memory_order_relaxed);
	atomic_store_explicit(&group->last_ms, now_ms, memory_order_relaxed);
}

// Worker. Counts a frame of the group that nobody wanted.
void group_table_count_filtered(const struct group_table *table, unsigned worker, uint32_t index);

#endif
