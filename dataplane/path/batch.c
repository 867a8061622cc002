// SPDX-License-Identifier: BSD-3-Clause
#include <rte_prefetch.h>
#include "batch.h"
#include "deliver.h"
#include "group_lookup.h"
#include "fanout_frame.h"
#include "port.h"

static_assert(BURST <= GROUP_QUERY_MAX, "a batch is one lookup");
static_assert(BURST <= 64, "a batch's frames are bits of a word");

// The loops over frames are instantiated once per kind of frame, so that they do not test the kind
// of every frame.
#define INLINE static inline __attribute__((always_inline))

static void start(struct batch *batch, struct worker *worker, const struct interface *interface,
	bool ipv6, struct rte_mbuf **frames, uint32_t tick)
{
	batch->worker = worker;
	batch->tick = tick;
	batch->frames = frames;
	batch->ipv6 = ipv6;
	batch->table = ipv6 ? interface->table6 : interface->table4;
	batch->joined = group_table_is_joined(batch->table);
	if (batch->joined)
		group_query_start(&batch->query, batch->table);
	batch->n_not_joined = batch->n_filtered = batch->n_more = 0;
	batch->bytes = batch->unwanted = 0;
	batch->tally.output = NULL;
}

bool batch_start_uniform(struct batch *batch, struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, const uint8_t *const *data, uint32_t tick)
{
	const struct interface *interface;
	struct parsed first;

	if (!parse_mbuf_fast(frames[0], port->rx_offloads, &first))
		return false;
	interface = port_find_interface(port, first.outer_vlan, first.inner_vlan);
	if (interface == NULL)
		return false;
	start(batch, worker, interface, first.flags & PARSED_IPV6, frames, tick);
	batch->uniform = true;
	batch->data = data;
	parse_template_init(&batch->template, frames[0], port->rx_offloads, &first);
	return true;
}

void batch_start_parsed(struct batch *batch, struct worker *worker,
	const struct interface *interface, bool ipv6, struct rte_mbuf **frames,
	const struct parsed *parsed, uint32_t tick)
{
	start(batch, worker, interface, ipv6, frames, tick);
	batch->uniform = false;
	batch->parsed = parsed;
}

// ---- Match ---------------------------------------------------------------------------------

INLINE void ask(struct batch *batch, unsigned i, const uint8_t *group, bool ipv6)
{
	struct group_key group6;

	if (ipv6) {
		memcpy(&group6, group, sizeof(group6));
		group_query_ask6(&batch->query, i, &group6);
	} else {
		group_query_ask4(&batch->query, i, parse_load32(group));
	}
}

INLINE unsigned match(
	struct batch *batch, unsigned first, unsigned end, bool ipv6, bool offload, bool joined)
{
	const struct parse_template template = batch->template;
	uint64_t bytes = 0;
	size_t i; // not unsigned: the compiler would count the address apart

	for (i = first; i < end; i++) {
		const struct rte_mbuf *frame = batch->frames[i];
		const uint8_t *data = batch->data[i];

		if (unlikely(!parse_template_match(&template, frame, data, ipv6, offload)))
			break;
		bytes += frame->data_len;
		if (joined)
			ask(batch, i, data + template.l3_offset + (ipv6 ? 24 : 16), ipv6);
	}
	batch->bytes += bytes;
	return i;
}

static __rte_noinline unsigned match4(struct batch *batch, unsigned first, unsigned end)
{
	return match(batch, first, end, false, false, true);
}

static __rte_noinline unsigned match6(struct batch *batch, unsigned first, unsigned end)
{
	return match(batch, first, end, true, false, true);
}

static __rte_noinline unsigned match4_not_joined(struct batch *batch, unsigned first, unsigned end)
{
	return match(batch, first, end, false, false, false);
}

static __rte_noinline unsigned match6_not_joined(struct batch *batch, unsigned first, unsigned end)
{
	return match(batch, first, end, true, false, false);
}

static __rte_noinline unsigned match_offload(struct batch *batch, unsigned first, unsigned end)
{
	return match(batch, first, end, batch->ipv6, true, batch->joined);
}

