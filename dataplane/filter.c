// SPDX-License-Identifier: BSD-3-Clause
#include <time.h>
#include <rte_cycles.h>
#include <rte_prefetch.h>
#include "deliver.h"
#include "filter.h"

#define PREFETCH 4 // frames ahead

static_assert(BURST <= GROUP_TABLE_BURST, "a batch is one lookup");

// The frames of a burst that ask the same group table.
struct batch {
	const struct group_table *table;
	unsigned n;
	uint8_t which[BURST]; // their numbers in the burst
	uint32_t index[BURST]; // their groups, once found
	union {
		uint32_t groups4_be[BURST];
		struct group_key groups6[BURST];
	};
};

struct burst {
	struct rte_mbuf **frames;
	struct parsed parsed[BURST];
	uint64_t now_ms;
	unsigned n_batches;
	struct batch batches[BURST];
};

static void drop(struct worker *worker, enum drop_reason reason, struct rte_mbuf *frame)
{
	worker_drop(worker, reason, 1);
	worker_discard(worker, frame);
}

static void punt(struct worker *worker, struct interface *interface, struct rte_mbuf *frame,
	const struct parsed *parsed)
{
	unsigned reason = DROP_PUNT_RATE;

	if (punt_limit_take(&worker->punt_limit, rte_rdtsc()))
		reason = punt_put(worker->dp->punted, interface, frame, parsed);
	if (reason != PARSE_OK)
		drop(worker, reason, frame);
	else
		counter_add(&worker->counters.punted, 1);
}

static struct batch *batch_of(struct burst *burst, const struct group_table *table)
{
	struct batch *batch = burst->batches;

	for (; batch < burst->batches + burst->n_batches; batch++)
		if (batch->table == table)
			return batch;
	burst->n_batches++;
	batch->table = table;
	batch->n = 0;
	return batch;
}

static inline void batch_add(struct batch *batch, unsigned which, const struct parsed *parsed)
{
	if (parsed->flags & PARSED_IPV6)
		memcpy(&batch->groups6[batch->n], parsed->group6, sizeof(batch->groups6[0]));
	else
		batch->groups4_be[batch->n] = parsed->group4_be;
	batch->which[batch->n++] = which;
}

// Parses the frames and sorts them by group table; those that ask none go their own ways.
static void classify(
	struct worker *worker, const struct port *port, struct burst *burst, unsigned n)
{
	struct rte_mbuf **frames = burst->frames;
	uint16_t outer_vlan = VLAN_NONE, inner_vlan = VLAN_NONE;
	struct interface *interface = interface_map_find(&port->interfaces, VLAN_NONE, VLAN_NONE);
	struct batch *batch = burst->batches;
	uint64_t bytes = 0;

