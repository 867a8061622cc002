// SPDX-License-Identifier: BSD-3-Clause
#include <stddef.h>
#include <errno.h>
#include <stdlib.h>
#include "aligned_memory.h"
#include "l2_header.h"
#include "output.h"
#include "port.h"

static unsigned lanes_of(const struct dataplane *dp)
{
	return dp->n_workers + 1;
}

// ---- Staged frames --------------------------------------------------------------------------

// Frees the staged frames after the first n; returns their bytes.
static __rte_noinline uint64_t refuse(
	const struct output *output, const struct output_lane *lane, unsigned n)
{
	uint64_t bytes = 0;

	for (uint32_t i = lane->staged + n; i != lane->end; i++) {
		struct rte_mbuf *frame = lane->slots[i & output->slots_mask];

		bytes += frame->pkt_len;
		rte_pktmbuf_free(frame);
	}
	return bytes;
}

// Counts the staged frames. The output has accepted the first `accepted` ones; frees the others and
// returns their number.
static inline unsigned account(
	const struct output *output, struct output_lane *lane, unsigned n, unsigned accepted)
{
	if (unlikely(accepted < n)) {
		lane->staged_bytes -= refuse(output, lane, accepted);
		counter_add(&lane->dropped, n - accepted);
	}
	counter_add(&lane->packets, accepted);
	counter_add(&lane->bytes, lane->staged_bytes);
	lane->staged_bytes = 0;
	return n - accepted;
}

// ---- Kinds ---------------------------------------------------------------------------------

static int count_check(const struct dataplane *dp, const struct output_config *config,
	struct dataplane_error *error)
{
	(void)dp;
	(void)config;
	(void)error;
	return 0;
}

static unsigned count_slots(const struct output_config *config)
{
	(void)config;
	return 0;
}

static int ring_check(const struct dataplane *dp, const struct output_config *config,
	struct dataplane_error *error)
{
	const unsigned size = config->ring_size, left = dp->ring_frames - dp->ring_frames_used;

	if (!rte_is_power_of_2(size) || size < 2)
		return dataplane_error_set(
			error, EINVAL, "ring of %u frames: not a power of two", size);
	// Frames in rings are missing in the receive pools, which must never be empty.
	if (size > left)
		return dataplane_error_set(error, ENOBUFS, "ring of %u frames: %u of %u are left",
			size, left, dp->ring_frames);
	return 0;
}

// A lane has slots for a burst in addition to all frames that may wait, so that staging needs no
// check for room.
static unsigned ring_slots(const struct output_config *config)
{
	return rte_align32pow2(config->ring_size + BURST);
}

// Claims room for frames in the ring. All senders share this room.
static unsigned claim(struct output *output, unsigned n)
{
	uint32_t claimed = atomic_load_explicit(&output->claimed, memory_order_relaxed);
	unsigned granted;

	do {
		uint32_t taken = atomic_load_explicit(&output->taken, memory_order_acquire);

		granted = RTE_MIN(n, output->capacity - (claimed - taken));
	} while (!atomic_compare_exchange_weak_explicit(&output->claimed, &claimed,
		claimed + granted, memory_order_relaxed, memory_order_relaxed));
	return granted;
}

static unsigned ring_hand_over(
	struct output *output, struct output_lane *lane, unsigned sender, unsigned n)
{
	const unsigned accepted = claim(output, n);
	const unsigned refused = account(output, lane, n, accepted);

	(void)sender;
	lane->end = lane->staged += accepted;
	atomic_store_explicit(&lane->handed_over, lane->end, memory_order_release);
	return refused;
}

static int port_check(const struct dataplane *dp, const struct output_config *config,
	struct dataplane_error *error)
{
	(void)dp;
	return config->port == NULL ? dataplane_error_set(error, EINVAL, "no port") : 0;
}

static unsigned port_slots(const struct output_config *config)
{
	(void)config;
	return BURST;
}

static unsigned port_hand_over(
	struct output *output, struct output_lane *lane, unsigned sender, unsigned n)
{
	const unsigned accepted = port_transmit(output->port, sender, lane->slots, n);
	const unsigned refused = account(output, lane, n, accepted);

	// port_transmit() needs the frames from the first slot on.
	lane->staged = lane->end = 0;
	return refused;
}

static const struct output_traits traits[] = {
	[OUTPUT_COUNT] = {.counts = true, .check = count_check, .n_slots = count_slots},
	[OUTPUT_RING] = {.as_received = true,
		.check = ring_check,
		.n_slots = ring_slots,
		.hand_over = ring_hand_over},
	[OUTPUT_PORT] = {.check = port_check, .n_slots = port_slots, .hand_over = port_hand_over},
};

// ---- Life ----------------------------------------------------------------------------------