unsigned batch_match(struct batch *batch, unsigned first, unsigned end)
{
	if (batch->template.frame_flags != 0)
		return match_offload(batch, first, end);
	if (!batch->joined)
		return batch->ipv6 ? match6_not_joined(batch, first, end)
				   : match4_not_joined(batch, first, end);
	return batch->ipv6 ? match6(batch, first, end) : match4(batch, first, end);
}

void batch_ask(struct batch *batch, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		ask(batch, i, batch->parsed[i].group6, batch->ipv6);
}

// ---- Lookup --------------------------------------------------------------------------------

// A group that is not in the table gets the record of index 0, which has no route.
void batch_find(struct batch *batch, unsigned first, unsigned end)
{
	const struct group_table *table = batch->table;
	unsigned worker = batch->worker->index;

	if (batch->ipv6)
		table->lookup->records6(
			table, worker, &batch->query, first, end, batch->index, batch->groups);
	else
		table->lookup->records4(
			table, worker, &batch->query, first, end, batch->index, batch->groups);
}

void batch_fetch(struct batch *batch, unsigned first, unsigned end)
{
	if (!group_table_has_fanouts(batch->table))
		return;
	for (unsigned i = first; i < end; i++) {
		uint64_t route = group_record_route(batch->groups[i]);

		if (!(route & ROUTE_DIRECT) && route != 0)
			rte_prefetch0(group_record_fanout(route));
	}
}

// ---- Delivery ------------------------------------------------------------------------------

static void tally_settle(const struct worker *worker, const struct tally *tally)
{
	if (tally->output != NULL)
		output_count(tally->output, worker->index, tally->packets, tally->bytes);
}

INLINE void tally_add(
	const struct worker *worker, struct tally *tally, struct output *output, uint32_t bytes)
{
	if (unlikely(tally->output != output)) {
		tally_settle(worker, tally);
		*tally = (struct tally){.output = output};
	}
	tally->packets++;
	tally->bytes += bytes;
}

INLINE struct fanout_frame view(const struct batch *batch, unsigned i, bool uniform, bool ipv6)
{
	struct fanout_frame frame;
	const uint8_t *ip;

	if (!uniform)
		return fanout_frame_of(&batch->parsed[i]);
	ip = batch->data[i] + batch->template.l3_offset;
	frame.source = ip + (ipv6 ? 8 : 12);
	frame.udp_port_be = parse_load16(ip + (ipv6 ? 42 : 22));
	frame.later_fragment = false;
	return frame;
}

INLINE uint16_t l3_offset(const struct batch *batch, unsigned i, bool uniform)
{
	return uniform ? batch->template.l3_offset : batch->parsed[i].l3_offset;
}

// Delivers the frame to the outputs that want it. Returns their number.
INLINE unsigned deliver_wanted(
	struct batch *batch, unsigned i, const struct fanout *fanout, bool uniform, bool ipv6)
{
	const uint16_t offset = l3_offset(batch, i, uniform);
	struct output *scratch[FANOUT_SUBSCRIBERS_MAX];
	struct output *const *outputs = scratch;
	unsigned n;

	if (fanout->n_open == fanout->n_outputs) {
		outputs = fanout->outputs;
		n = fanout->n_outputs;
	} else {
		const struct fanout_frame frame = view(batch, i, uniform, ipv6);

		n = fanout_filter(fanout, &frame, scratch);
	}
	if (n == 1)
		deliver_single(batch->worker, batch->frames[i], offset, outputs[0]);
	else if (n > 0)
		deliver_many(batch->worker, batch->frames[i], offset, outputs, n);
	return n;
}

// Not part of deliver_fanout(), which would then save more registers even without hooks.
static __rte_noinline unsigned deliver_hooked(
	struct batch *batch, unsigned i, const struct fanout *fanout, bool uniform, bool ipv6)
{
	const struct fanout_frame frame = view(batch, i, uniform, ipv6);
	const struct fanout_hook *hook = fanout_hook(fanout);

	if (!hook->frame(hook->context, batch->worker->index, batch->frames[i],
		    l3_offset(batch, i, uniform), &frame))
		return 0;
	return deliver_wanted(batch, i, fanout, uniform, ipv6);
}

