// SPDX-License-Identifier: BSD-3-Clause
// A fan-out: the subscribers of one group. It is immutable once built, so that workers read it
// without a lock. A change builds the next fan-out from the present one.
//
// The distinct outputs come first, those that take every frame ("open") before those with a filter.
// The subscribers of one output are adjacent, so that an output gets a frame once, however many of
// its subscribers want it.
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
	uint32_t size; // bytes of the whole fan-out
	uint16_t family;
	uint16_t n_outputs;
	uint16_t n_open; // outputs[0] to outputs[n_open - 1] take every frame
	uint16_t n_subscribers;
	uint16_t n_open_subscribers; // of the open outputs; they come first, too
	bool has_hook;
	struct output *outputs[]; // then subscribers, sources, owners, hook
};

// What filters use of a frame.
struct fanout_frame {
	const void *source; // IP source address, network byte order, any alignment
	uint16_t udp_port_be; // destination port; 0: the frame is not UDP
	bool later_fragment; // has no UDP header: passes every port filter
};

// Worker. NULL: the fan-out has no hook. The pointer is the last word, so that a fan-out without
// one is no larger for it.
static inline const struct fanout_hook *fanout_hook(const struct fanout *fanout)
{
	const struct fanout_hook *const *end =
		(const struct fanout_hook *const *)((uintptr_t)fanout + fanout->size);

	return fanout->has_hook ? end[-1] : NULL;
}

// Worker. Fills `wanted`, with room for n_outputs, with the outputs whose filters let the frame
// through, each once. Returns their number.
unsigned fanout_filter(
	const struct fanout *fanout, const struct fanout_frame *frame, struct output **wanted);

// A fan-out of one output, with a filter of at most one source and one UDP port, and no hook.
struct fanout_single {
	struct output *output;
	uint16_t udp_port_be; // 0: any
	bool has_source; // false: any source
	uint8_t source[16]; // network byte order
};
// Control thread. False: the fan-out is not of this form.
bool fanout_single(const struct fanout *fanout, struct fanout_single *single);

// The plan of a fan-out: its subscribers, sorted, and its size. It is large, but lives on the stack
// of the control thread, so that withdrawing needs no memory.
struct fanout_draft {
	size_t size; // bytes; 0: no subscriber remains
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
		bool open; // its output is open
	} subscribers[FANOUT_SUBSCRIBERS_MAX];
};

// Drafts a fan-out in which the n subscribers `subs` replace those of the owner in `old` (NULL: no
// fan-out yet). Leaves out subscribers that want nothing (INCLUDE without a source), keeps the
// hook. -ENOSPC beyond FANOUT_SUBSCRIBERS_MAX. The draft refers to `old` and to the sources of
// `subs`.
int fanout_draft(struct fanout_draft *draft, const struct fanout *old, uint16_t family,
	uint64_t owner, const struct subscriber *subs, unsigned n);
// Drafts `old` with another hook, or without one (NULL). Never fails.
void fanout_draft_hook(
	struct fanout_draft *draft, const struct fanout *old, const struct fanout_hook *hook);
// Builds the drafted fan-out in a block of draft->size bytes, aligned to a cache line.
struct fanout *fanout_build(const struct fanout_draft *draft, void *block);

#endif
