// SPDX-License-Identifier: BSD-3-Clause
// Outputs: the destinations of frames. A sender is a worker or the control thread. It stages the
// frames of a burst in its own lane of each output, and hands them over at the end of the burst.
//
// Each lane of a ring output is a single-producer, single-consumer ring: frames are staged in the
// slots from which the receiver takes them, and handing over publishes the position of the last
// one. A common counter of all frames ever handed over limits the frames in all lanes together.
//
// Each kind of output has a table of operations. The traits that the fast path reads for each frame
// are copied to struct output.
#ifndef DATAPLANE_OUTPUT_H
#define DATAPLANE_OUTPUT_H

#include <string.h>
#include <sys/queue.h>
#include <rte_branch_prediction.h>
#include "counter.h"
#include "dataplane.h"
#include "dataplane_private.h"

// One sender's part of an output. Positions count frames and wrap around. The slot of a position is
// the position modulo the number of slots.
#define OUTPUT_COUNTER(type, member, ...) counter_t member;
struct output_lane {
	SLUICE_OUTPUT_STATS(OUTPUT_COUNTER) // sender: rw, control: ro
	// Sender only.
	struct rte_mbuf **slots;
	uint32_t staged; // position of the first staged frame
	uint32_t end; // position after the last one
	uint64_t staged_bytes;
	// Sender: wo, receiver: ro
	_Atomic uint32_t handed_over __rte_cache_aligned; // position
	// Receiver only.
	uint32_t taken __rte_cache_aligned; // position
} __rte_cache_aligned;

struct output_traits {
	bool counts; // frames are only counted, and not staged
	bool as_received; // frames are staged as received; otherwise the header may be changed
	// Control thread. -errno and its text.
	int (*check)(const struct dataplane *dp, const struct output_config *config,
		struct dataplane_error *error);
	// Control thread. The number of slots of a lane, a power of two; 0: nothing is staged.
	unsigned (*n_slots)(const struct output_config *config);
	// Sender. Hands over as many of the n staged frames as there is room for, counts them, and
	// frees the others; returns the number of freed frames.
	unsigned (*hand_over)(
		struct output *output, struct output_lane *lane, unsigned sender, unsigned n);
};

struct output {
	// Const once open.
	const struct output_traits *traits;
	bool counts, as_received; // copied from the traits for the fast path
	uint32_t slots_mask; // of each lane
	struct port *port;
	bool set_source_mac;
	struct rte_ether_addr source_mac;
	uint16_t vlan;
	uint32_t capacity; // frames that all lanes of a ring may hold together
	struct dataplane *dp;
	// Control thread only.
	unsigned uses; // number of fan-outs that refer to it
	struct reclaim_item reclaim;
	LIST_ENTRY(output) next;
	// Senders: rw, the number of frames ever handed over
	_Atomic uint32_t claimed __rte_cache_aligned;
	// Receiver: rw, senders: ro, how many of them were taken
	_Atomic uint32_t taken __rte_cache_aligned;
	unsigned next_lane; // receiver only: where to continue
	struct output_lane lanes[]; // one per worker, and one for the control thread
};

// Sender.
static inline bool output_has_staged(const struct output_lane *lane)
{
	return lane->end != lane->staged;
}

// Sender. Stages a frame. At most BURST frames may be staged before they are handed over.
static inline void output_stage(
	const struct output *output, struct output_lane *lane, struct rte_mbuf *frame)
{
	lane->slots[lane->end++ & output->slots_mask] = frame;
	lane->staged_bytes += frame->pkt_len;
}

// Sender. The same for n frames with this total of bytes.
static inline void output_stage_burst(const struct output *output, struct output_lane *lane,
	struct rte_mbuf *const *frames, unsigned n, uint64_t bytes)
{
	const unsigned at = lane->end & output->slots_mask;
	const unsigned before_wrap = RTE_MIN(n, output->slots_mask + 1 - at);

	memcpy(&lane->slots[at], frames, before_wrap * sizeof(*frames));
	if (unlikely(before_wrap < n))
		memcpy(lane->slots, frames + before_wrap, (n - before_wrap) * sizeof(*frames));
	lane->end += n;
	lane->staged_bytes += bytes;
}

// Sender. Counts n frames with this total of bytes, for an output that only counts.
static inline void output_count(struct output *output, unsigned sender, unsigned n, uint64_t bytes)
{
	struct output_lane *lane = &output->lanes[sender];

	counter_add(&lane->packets, n);
	counter_add(&lane->bytes, bytes);
}

// Sender. Hands over the staged frames, counts them, and frees those for which there is no room.
// Returns the number of freed frames.
unsigned output_hand_over(struct output *output, unsigned sender);

// Any thread. The approximate number of frames in the ring, including all frames handed over before
// the call.
unsigned output_waiting(const struct output *output);

// A fan-out that names the output was published (1) or withdrawn (-1).
void output_use(struct output *output, int delta);

// Frees the output, even if fan-outs refer to it. No worker may use it any more.
void output_destroy(struct output *output);

#endif
