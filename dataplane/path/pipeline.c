// SPDX-License-Identifier: BSD-3-Clause
#include <rte_cycles.h>
#include <rte_prefetch.h>
#include "batch.h"
#include "clock.h"
#include "deliver.h"
#include "pipeline.h"
#include "port.h"
#include "punt.h"
#include "rewrite.h"

#define STEP (BURST / 2) // frames that a stage processes at a time

static void drop(struct worker *worker, enum drop_reason reason, struct rte_mbuf *frame)
{
	worker_drop(worker, reason, 1);
	worker_discard(worker, frame);
}

static __rte_noinline enum drop_reason try_punt(struct worker *worker, struct interface *interface,
	struct rte_mbuf *frame, const struct parsed *parsed)
{
	struct punt_budget *budget = &interface->budgets[worker->index];
	unsigned slot = 0;
	enum punt_class class = punt_budget_class(&interface->queriers, frame, parsed, &slot);

	if (class == PUNT_UNKNOWN)
		return DROP_UNKNOWN_TYPE;
	if (!punt_budget_take(budget, parsed, class, slot, rte_rdtsc()))
		return DROP_PUNT_RATE;
	return punt_put(worker->dp->punted, class, interface, frame, parsed);
}

static void punt(struct worker *worker, struct interface *interface, struct rte_mbuf *frame,
	const struct parsed *parsed)
{
	enum drop_reason reason = try_punt(worker, interface, frame, parsed);

	if (reason != DROP_NONE)
		drop(worker, reason, frame);
	else
		counter_add(&worker->counters.punted, 1);
}

// Runs a stage on the step that begins with frame `first`, if it exists.
static inline __attribute__((always_inline)) void step(struct batch *batch,
	void (*stage)(struct batch *batch, unsigned first, unsigned end), int first, unsigned n)
{
	if (first >= 0 && (unsigned)first < n)
		stage(batch, first, RTE_MIN((unsigned)first + STEP, n));
}

// Processes the leading frames that are uniform, which is the common case: valid, from the same
// interface, of the same family, and not IGMP or MLD. Returns their number.
static unsigned process_uniform(struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, const uint8_t *const *data, unsigned n, uint32_t tick)
{
	struct batch batch;

	if (!batch_start_uniform(&batch, worker, port, frames, data, tick))
		return 0;
	if (!batch.joined)
		n = batch_match(&batch, 0, n);
	else
		for (int at = 0; at - 3 * STEP < (int)n; at += STEP) {
			if (at < (int)n) {
				unsigned end = RTE_MIN((unsigned)at + STEP, n);
				unsigned matched = batch_match(&batch, at, end);

				if (unlikely(matched < end))
					n = matched;
			}
			step(&batch, batch_find, at - STEP, n);
			step(&batch, batch_fetch, at - 2 * STEP, n);
			step(&batch, batch_deliver, at - 3 * STEP, n);
		}
	batch_end(&batch, n);
	return n;
}

// A group may be sent to broadcast or to each receiver's own MAC address (RFC 6085 section 3), as
// access points do. Then the frame gets the MAC address of the group, because it may leave by an
// output. Returns whether it is for this port.
static bool claim(const struct port *port, struct rte_mbuf *frame, const struct parsed *parsed)
{
	const uint8_t *group = parsed->group6;
	struct rte_ether_addr to, buffer;

	if (!port_is_addressed(port, rte_pktmbuf_read(frame, 0, sizeof(buffer), &buffer)))
		return false;
	to = parsed->flags & PARSED_IPV6 ? (struct rte_ether_addr){{0x33, 0x33, group[12],
						   group[13], group[14], group[15]}}
					 : (struct rte_ether_addr){{0x01, 0x00, 0x5e,
						   group[1] & 0x7f, group[2], group[3]}};
	if (rewrite_is_own(frame) && frame->data_len >= sizeof(to))
		*rte_pktmbuf_mtod(frame, struct rte_ether_addr *) = to;
	return true;
}

// Parses a frame. Returns its interface, or NULL after dropping or punting the frame.
static struct interface *parse(struct worker *worker, const struct port *port,
	struct rte_mbuf *frame, struct parsed *parsed)
{
	enum drop_reason reason = parse_mbuf(frame, parsed);
	struct interface *interface = NULL;

	if (reason == DROP_NONE && (parsed->flags & PARSED_NO_GROUP_MAC) &&
		!claim(port, frame, parsed))
		reason = DROP_NOT_MULTICAST;
	if (reason == DROP_NONE) {
		interface = port_find_interface(port, parsed->outer_vlan, parsed->inner_vlan);
		if (interface == NULL)
			reason = DROP_NO_INTERFACE;
	}
	if (reason != DROP_NONE) {
		drop(worker, reason, frame);
	} else if (parsed->flags & PARSED_CONTROL) {
		punt(worker, interface, frame, parsed);
		interface = NULL;
	}
	return interface;
}

