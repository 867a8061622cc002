// SPDX-License-Identifier: BSD-3-Clause
#include <rte_cycles.h>
#include <rte_prefetch.h>
#include "clock.h"
#include "deliver.h"
#include "filter.h"
#include "group_buckets.h"
#include "look.h"

static_assert(BURST <= GROUP_TABLE_BURST, "a batch is one lookup");

#define STEP 16 // frames a stage takes on at a time

// What frames of the same output add up to: one that counts is told once a run of them.
struct tally {
	struct output *output;
	unsigned packets;
	uint64_t bytes;
};

// Frames that ask the same group table, on their way through the stages: parsed and asked for,
// found, routed, delivered. While one stage works on some frames, the next one's memory comes.
struct batch {
	struct worker *worker;
	const struct group_table *table;
	bool joined; // whether there is anything to ask for
	bool ipv6;
	uint64_t told; // for parse_mbuf_fast()
	struct rte_mbuf **frames;
	struct parsed parsed[BURST];
	struct group_query query;
	uint32_t index[BURST];
	struct group *groups[BURST];
	uint64_t routes[BURST]; // 0: not joined
	// What the frames add up to.
	uint32_t tick;
	unsigned n_not_joined, n_filtered, n_deliveries;
	uint64_t bytes;
	uint64_t unwanted; // frames to be freed, bit i is frame i
	struct tally tally;
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

static void batch_start(struct batch *batch, struct worker *worker,
	const struct interface *interface, bool ipv6, uint32_t tick)
{
	batch->worker = worker;
	batch->tick = tick;
	batch->ipv6 = ipv6;
	batch->table = ipv6 ? interface->table6 : interface->table4;
	batch->joined = group_table_is_joined(batch->table);
	if (batch->joined)
		group_query_start(&batch->query, batch->table);
	batch->n_not_joined = batch->n_filtered = batch->n_deliveries = 0;
	batch->bytes = batch->unwanted = 0;
	batch->tally.output = NULL;
}

// Asks for the group of frame i, which is parsed.
static inline void batch_ask(struct batch *batch, unsigned i)
{
	const struct parsed *parsed = &batch->parsed[i];
	struct group_key group6;

	if (batch->joined && batch->ipv6) {
		memcpy(&group6, parsed->group6, sizeof(group6));
		group_query_ask6(&batch->query, i, &group6);
	} else if (batch->joined) {
		group_query_ask4(&batch->query, i, parsed->group4_be);
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
	if (n == 1)
		deliver_single(worker, frame, parsed->l3_offset, outputs[0]);
	else if (n > 0)
		deliver_many(worker, frame, parsed->l3_offset, outputs, n);
	return n;
}

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

// Parses the frames from `first` on as long as they are like frame 0. Returns where it ended.
static inline unsigned batch_parse(struct batch *batch, unsigned first, unsigned end)
{
	const uint64_t kind = batch->parsed[0].kind;
	uint64_t bytes = 0;
	unsigned i;

	for (i = first; i < end; i++) {
		struct rte_mbuf *frame = batch->frames[i];

		if (unlikely(!parse_mbuf_fast(frame, batch->told, &batch->parsed[i]) ||
			     batch->parsed[i].kind != kind))
			break;
		bytes += frame->pkt_len;
		batch_ask(batch, i);
	}
	batch->bytes += bytes;
	return i;
}

// The records of the groups; index 0, which has no route, of those that are not there.
static inline void batch_find(struct batch *batch, unsigned first, unsigned end)
{
	const struct group_table *table = batch->table;
	unsigned worker = batch->worker->index;

	if (batch->ipv6)
		table->lookup->find6(table, worker, &batch->query, first, end, batch->index);
	else
		table->lookup->find4(table, &batch->query, first, end, batch->index);
	for (unsigned i = first; i < end; i++) {
		batch->groups[i] = group_table_group(table, worker, batch->index[i]);
		rte_prefetch0(batch->groups[i]);
	}
}

static inline void batch_route(struct batch *batch, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		uint64_t route = group_route(batch->groups[i]);

		batch->routes[i] = route;
		if (!(route & ROUTE_DIRECT) && route != 0)
			rte_prefetch0(route_fanout(route));
	}
}

static inline void batch_deliver(struct batch *batch, unsigned first, unsigned end)
{
	struct worker *worker = batch->worker;
	struct tally tally = batch->tally;
	unsigned n_deliveries = 0;
	uint64_t unwanted = 0;

	for (unsigned i = first; i < end; i++) {
		struct rte_mbuf *frame = batch->frames[i];
		const struct parsed *parsed = &batch->parsed[i];
		const struct fanout_frame look = look_at(parsed);
		uint64_t route = batch->routes[i];
		struct output *output = route_output(route);
		uint32_t bytes = frame->pkt_len;
		unsigned n = 1;

		if (unlikely(!(route & ROUTE_DIRECT))) {
			if (route == 0) {
				unwanted |= UINT64_C(1) << i;
				batch->n_not_joined++;
				continue;
			}
			n = deliver_fanout(worker, frame, parsed, route_fanout(route));
		} else if (unlikely(!group_takes(batch->groups[i], route, &look))) {
			n = 0;
		} else if (output->kind == OUTPUT_COUNT) {
			tally_add(worker, &tally, output, bytes);
			unwanted |= UINT64_C(1) << i;
		} else {
			deliver_single(worker, frame, parsed->l3_offset, output);
		}
		if (unlikely(n == 0)) {
			group_table_count_filtered(batch->table, worker->index, batch->index[i]);
			unwanted |= UINT64_C(1) << i;
			batch->n_filtered++;
			continue;
		}
		group_count(batch->groups[i], bytes, batch->tick);
		n_deliveries += n;
	}
	batch->tally = tally;
	batch->n_deliveries += n_deliveries;
	batch->unwanted |= unwanted;
}

static void batch_end(struct batch *batch, unsigned n)
{
	struct worker *worker = batch->worker;

	tally_settle(worker, &batch->tally);
	if (batch->unwanted == UINT64_MAX >> (64 - n))
		worker_discard_burst(worker, batch->frames, n);
	else
		for (uint64_t left = batch->unwanted; left != 0; left &= left - 1)
			worker_discard(worker, batch->frames[rte_bsf64(left)]);
	worker_drop(worker, DROP_NOT_JOINED, batch->n_not_joined);
	worker_drop(worker, DROP_FILTERED, batch->n_filtered);
	counter_add(&worker->counters.rx_bytes, batch->bytes);
	counter_add(&worker->counters.delivered, n - batch->n_not_joined - batch->n_filtered);
	counter_add(&worker->counters.deliveries, batch->n_deliveries);
}

// Ends a batch without anything to ask for.
static void batch_refuse(struct batch *batch, unsigned n)
{
	batch->n_not_joined = n;
	batch->unwanted = UINT64_MAX >> (64 - n);
	batch_end(batch, n);
}

// Takes on frames as long as they are all alike, as they mostly are: good, by the same interface,
// of the same family, and nothing for the protocol machine. Returns how many those were.
static unsigned filter_alike(struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, unsigned n, uint32_t tick)
{
	struct batch batch;
	const struct parsed *first = &batch.parsed[0];
	const struct interface *interface;
	unsigned parsed = 0, found = 0, routed = 0, delivered = 0;

	batch.told = port->rx_told;
	if (!parse_mbuf_fast(frames[0], batch.told, &batch.parsed[0]))
		return 0;
	interface = interface_map_find(&port->interfaces, first->outer_vlan, first->inner_vlan);
	if (interface == NULL)
		return 0;
	batch.frames = frames;
	batch_start(&batch, worker, interface, first->flags & PARSED_IPV6, tick);
	if (!batch.joined) {
		n = batch_parse(&batch, 0, n);
		batch_refuse(&batch, n);
		return n;
	}
	do {
		unsigned to_find = parsed, to_route = found, to_deliver = routed;
		unsigned to_parse = RTE_MIN(parsed + STEP, n);

		parsed = batch_parse(&batch, parsed, to_parse);
		if (unlikely(parsed < to_parse))
			n = parsed;
		batch_find(&batch, found, to_find);
		batch_route(&batch, routed, to_route);
		batch_deliver(&batch, delivered, to_deliver);
		found = to_find;
		routed = to_route;
		delivered = to_deliver;
	} while (delivered < n);
	batch_end(&batch, n);
	return n;
}

// Parses a frame. Returns the interface it came by, NULL when it went its own way.
static struct interface *parse(struct worker *worker, const struct port *port,
	struct rte_mbuf *frame, struct parsed *parsed)
{
	unsigned reason = parse_mbuf(frame, parsed);
	struct interface *interface = NULL;