// Without the check of the stack protector, which takes 6 instructions per frame: it is there for
// the address of a structure of pointers, and there is no array.
static __rte_noinline __attribute__((no_stack_protector)) unsigned deliver_fanout(
	struct batch *batch, unsigned i, const struct fanout *fanout, bool uniform, bool ipv6)
{
	if (unlikely(fanout->has_hook))
		return deliver_hooked(batch, i, fanout, uniform, ipv6);
	return deliver_wanted(batch, i, fanout, uniform, ipv6);
}

// The group is joined, but the filters or the hook rejected the frame.
static __rte_noinline void refuse(struct batch *batch, unsigned i)
{
	group_table_count_filtered(batch->table, batch->worker->index, batch->index[i]);
	batch->unwanted |= UINT64_C(1) << i;
	batch->n_filtered++;
}

INLINE void deliver(struct batch *batch, unsigned first, unsigned end, bool uniform, bool ipv6)
{
	struct worker *const worker = batch->worker;
	const uint32_t tick = batch->tick;
	struct tally tally = batch->tally;
	uint64_t unwanted = 0, bit = UINT64_C(1) << first;

	for (unsigned i = first; i < end; i++, bit += bit) {
		struct rte_mbuf *frame = batch->frames[i];
		struct group_record *group = batch->groups[i];
		const uint64_t route = group_record_route(group);
		const uint32_t bytes = frame->pkt_len;
		struct output *output = group_record_output(route);
		unsigned n;

		if (unlikely(!(route & ROUTE_DIRECT))) {
			if (route == 0) {
				unwanted |= bit;
				batch->n_not_joined++;
				continue;
			}
			n = deliver_fanout(batch, i, group_record_fanout(route), uniform, ipv6);
			if (n == 0) {
				refuse(batch, i);
				continue;
			}
			batch->n_more += n - 1;
		} else if (unlikely(!group_record_takes(
				   group, route, view(batch, i, uniform, ipv6)))) {
			refuse(batch, i);
			continue;
		} else if (output->counts) {
			tally_add(worker, &tally, output, bytes);
			unwanted |= bit;
		} else {
			deliver_single(worker, frame, l3_offset(batch, i, uniform), output);
		}
		group_record_count(group, bytes, tick);
	}
	batch->tally = tally;
	batch->unwanted |= unwanted;
}

static __rte_noinline void deliver4(struct batch *batch, unsigned first, unsigned end)
{
	deliver(batch, first, end, true, false);
}

static __rte_noinline void deliver6(struct batch *batch, unsigned first, unsigned end)
{
	deliver(batch, first, end, true, true);
}

static __rte_noinline void deliver_parsed(struct batch *batch, unsigned first, unsigned end)
{
	deliver(batch, first, end, false, batch->ipv6);
}

void batch_deliver(struct batch *batch, unsigned first, unsigned end)
{
	if (!batch->uniform)
		deliver_parsed(batch, first, end);
	else if (batch->ipv6)
		deliver6(batch, first, end);
	else
		deliver4(batch, first, end);
}

// ---- End -----------------------------------------------------------------------------------

static void free_unwanted(const struct batch *batch, unsigned n)
{
	struct worker *worker = batch->worker;
	uint64_t left = batch->unwanted;

	if (left == UINT64_MAX >> (64 - n) && batch->uniform && batch->template.returns)
		rte_mempool_put_bulk(batch->frames[0]->pool, (void **)batch->frames, n);
	else
		for (; left != 0; left &= left - 1)
			worker_discard(worker, batch->frames[rte_bsf64(left)]);
}

void batch_end(struct batch *batch, unsigned n)
{
	struct worker *worker = batch->worker;
	unsigned delivered;

	if (batch->joined) {
		tally_settle(worker, &batch->tally);
	} else {
		batch->n_not_joined = n;
		batch->unwanted = UINT64_MAX >> (64 - n);
	}
	delivered = n - batch->n_not_joined - batch->n_filtered;
	free_unwanted(batch, n);
	worker_drop(worker, DROP_NOT_JOINED, batch->n_not_joined);
	worker_drop(worker, DROP_FILTERED, batch->n_filtered);
	counter_add(&worker->counters.rx_bytes, batch->bytes);
	counter_add(&worker->counters.delivered, delivered);
	counter_add(&worker->counters.deliveries, delivered + batch->n_more);
}
