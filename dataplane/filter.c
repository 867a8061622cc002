// SPDX-License-Identifier: BSD-3-Clause
#include <time.h>
#include <rte_cycles.h>
#include <rte_prefetch.h>
#include "deliver.h"
#include "filter.h"
#include "look.h"

#define PREFETCH 4 // frames ahead

static_assert(BURST <= GROUP_TABLE_BURST, "a batch is one lookup");

// The frames of a burst that ask the same group table.
struct batch {
	struct group_table *table;
	unsigned n;
	uint8_t which[BURST]; // their numbers in the burst
	union {
		uint32_t groups4_be[BURST];
		struct group_key groups6[BURST];
	};
};

struct burst {
	struct rte_mbuf **frames;
	unsigned n;
	uint64_t now_ms;
	struct parsed parsed[BURST];
	uint8_t reasons[BURST]; // of parse_mbuf()
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

static struct batch *batch_of(struct burst *burst, struct group_table *table)
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

static inline struct group_table *table_of(
	const struct interface *interface, const struct parsed *parsed)
{
	return parsed->flags & PARSED_IPV6 ? interface->table6 : interface->table4;
}

static inline void batch_add(struct batch *batch, unsigned which, const struct parsed *parsed)
{
	if (parsed->flags & PARSED_IPV6)
		memcpy(&batch->groups6[batch->n], parsed->group6, sizeof(batch->groups6[0]));
	else
		batch->groups4_be[batch->n] = parsed->group4_be;
	batch->which[batch->n++] = which;
}

// Parses the frames. Returns whether they are all alike: good, by the same interface, of the same
// family, and nothing for the protocol machine.
static inline bool parse(struct worker *worker, uint64_t told, struct burst *burst)
{
	struct rte_mbuf **frames = burst->frames;
	const struct parsed *first = &burst->parsed[0];
	uint32_t unlike = 0;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < PREFETCH && i < burst->n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	for (unsigned i = 0; i < burst->n; i++) {
		struct parsed *parsed = &burst->parsed[i];
		unsigned reason = PARSE_OK;

		rte_prefetch0(
			rte_pktmbuf_mtod(frames[RTE_MIN(i + PREFETCH, burst->n - 1)], void *));
		bytes += frames[i]->pkt_len;
		if (unlikely(!parse_mbuf_fast(frames[i], told, parsed))) {
			reason = parse_mbuf_general(frames[i], parsed);
			unlike |= (reason ^ PARSE_OK) | (parsed->flags & PARSED_CONTROL);
		}
		burst->reasons[i] = reason;
		unlike |= (parsed->vlans ^ first->vlans) |
			  ((parsed->flags ^ first->flags) & PARSED_IPV6);
	}
	counter_add(&worker->counters.rx_packets, burst->n);
	counter_add(&worker->counters.rx_bytes, bytes);
	return unlike == 0;
}

// All frames by one table, as it mostly is.
static inline void sort_alike(struct burst *burst, const struct interface *interface)
{
	static const uint8_t which[BURST] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
	struct batch *batch = burst->batches;
	const struct parsed *parsed = burst->parsed;

	burst->n_batches = 1;
	batch->table = table_of(interface, parsed);
	batch->n = burst->n;
	memcpy(batch->which, which, sizeof(which));
	if (parsed->flags & PARSED_IPV6)
		for (unsigned i = 0; i < burst->n; i++)
			memcpy(&batch->groups6[i], parsed[i].group6, sizeof(batch->groups6[i]));
	else
		for (unsigned i = 0; i < burst->n; i++)
			batch->groups4_be[i] = parsed[i].group4_be;
}

// Sorts the frames by group table; those that ask none go their own ways.
static __rte_noinline void sort_unlike(
	struct worker *worker, const struct port *port, struct burst *burst)
{
	burst->n_batches = 0;
	for (unsigned i = 0; i < burst->n; i++) {
		const struct parsed *parsed = &burst->parsed[i];
		struct rte_mbuf *frame = burst->frames[i];
		struct interface *interface;

		if (burst->reasons[i] != PARSE_OK) {
			drop(worker, burst->reasons[i], frame);
			continue;
		}
		interface = interface_map_find(
			&port->interfaces, parsed->outer_vlan, parsed->inner_vlan);
		if (interface == NULL)
			drop(worker, DROP_NO_INTERFACE, frame);
		else if (parsed->flags & PARSED_CONTROL)
			punt(worker, interface, frame, parsed);
		else
			batch_add(batch_of(burst, table_of(interface, parsed)), i, parsed);
	}
}

// To all who want the frame. Returns how many outputs that were.
static __rte_noinline unsigned deliver_fanout(struct worker *worker, struct rte_mbuf *frame,
	const struct parsed *parsed, const struct fanout *fanout)
{
	const struct fanout_frame look = look_at(parsed);
	struct output *scratch[FANOUT_LINES_MAX];
	struct output *const *outputs = scratch;
	unsigned n;

	if (fanout->n_open == fanout->n_outputs) {
		outputs = fanout->outputs;
		n = fanout->n_outputs;
	} else {
		n = fanout_filter(fanout, &look, scratch);
	}
	if (n > 0)
		deliver_many(worker, frame, parsed->l3_offset, outputs, n);
	return n;
}

// What frames of the same output add up to: one that counts is told once a run of them.
struct tally {
	struct output *output;
	unsigned packets;
	uint64_t bytes;
};

static void tally_settle(const struct worker *worker, const struct tally *tally)
{
	struct output_lane *lane;

	if (tally->output == NULL)
		return;
	lane = &tally->output->lanes[worker->index];
	counter_add(&lane->packets, tally->packets);
	counter_add(&lane->bytes, tally->bytes);
}

static inline void tally_add(
	const struct worker *worker, struct tally *tally, struct output *output, uint32_t bytes)
{
	if (unlikely(tally->output != output)) {
		tally_settle(worker, tally);
		*tally = (struct tally){.output = output};
	}
	tally->packets++;
	tally->bytes += bytes;
}

static uint64_t look_up(const struct batch *batch, bool ipv6, uint32_t *index)
{
	return ipv6 ? group_table_lookup6_burst(batch->table, batch->groups6, batch->n, index)
		    : group_table_lookup4_burst(batch->table, batch->groups4_be, batch->n, index);
}

// The one output that gets the frame, as mostly there is one. NULL and *n, how many others got it.
static inline struct output *single_output(struct worker *worker, uintptr_t route,
	struct rte_mbuf *frame, const struct parsed *parsed, unsigned *n)
{
	struct output *output = route_output(route);
	const struct fanout *fanout = route_fanout(route);

