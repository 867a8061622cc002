// SPDX-License-Identifier: BSD-3-Clause
// A fan-out: who gets the frames of one group. Immutable once built, so a worker reads it without
// a lock; a change builds the next one from it.
//
// The distinct outputs come first, those that take every frame ("open") before those with a
// filter. A line is one subscriber's filter; the lines of one output are adjacent, so that an
// output gets a frame once however many of its lines want it.
#ifndef DATAPLANE_FANOUT_H
#define DATAPLANE_FANOUT_H

#include "dataplane.h"
#include "reclaim.h"

#define FANOUT_SUBSCRIBERS_MAX 1024

struct fanout_frame;

// What a worker does with the frames of a group before it delivers them: measure a stream, capture
// it, merge two of them. A fan-out has at most one hook; the owner of the hook keeps this struct
// and what `context` leads to for as long as a worker may use them (interface_set_hook()).
struct fanout_hook {
	// Worker number `worker`. Called once for each received frame of the group, before the
	// filters and in the order of arrival. l3_offset: of the IP header in the first segment.
	// Must not block, allocate or change the frame, which other packets may share; it may keep
	// the frame by taking a reference. False: the frame is not delivered, and counts as
	// filtered.
	bool (*frame)(void *context, unsigned worker, struct rte_mbuf *frame, uint16_t l3_offset,
		const struct fanout_frame *view);
	void *context;
};

struct fanout {
	struct reclaim_item reclaim;
	uint32_t size; // bytes of all of it
	uint16_t family;
	uint16_t n_outputs;
	uint16_t n_open; // outputs[0 .. n_open - 1] take every frame
	uint16_t n_subscribers;
	uint16_t n_open_subscribers; // of the open outputs; they come first too
	bool has_hook;
	struct output *outputs[]; // then the lines, their sources and owners, and the hook
};

// What a filter looks at in a frame.
struct fanout_frame {
	const void *source; // IP source address, network order, any alignment
	uint16_t udp_port_be; // destination port; 0 if the frame is not UDP
	bool later_fragment; // carries no port: every port-bound line takes it
};

// Worker. NULL: the fan-out has no hook. The pointer is the last word, so that a fan-out without
// one is no larger for it.
static inline const struct fanout_hook *fanout_hook(const struct fanout *fanout)
{
	const struct fanout_hook *const *end =
		(const struct fanout_hook *const *)((uintptr_t)fanout + fanout->size);

	return fanout->has_hook ? end[-1] : NULL;
}

// The outputs that want the frame, each once, as far as filters decide it: fills `wanted` (room
// for n_outputs) and returns their number.
unsigned fanout_filter(
	const struct fanout *fanout, const struct fanout_frame *frame, struct output **wanted);

// The filter of a fan-out that comes down to one output with at most one source and one UDP port,
// and has no hook.
struct fanout_single {
	struct output *output;
	uint16_t udp_port_be; // 0: any
	bool has_source; // else any
	uint8_t source[16]; // network order
};
// false: it does not.
bool fanout_single(const struct fanout *fanout, struct fanout_single *single);

// A fan-out to be: its lines, sorted, and the size it will have. Large, for the stack of the
// control thread, so that withdrawing needs no memory.
struct fanout_draft {
	size_t size; // 0: no line remains
	uint16_t family;
	const struct fanout_hook *hook; // NULL: none
	unsigned n_subscribers, n_open_subscribers, n_outputs, n_open;
	struct fanout_draft_subscriber {
		struct output *output;
		uint64_t owner;
		const void *sources; // packed in a fan-out, or struct sluice_addr
		uint32_t n_sources;
		uint16_t udp_port_be;
		uint8_t mode;
		bool packed;
		bool open; // its output is
	} subscribers[FANOUT_SUBSCRIBERS_MAX];
};

// Drafts the fan-out in which the owner's lines of `old` (NULL: there is none) are replaced by
// `subs`. A line that wants nothing (INCLUDE of no source) is left out. -ENOSPC beyond
// FANOUT_SUBSCRIBERS_MAX lines. The draft refers to `old` and to the sources of `subs`.
int fanout_draft(struct fanout_draft *draft, const struct fanout *old, uint16_t family,
	uint64_t owner, const struct subscriber *subs, unsigned n);
// Drafts `old` with another hook, or without one (NULL). Never fails.
void fanout_draft_hook(
	struct fanout_draft *draft, const struct fanout *old, const struct fanout_hook *hook);
// Builds it in a block of draft->size bytes on a cache line.
struct fanout *fanout_build(const struct fanout_draft *draft, void *block);

#endif