// Parses each frame and makes batches of one interface and family.
static __rte_noinline void process_parsed(struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, unsigned n, uint32_t tick)
{
	struct interface *interfaces[BURST];
	struct parsed parsed[BURST], chosen_parsed[BURST];
	struct rte_mbuf *chosen[BURST];
	struct batch batch;
	uint64_t left = 0, bytes = 0;

	for (unsigned i = 0; i < n; i++) {
		bytes += frames[i]->pkt_len;
		interfaces[i] = parse(worker, port, frames[i], &parsed[i]);
		left |= (uint64_t)(interfaces[i] != NULL) << i;
	}
	counter_add(&worker->counters.rx_bytes, bytes);
	while (left != 0) {
		unsigned first = rte_bsf64(left), n_chosen = 0;
		bool ipv6 = parsed[first].flags & PARSED_IPV6;

		for (unsigned i = first; i < n; i++) {
			if (!(left >> i & 1) || interfaces[i] != interfaces[first] ||
				((parsed[i].flags & PARSED_IPV6) != 0) != ipv6)
				continue;
			left &= ~(UINT64_C(1) << i);
			chosen[n_chosen] = frames[i];
			chosen_parsed[n_chosen++] = parsed[i];
		}
		batch_start_parsed(
			&batch, worker, interfaces[first], ipv6, chosen, chosen_parsed, tick);
		if (batch.joined) {
			batch_ask(&batch, 0, n_chosen);
			batch_find(&batch, 0, n_chosen);
			batch_fetch(&batch, 0, n_chosen);
			batch_deliver(&batch, 0, n_chosen);
		}
		batch_end(&batch, n_chosen);
	}
}

// The EtherType and outermost tag of a frame. Frames of one kind belong to the same interface and
// family. An interface may receive several kinds, but the frames of a flow are of one kind, so that
// they stay in order.
static uint64_t kind_of(const struct rte_mbuf *frame, const uint8_t *data)
{
	uint64_t kind, stripped = 0;
	uint16_t type;

	if (unlikely(frame->data_len < RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + 2))
		return 0;
	memcpy(&kind, data + 2 * RTE_ETHER_ADDR_LEN, sizeof(kind));
	kind = rte_be_to_cpu_64(kind);
	type = kind >> 48;
	if (parse_is_tag(type))
		kind &= UINT64_C(0xffff0fffffff0000); // without the priority
	else
		kind &= UINT64_C(0xffff) << 48;
	if (frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		stripped = 0x1000 | (frame->vlan_tci & 0xfff);
	return kind | stripped;
}

// Frames of several interfaces or families, or not on the fast path: processes them by kind.
static __rte_noinline void process_mixed(struct worker *worker, const struct port *port,
	struct rte_mbuf **frames, const uint8_t *const *data, unsigned n, uint32_t tick)
{
	struct rte_mbuf *chosen[BURST];
	const uint8_t *chosen_data[BURST];
	uint64_t kinds[BURST], left = UINT64_MAX >> (64 - n);

	for (unsigned i = 0; i < n; i++)
		kinds[i] = kind_of(frames[i], data[i]);
	while (left != 0) {
		const uint64_t kind = kinds[rte_bsf64(left)];
		unsigned n_chosen = 0, done;

		for (uint64_t rest = left; rest != 0; rest &= rest - 1) {
			const unsigned i = rte_bsf64(rest);
			const bool same = kinds[i] == kind; // unpredictable: no branch

			chosen[n_chosen] = frames[i];
			chosen_data[n_chosen] = data[i];
			n_chosen += same;
			left ^= (uint64_t)same << i;
		}
		done = process_uniform(worker, port, chosen, chosen_data, n_chosen, tick);
		if (unlikely(done < n_chosen))
			process_parsed(worker, port, chosen + done, n_chosen - done, tick);
	}
}

void pipeline_burst(
	struct worker *worker, const struct port *port, struct rte_mbuf **frames, unsigned n)
{
	uint32_t tick = group_record_tick(clock_ms());
	const uint8_t *data[BURST];
	unsigned done;

	for (unsigned i = 0; i < n; i++) {
		data[i] = rte_pktmbuf_mtod(frames[i], const uint8_t *);
		rte_prefetch0(data[i]);
	}
	counter_add(&worker->counters.rx_packets, n);
	done = process_uniform(worker, port, frames, data, n, tick);
	if (unlikely(done < n))
		process_mixed(worker, port, frames + done, data + done, n - done, tick);
	deliver_flush(worker);
}