	*n = 1;
	if (output != NULL)
		return output;
	if (fanout->n_outputs > 1) {
		*n = deliver_fanout(worker, frame, parsed, fanout);
	} else {
		const struct fanout_frame look = look_at(parsed);

		if (fanout_wants(fanout, &look))
			return fanout->outputs[0];
		*n = 0;
	}
	return NULL;
}

static void filter_batch(
	struct worker *worker, const struct burst *burst, const struct batch *batch)
{
	const struct group_table *table = batch->table;
	uint32_t index[BURST];
	uint64_t hits = look_up(batch, burst->parsed[batch->which[0]].flags & PARSED_IPV6, index);
	unsigned n_hits = __builtin_popcountll(hits), deliveries = 0, filtered = 0;
	struct tally tally = {.output = NULL};
	struct group *groups[BURST];
	uintptr_t routes[BURST];

	for (uint64_t left = hits; left != 0; left &= left - 1) {
		unsigned i = rte_bsf64(left);

		groups[i] = group_table_group(table, worker->index, index[i]);
		rte_prefetch0(groups[i]);
	}
	for (uint64_t left = ~hits & (UINT64_MAX >> (64 - batch->n)); left != 0; left &= left - 1)
		worker_discard(worker, burst->frames[batch->which[rte_bsf64(left)]]);
	for (uint64_t left = hits; left != 0; left &= left - 1) {
		unsigned i = rte_bsf64(left);

		routes[i] = group_route(groups[i]);
		rte_prefetch0(route_target(routes[i]));
	}
	for (uint64_t left = hits; left != 0; left &= left - 1) {
		unsigned i = rte_bsf64(left), which = batch->which[i], n;
		struct rte_mbuf *frame = burst->frames[which];
		const struct parsed *parsed = &burst->parsed[which];
		uint32_t bytes = frame->pkt_len;
		struct output *output = single_output(worker, routes[i], frame, parsed, &n);

		if (unlikely(n == 0)) {
			group_table_count_filtered(table, worker->index, index[i]);
			worker_discard(worker, frame);
			filtered++;
			continue;
		}
		if (output != NULL && output->kind == OUTPUT_COUNT) {
			tally_add(worker, &tally, output, bytes);
			worker_discard(worker, frame);
		} else if (output != NULL) {
			deliver_single(worker, frame, parsed->l3_offset, output);
		}
		group_count(groups[i], bytes, burst->now_ms);
		deliveries += n;
	}
	tally_settle(worker, &tally);
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
	struct interface *interface = NULL;

	burst.frames = frames;
	burst.n = n;
	burst.now_ms = clock_ms();
	if (likely(parse(worker, port->rx_told, &burst)))
		interface = interface_map_find(
			&port->interfaces, burst.parsed[0].outer_vlan, burst.parsed[0].inner_vlan);
	if (likely(interface != NULL))
		sort_alike(&burst, interface);
	else
		sort_unlike(worker, port, &burst);
	for (unsigned i = 0; i < burst.n_batches; i++)
		filter_batch(worker, &burst, &burst.batches[i]);
	deliver_flush(worker);
}
