// SPDX-License-Identifier: BSD-3-Clause
// What the application around the data plane does besides receiving: it filters frames of its own,
// and sends frames that its own receivers want, too.
#include <rte_pause.h>
#include "interface.h"
#include "fanout_frame.h"
#include "output.h"
#include "port.h"
#include "punt.h"

static_assert(FILTER_BURST <= GROUP_QUERY_MAX, "a burst is one lookup");

// A reader's number is borrowed for one call, so no thread has to say when it ends.
static unsigned reader_borrow(struct dataplane *dp)
{
	static _Thread_local unsigned last;

	for (unsigned i = last;; i++) {
		unsigned reader = i % DATAPLANE_READERS;

		if (!atomic_exchange_explicit(
			    &dp->readers[reader].taken, true, memory_order_acquire)) {
			last = reader;
			return reader;
		}
		rte_pause();
	}
}

static void reader_return(struct dataplane *dp, unsigned reader)
{
	atomic_store_explicit(&dp->readers[reader].taken, false, memory_order_release);
}

// The frames of a burst that are of one family.
struct family_burst {
	struct parsed parsed[FILTER_BURST];
	uint32_t groups4_be[FILTER_BURST];
	struct group_key groups6[FILTER_BURST];
	uint8_t which[FILTER_BURST];
	uint32_t index[FILTER_BURST];
	unsigned n;
};

static void hear(
	struct interface *interface, const struct rte_mbuf *frame, const struct parsed *parsed)
{
	struct dataplane *dp = interface->port->dp;
	unsigned slot;
	enum punt_class class = punt_budget_class(&interface->queriers, frame, parsed, &slot);
	struct rte_mbuf *copy;

	if (class == PUNT_UNKNOWN)
		return;
	copy = rte_pktmbuf_copy(frame, interface->port->rx_pool, 0, UINT32_MAX);
	if (copy != NULL && punt_put(dp->punted, class, interface, copy, parsed) != DROP_NONE)
		rte_pktmbuf_free(copy);
}

static void sort(struct interface *interface, struct rte_mbuf *const *frames, unsigned n,
	struct family_burst bursts[2])
{
	bursts[0].n = bursts[1].n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_ether_addr buffer;
		struct parsed parsed;
		struct family_burst *burst;

		if (parse_mbuf(frames[i], &parsed) != DROP_NONE)
			continue;
		if ((parsed.flags & PARSED_NO_GROUP_MAC) &&
			!port_is_addressed(interface->port,
				rte_pktmbuf_read(frames[i], 0, sizeof(buffer), &buffer)))
			continue;
		if (parsed.flags & PARSED_CONTROL) {
			hear(interface, frames[i], &parsed);
			continue;
		}
		burst = &bursts[(parsed.flags & PARSED_IPV6) != 0];
		burst->groups4_be[burst->n] = parsed.group4_be;
		memcpy(&burst->groups6[burst->n], parsed.group6, sizeof(burst->groups6[0]));
		burst->parsed[burst->n] = parsed;
		burst->which[burst->n++] = i;
	}
}

static bool wants(
	const struct group_record *group, const struct parsed *parsed, const struct output *output)
{
	const struct fanout_frame view = fanout_frame_of(parsed);
	struct output *scratch[FANOUT_SUBSCRIBERS_MAX];
	struct output *const *outputs;
	unsigned n = group_record_outputs(group, &view, scratch, &outputs);

	for (unsigned i = 0; i < n; i++)
		if (outputs[i] == output)
			return true;
	return false;
}

static uint64_t judge(const struct group_table *table, unsigned slice, struct family_burst *burst,
	uint64_t found, const struct output *output)
{
	uint64_t verdict = 0;

	for (; found != 0; found &= found - 1) {
		unsigned i = __builtin_ctzll(found);

		if (wants(group_storage_record(table, slice, burst->index[i]), &burst->parsed[i],
			    output))
			verdict |= UINT64_C(1) << burst->which[i];
	}
	return verdict;
}

uint64_t app_filter_burst(struct interface *interface, const struct output *output,
	struct rte_mbuf *const *frames, unsigned n)
{
	struct dataplane *dp = interface->port->dp;
	struct family_burst bursts[2], *ipv4 = &bursts[0], *ipv6 = &bursts[1];
	unsigned reader = reader_borrow(dp);
	uint64_t found, verdict = 0;

	reclaim_online(&dp->reclaim, dp->n_workers + reader);
	sort(interface, frames, n, bursts);
	if (ipv4->n > 0) {
		found = group_table_lookup4_burst(
			interface->table4, ipv4->groups4_be, ipv4->n, ipv4->index);
		verdict |= judge(interface->table4, dp->n_workers, ipv4, found, output);
	}
	if (ipv6->n > 0) {
		found = group_table_lookup6_burst(
			interface->table6, dp->n_workers, ipv6->groups6, ipv6->n, ipv6->index);
		verdict |= judge(interface->table6, dp->n_workers, ipv6, found, output);
	}
	reclaim_offline(&dp->reclaim, dp->n_workers + reader);
	reader_return(dp, reader);
	return verdict;
}

// ---- Loopback ------------------------------------------------------------------------------

// A port would send the frame to the network once more.
static void deliver(struct output *output, struct rte_mbuf *frame)
{
	const unsigned sender = output->dp->n_workers;
	struct output_lane *lane = &output->lanes[sender];

	if (output->as_received) {
		rte_mbuf_refcnt_update(frame, 1);
		output_stage(output, lane, frame);
		output_hand_over(output, sender);
	} else if (output->counts) {
		counter_add(&lane->packets, 1);
		counter_add(&lane->bytes, frame->pkt_len);
	}
}

int app_filter_loop(struct interface *interface, const struct rte_mbuf *frame)
{
	struct output *scratch[FANOUT_SUBSCRIBERS_MAX];
	const struct fanout *fanout;
	struct fanout_frame view;
	struct rte_mbuf *copy;
	struct parsed parsed;
	struct sluice_addr group = {.family = AF_INET};
	unsigned n;

	if (parse_mbuf(frame, &parsed) != DROP_NONE)
		return -EINVAL;
	if (parsed.flags & PARSED_IPV6)
		group.family = AF_INET6;
	memcpy(group.bytes, parsed.group6, sluice_addr_len(&group));
	fanout = group_table_get(
		group.family == AF_INET ? interface->table4 : interface->table6, &group);
	if (fanout == NULL)
		return 0;
	// From the pool whose frames may wait in rings.
	copy = rte_pktmbuf_copy(frame, interface->port->rx_pool, 0, UINT32_MAX);
	if (copy == NULL)
		return -ENOBUFS;
	copy->port = interface->port->id;
	view = fanout_frame_of(&parsed);
	n = fanout_filter(fanout, &view, scratch);
	for (unsigned i = 0; i < n; i++)
		deliver(scratch[i], copy);
	rte_pktmbuf_free(copy);
	return 0;
}