	batch->table = NULL;
	for (unsigned i = 0; i < n && i < PREFETCH; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	for (unsigned i = 0; i < n; i++) {
		struct parsed *parsed = &burst->parsed[i];
		const struct group_table *table;
		unsigned reason;

		if (i + PREFETCH < n)
			rte_prefetch0(rte_pktmbuf_mtod(frames[i + PREFETCH], void *));
		bytes += frames[i]->pkt_len;
		reason = parse_mbuf(frames[i], parsed);
		if (unlikely(reason != PARSE_OK)) {
			drop(worker, reason, frames[i]);
			continue;
		}
		// Frames mostly come by the same interface as the one before.
		if (parsed->outer_vlan != outer_vlan || parsed->inner_vlan != inner_vlan) {
			outer_vlan = parsed->outer_vlan;
			inner_vlan = parsed->inner_vlan;
			interface = interface_map_find(&port->interfaces, outer_vlan, inner_vlan);
		}
		if (unlikely(interface == NULL)) {
			drop(worker, DROP_NO_INTERFACE, frames[i]);
			continue;
		}
		if (unlikely(parsed->flags & PARSED_CONTROL)) {
			punt(worker, interface, frames[i], parsed);
			continue;
		}
		table = parsed->flags & PARSED_IPV6 ? interface->table6 : interface->table4;
		if (batch->table != table)
			batch = batch_of(burst, table);
		batch_add(batch, i, parsed);
	}
	counter_add(&worker->counters.rx_packets, n);
	counter_add(&worker->counters.rx_bytes, bytes);
}

// To all who want the frame. Returns how many outputs that were.
static __rte_noinline unsigned deliver_fanout(struct worker *worker, struct rte_mbuf *frame,
	const struct parsed *parsed, const struct group *group)
{
	const struct fanout_frame look = {
		.source = parsed->source6,
		.udp_port_be = parsed->udp_port_be,
		.later_fragment = parsed->flags & PARSED_LATER_FRAGMENT,
	};
	struct output *scratch[FANOUT_LINES_MAX];
	struct output *const *outputs;
	unsigned n = group_outputs(group, &look, scratch, &outputs);

	if (n > 0)
		deliver_many(worker, frame, parsed->l3_offset, outputs, n);
	return n;
}

// Returns the number of outputs that got the frame.
static inline unsigned deliver_group(struct worker *worker, const struct burst *burst,
	const struct batch *batch, unsigned i, struct group *group)
{
	unsigned which = batch->which[i], n = 1;
	struct rte_mbuf *frame = burst->frames[which];
	const struct parsed *parsed = &burst->parsed[which];
	struct output *output = group_single_output(group);
	uint32_t bytes = frame->pkt_len;

	if (likely(output != NULL))
		deliver_single(worker, frame, parsed->l3_offset, output);
	else
		n = deliver_fanout(worker, frame, parsed, group);
	if (likely(n > 0)) {
		group_count(group, bytes, burst->now_ms);
	} else {
		group_table_count_filtered(batch->table, worker->index, batch->index[i]);
		worker_discard(worker, frame);
	}
	return n;
}

static uint64_t look_up(struct batch *batch, bool ipv6)
{
	return ipv6 ? group_table_lookup6_burst(
			      batch->table, batch->groups6, batch->n, batch->index)
		    : group_table_lookup4_burst(
			      batch->table, batch->groups4_be, batch->n, batch->index);
}

static void filter_batch(struct worker *worker, const struct burst *burst, struct batch *batch)
{
	bool ipv6 = burst->parsed[batch->which[0]].flags & PARSED_IPV6;
	uint64_t hits = look_up(batch, ipv6);
	unsigned n_hits = __builtin_popcountll(hits), deliveries = 0, filtered = 0;
	struct group *groups[BURST];

	for (uint64_t left = hits; left != 0; left &= left - 1) {
		unsigned i = rte_bsf64(left);

		groups[i] = group_table_group(batch->table, worker->index, batch->index[i]);
		rte_prefetch0(groups[i]);
	}
	for (uint64_t left = ~hits & (UINT64_MAX >> (64 - batch->n)); left != 0; left &= left - 1)
		worker_discard(worker, burst->frames[batch->which[rte_bsf64(left)]]);
	for (uint64_t left = hits; left != 0; left &= left - 1) {
		unsigned i = rte_bsf64(left);
		unsigned n = deliver_group(worker, burst, batch, i, groups[i]);

		deliveries += n;
		filtered += n == 0;
	}
	worker_drop(worker, DROP_NOT_JOINED, batch->n - n_hits);
	worker_drop(worker, DROP_FILTERED, filtered);
	counter_add(&worker->counters.delivered, n_hits - filtered);
	counter_add(&worker->counters.deliveries, deliveries);
}

// Coarse, but no system call.
static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void filter_burst(
	struct worker *worker, const struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct burst burst;

	burst.frames = frames;
	burst.now_ms = clock_ms();
	burst.n_batches = 0;
	classify(worker, port, &burst, n);
	for (unsigned i = 0; i < burst.n_batches; i++)
		filter_batch(worker, &burst, &burst.batches[i]);
	deliver_flush(worker);
}