	if (reason == PARSE_OK) {
		interface = interface_map_find(
			&port->interfaces, parsed->outer_vlan, parsed->inner_vlan);
		if (interface == NULL)
			reason = DROP_NO_INTERFACE;
	}
	if (reason != PARSE_OK) {
		drop(worker, reason, frame);
	} else if (parsed->flags & PARSED_CONTROL) {
		punt(worker, interface, frame, parsed);
		interface = NULL;
	}
	return interface;
}

// Frames that are not alike become batches that are.
static __rte_noinline void filter_unlike(struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, unsigned n, uint32_t tick)
{
	struct interface *interfaces[BURST];
	struct parsed parsed[BURST];
	struct rte_mbuf *chosen[BURST];
	struct batch batch;
	uint64_t left = 0, bytes = 0;

	for (unsigned i = 0; i < n; i++) {
		bytes += frames[i]->pkt_len;
		interfaces[i] = parse(worker, port, frames[i], &parsed[i]);
		left |= (uint64_t)(interfaces[i] != NULL) << i;
	}
	counter_add(&worker->counters.rx_bytes, bytes);
	batch.frames = chosen;
	while (left != 0) {
		unsigned first = rte_bsf64(left), chosen_n = 0;
		bool ipv6 = parsed[first].flags & PARSED_IPV6;

		batch_start(&batch, worker, interfaces[first], ipv6, tick);
		for (unsigned i = first; i < n; i++) {
			if (!(left >> i & 1) || interfaces[i] != interfaces[first] ||
				((parsed[i].flags & PARSED_IPV6) != 0) != ipv6)
				continue;
			left &= ~(UINT64_C(1) << i);
			chosen[chosen_n] = frames[i];
			batch.parsed[chosen_n] = parsed[i];
			batch_ask(&batch, chosen_n++);
		}
		if (!batch.joined) {
			batch_refuse(&batch, chosen_n);
			continue;
		}
		batch_find(&batch, 0, chosen_n);
		batch_route(&batch, 0, chosen_n);
		batch_deliver(&batch, 0, chosen_n);
		batch_end(&batch, chosen_n);
	}
}

void filter_burst(
	struct worker *worker, const struct port *port, struct rte_mbuf **frames, unsigned n)
{
	uint32_t tick = group_tick(clock_ms());
	unsigned done;

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	counter_add(&worker->counters.rx_packets, n);
	done = filter_alike(worker, port, frames, n, tick);
	if (unlikely(done < n))
		filter_unlike(worker, port, frames + done, n - done, tick);
	deliver_flush(worker);
}
