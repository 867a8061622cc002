// SPDX-License-Identifier: BSD-3-Clause
// Records: what a worker does with the frames of a group, and the counters of that worker. A frame
// needs one cache line of its group; only what does not fit into the record is in the fan-out.
//
// A route leads to a fan-out, or directly to an output. A direct route has a filter of at most one
// UDP port, in the route itself, and at most one source, in the record. The source is written once
// in the life of a record, before the first route that refers to it, so that a worker that sees
// such a route sees its source. A group whose one source changes is therefore routed to its fan-out
// from then on. So is a group with a hook (fanout.h): direct routes pay nothing for hooks.
#ifndef DATAPLANE_GROUP_RECORD_H
#define DATAPLANE_GROUP_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <rte_branch_prediction.h>
#include "fanout.h"
#include "group_key.h"

enum route_flag { // in the low bits, which are 0 in an address
	ROUTE_DIRECT = 1, // the route leads to an output, else to a fan-out
	ROUTE_SOURCE4 = 2, // only frames from the source in the record
	ROUTE_SOURCE6 = 4, // the same for IPv6
};

// A direct route: bits 48-63 are the UDP port in network byte order, 0 for any; then the address of
// the output; then the flags.
#define ROUTE_PORT_SHIFT 48
#define ROUTE_ADDRESS ((UINT64_C(1) << ROUTE_PORT_SHIFT) - 16)

// Times in a record are in ticks; 32 bits of them last for two years.
#define GROUP_RECORD_TICK_MS 16

struct group_record {
	_Atomic uint64_t route; // control: wo, worker: ro
	_Atomic uint64_t packets, bytes; // worker: rw, control: ro
	_Atomic uint32_t last_tick; // of the last packet; worker: rw, control: ro
	_Atomic uint32_t source4_be; // control: rw, worker: ro; 0: not written
};

// The record of an IPv6 group. A lookup compares the key, as the tag of a slot is only a hint.
struct group_record6 {
	struct group_record group;
	struct group_key key; // control: rw, worker: ro; const while a lookup may find it
	_Atomic uint64_t source6[2]; // as source4_be
};

_Static_assert(sizeof(struct group_record) == 32, "two records per cache line");
_Static_assert(sizeof(struct group_record6) == 64, "one record a cache line");

static inline uint32_t group_record_tick(uint64_t ms)
{
	return (uint32_t)(ms / GROUP_RECORD_TICK_MS);
}

// Worker. What to do with the frames of the group. 0: no group. Valid as long as the record.
static inline uint64_t group_record_route(const struct group_record *group)
{
	return atomic_load_explicit(&group->route, memory_order_acquire);
}

static inline struct output *group_record_output(uint64_t route)
{
	return (struct output *)(uintptr_t)(route & ROUTE_ADDRESS);
}

static inline const struct fanout *group_record_fanout(uint64_t route)
{
	return (const struct fanout *)(uintptr_t)route;
}

static inline bool group_record_source_is4(const struct group_record *group, const void *source)
{
	uint32_t source_be;

	memcpy(&source_be, source, sizeof(source_be));
	return atomic_load_explicit(&group->source4_be, memory_order_relaxed) == source_be;
}

static inline bool group_record_source_is6(const struct group_record *group, const void *source)
{
	const struct group_record6 *group6 = (const struct group_record6 *)group;
	uint64_t words[2];

	memcpy(words, source, sizeof(words));
	return atomic_load_explicit(&group6->source6[0], memory_order_relaxed) == words[0] &&
	       atomic_load_explicit(&group6->source6[1], memory_order_relaxed) == words[1];
}

// Worker. Whether the filter of a direct route lets the frame through.
static inline bool group_record_takes(
	const struct group_record *group, uint64_t route, struct fanout_frame frame)
{
	uint16_t port_be = route >> ROUTE_PORT_SHIFT;

	if (unlikely(port_be != frame.udp_port_be) && port_be != 0 && !frame.later_fragment)
		return false;
	if (route & ROUTE_SOURCE4)
		return group_record_source_is4(group, frame.source);
	if (route & ROUTE_SOURCE6)
		return group_record_source_is6(group, frame.source);
	return true;
}

// Worker. Returns the number of outputs that want the frame, each once, and points *outputs at
// them: in `scratch`, with room for FANOUT_SUBSCRIBERS_MAX, or in the fan-out. Does not call hooks.
static inline unsigned group_record_outputs(const struct group_record *group,
	const struct fanout_frame *frame, struct output **scratch, struct output *const **outputs)
{
	uint64_t route = group_record_route(group);
	const struct fanout *fanout = group_record_fanout(route);

	*outputs = scratch;
	if (route & ROUTE_DIRECT) {
		scratch[0] = group_record_output(route);
		return group_record_takes(group, route, *frame);
	}
	if (fanout->n_open == fanout->n_outputs) {
		*outputs = fanout->outputs;
		return fanout->n_outputs;
	}
	return fanout_filter(fanout, frame, scratch);
}

// Worker. Counts a delivered frame of the group.
static inline void group_record_count(struct group_record *group, uint32_t bytes, uint32_t tick)
{
	atomic_store_explicit(&group->bytes,
		atomic_load_explicit(&group->bytes, memory_order_relaxed) + bytes,
		memory_order_relaxed);
	atomic_store_explicit(&group->last_tick, tick, memory_order_relaxed);
	// Release: a reader that sees the packet sees its time, too.
	atomic_store_explicit(&group->packets,
		atomic_load_explicit(&group->packets, memory_order_relaxed) + 1,
		memory_order_release);
}

// Control thread. Time since the last packet, if there was one.
static inline uint64_t group_record_age_ms(const struct group_record *group, uint64_t now_ms)
{
	uint32_t last = atomic_load_explicit(&group->last_tick, memory_order_relaxed);
	int32_t age = (int32_t)(group_record_tick(now_ms) - last);

	// The packet may have come after the clock was read.
	return age > 0 ? (uint64_t)age * GROUP_RECORD_TICK_MS : 0;
}

// Control thread. Routes the group to the fan-out, or directly to its output if the record can hold
// the filter and there is no hook. Release: a worker that sees the route sees what it refers to.
void group_record_set_route(struct group_record *group, const struct fanout *fanout);
// Control thread. Clears a record that no worker uses any more, for the next group.
void group_record_clear(struct group_record *group, uint16_t family);

#endif