int output_open(struct dataplane *dp, const struct output_config *config, struct output **output,
	struct dataplane_error *error)
{
	const struct output_traits *kind = &traits[config->kind];
	const unsigned n_lanes = lanes_of(dp), n_slots = kind->n_slots(config);
	struct output *new;
	struct rte_mbuf **slots;
	int rc;

	if (config->vlan > VLAN_MAX)
		return dataplane_error_set(
			error, EINVAL, "VLAN %u: 1 to %u", config->vlan, VLAN_MAX);
	rc = kind->check(dp, config, error);
	if (rc < 0)
		return rc;
	new = aligned_memory_alloc(sizeof(*new) + n_lanes * sizeof(new->lanes[0]) +
				   (size_t)n_lanes * n_slots * sizeof(*slots));
	if (new == NULL)
		return dataplane_error_set(error, ENOMEM, "out of memory");
	new->dp = dp;
	new->traits = kind;
	new->counts = kind->counts;
	new->as_received = kind->as_received;
	new->port = config->port;
	new->vlan = config->vlan;
	new->set_source_mac = config->set_source_mac;
	new->source_mac = config->source_mac;
	new->slots_mask = n_slots - 1;
	if (config->kind == OUTPUT_RING)
		new->capacity = config->ring_size;
	slots = (struct rte_mbuf **)&new->lanes[n_lanes];
	for (unsigned i = 0; i < n_lanes; i++)
		new->lanes[i].slots = slots + (size_t)i *n_slots;
	dp->ring_frames_used += new->capacity;
	LIST_INSERT_HEAD(&dp->outputs, new, next);
	*output = new;
	return 0;
}

void output_use(struct output *output, int delta)
{
	output->uses += delta;
}

void output_destroy(struct output *output)
{
	LIST_REMOVE(output, next);
	output_flush(output);
	output->dp->ring_frames_used -= output->capacity;
	free(output);
}

static void retired_free(struct reclaim_item *item)
{
	output_destroy((struct output *)((char *)item - offsetof(struct output, reclaim)));
}

int output_close(struct output *output)
{
	struct reclaim *reclaim = &output->dp->reclaim;

	if (output->uses > 0)
		return -EBUSY;
	// A worker may still use a withdrawn fan-out.
	if (reclaim_synchronize(reclaim) == 0) {
		output_destroy(output);
		return 0;
	}
	output->reclaim.free = retired_free;
	reclaim_retire(reclaim, &output->reclaim);
	return 0;
}

// ---- Senders -------------------------------------------------------------------------------

unsigned output_hand_over(struct output *output, unsigned sender)
{
	struct output_lane *lane = &output->lanes[sender];

	return output->traits->hand_over(output, lane, sender, lane->end - lane->staged);
}

// ---- The receiver --------------------------------------------------------------------------

static unsigned take(
	const struct output *output, struct output_lane *lane, struct rte_mbuf **frames, unsigned n)
{
	const uint32_t end = atomic_load_explicit(&lane->handed_over, memory_order_acquire);

	n = RTE_MIN(n, end - lane->taken);
	for (unsigned i = 0; i < n; i++)
		frames[i] = lane->slots[lane->taken++ & output->slots_mask];
	return n;
}

unsigned output_receive_burst(struct output *output, struct rte_mbuf **frames, unsigned n)
{
	const unsigned n_lanes = lanes_of(output->dp);
	unsigned got = 0, lane = output->next_lane;

	if (output->capacity == 0)
		return 0;
	for (unsigned i = 0; i < n_lanes && got < n; i++) {
		got += take(output, &output->lanes[lane], frames + got, n - got);
		lane = lane + 1 < n_lanes ? lane + 1 : 0;
	}
	output->next_lane = lane; // the next lane if frames of others are left
	// From now on the senders may reuse the slots.
	atomic_store_explicit(&output->taken,
		atomic_load_explicit(&output->taken, memory_order_relaxed) + got,
		memory_order_release);
	return got;
}

void output_flush(struct output *output)
{
	struct rte_mbuf *frames[BURST];
	unsigned n;

	while ((n = output_receive_burst(output, frames, BURST)) > 0)
		rte_pktmbuf_free_bulk(frames, n);
}

unsigned output_waiting(const struct output *output)
{
	uint32_t taken = atomic_load(&output->taken);

	return atomic_load(&output->claimed) - taken;
}

void output_stats(const struct output *output, struct output_stats *stats)
{
	*stats = (struct output_stats){0};
#define ADD(type, member, ...) stats->member += counter_read(&output->lanes[i].member);
	for (unsigned i = 0; i < lanes_of(output->dp); i++) {
		SLUICE_OUTPUT_STATS(ADD)
	}
}
