// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_prefetch.h>
#include "deliver.h"
#include "memory.h"
#include "worker.h"

#define PREFETCH 4 // frames ahead

static_assert(BURST <= GROUP_TABLE_BURST && BURST <= 32, "a burst is a 32-bit mask");

// The frames of a burst that ask a group table.
struct lookup {
	struct rte_mbuf *frames[BURST];
	const struct group_table *tables[BURST];
	struct parsed parsed[BURST];
	unsigned n;
};

int worker_open(struct dataplane *dp, unsigned index, unsigned lcore, unsigned punt_rate,
	struct worker **worker)
{
	struct worker *new = memory_alloc(sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	new->dp = dp;
	new->index = index;
	new->lcore = lcore;
	punt_limit_init(&new->punt_limit, rte_get_tsc_hz(), punt_rate);
	*worker = new;
	return 0;
}

void worker_close(struct worker *worker)
{
	free(worker->tx);
	free(worker->rx);
	free(worker);
}

static int reserve(struct worker_queue **queues, unsigned n, unsigned more)
{
	struct worker_queue *new = realloc(*queues, (n + more) * sizeof(*new));

	if (new == NULL)
		return -ENOMEM;
	*queues = new;
	return 0;
}

int worker_add_port(struct dataplane *dp, struct port *port)
{
	for (unsigned i = 0; i < dp->n_workers; i++) {
		struct worker *worker = dp->workers[i];

		if (reserve(&worker->rx, worker->n_rx, port->n_rx) < 0 ||
			reserve(&worker->tx, worker->n_tx, 1) < 0)
			return -ENOMEM;
	}
	for (uint16_t queue = 0; queue < port->n_rx; queue++) {
		struct worker *worker = dp->workers[dp->next_worker++ % dp->n_workers];

		worker->rx[worker->n_rx++] = (struct worker_queue){port, queue};
	}
	for (uint16_t queue = 0; port->tx_rings != NULL && queue < port->n_tx; queue++) {
		struct worker *worker = dp->workers[queue];

		worker->tx[worker->n_tx++] = (struct worker_queue){port, queue};
	}
	return 0;
}

static void punt(struct worker *worker, struct interface *interface, struct rte_mbuf *frame,
	const struct parsed *parsed)
{
	unsigned reason = DROP_PUNT_RATE;

	if (punt_limit_take(&worker->punt_limit, rte_rdtsc()))
		reason = punt_put(worker->dp->punted, interface, frame, parsed);
	if (reason == PARSE_OK) {
		counter_add(&worker->counters.punted, 1);
		return;
	}
	worker_drop(worker, reason, 1);
	worker_discard(worker, frame);
}

// Parses the frames and sorts out those that ask no group table.
static void classify(struct worker *worker, const struct port *port, struct rte_mbuf **frames,
	unsigned n, struct lookup *lookup)
{
	const struct interface_map *interfaces = &port->interfaces;
	uint64_t bytes = 0;

	lookup->n = 0;
	for (unsigned i = 0; i < n && i < PREFETCH; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *frame = frames[i];
		struct parsed *parsed = &lookup->parsed[lookup->n];
		struct interface *interface;
		unsigned reason;

		if (i + PREFETCH < n)
			rte_prefetch0(rte_pktmbuf_mtod(frames[i + PREFETCH], void *));
		bytes += frame->pkt_len;
		reason = parse_mbuf(frame, parsed);
		if (unlikely(reason != PARSE_OK)) {
			worker_drop(worker, reason, 1);
			worker_discard(worker, frame);
			continue;
		}
		interface = interface_map_find(interfaces, parsed->outer_vlan, parsed->inner_vlan);
		if (unlikely(interface == NULL)) {
			worker_drop(worker, DROP_NO_INTERFACE, 1);
			worker_discard(worker, frame);
			continue;
		}
		if (unlikely(parsed->flags & PARSED_CONTROL)) {
			punt(worker, interface, frame, parsed);
			continue;
		}
		lookup->frames[lookup->n] = frame;
		lookup->tables[lookup->n] =
			parsed->flags & PARSED_IPV6 ? interface->table6 : interface->table4;
		lookup->n++;
	}
	counter_add(&worker->counters.rx_packets, n);
	counter_add(&worker->counters.rx_bytes, bytes);
}

// The frames of `lookup` that belong to one group table, by their number there.
struct batch {
	const struct group_table *table;
	uint8_t which[BURST];
	uint32_t index[BURST];
	unsigned n;
};

static uint64_t look_up4(const struct lookup *lookup, struct batch *batch)
{
	uint32_t groups_be[BURST];

	for (unsigned i = 0; i < batch->n; i++)
		groups_be[i] = lookup->parsed[batch->which[i]].group4_be;
	return group_table_lookup4_burst(batch->table, groups_be, batch->n, batch->index);
}

static uint64_t look_up6(const struct lookup *lookup, struct batch *batch)
{
	struct group_key groups[BURST];

	for (unsigned i = 0; i < batch->n; i++)
		memcpy(&groups[i], lookup->parsed[batch->which[i]].group6, sizeof(groups[i]));
	return group_table_lookup6_burst(batch->table, groups, batch->n, batch->index);
}

static void deliver_group(struct worker *worker, struct lookup *lookup, unsigned which,
	const struct batch *batch, unsigned i, struct group *group, uint64_t now_ms)
{
	struct rte_mbuf *frame = lookup->frames[which];
	const struct parsed *parsed = &lookup->parsed[which];
	const struct fanout_frame look = {
		.source = parsed->source6,
		.udp_port_be = parsed->udp_port_be,
		.later_fragment = parsed->flags & PARSED_LATER_FRAGMENT,
	};
	struct output *scratch[FANOUT_LINES_MAX];
	struct output *const *outputs;
	unsigned n = group_outputs(group, &look, scratch, &outputs);

	if (unlikely(n == 0)) {
		group_table_count_filtered(batch->table, worker->index, batch->index[i]);
		worker_drop(worker, DROP_FILTERED, 1);
		worker_discard(worker, frame);
		return;
	}
	group_count(group, frame->pkt_len, now_ms);
	deliver_frame(worker, frame, parsed, outputs, n);
}

static void filter_batch(
	struct worker *worker, struct lookup *lookup, struct batch *batch, uint64_t now_ms)
{
	bool ipv6 = lookup->parsed[batch->which[0]].flags & PARSED_IPV6;
	uint64_t hits = ipv6 ? look_up6(lookup, batch) : look_up4(lookup, batch);
	struct group *groups[BURST];

	for (unsigned i = 0; i < batch->n; i++) {
		if (hits & UINT64_C(1) << i) {
			groups[i] = group_table_group(batch->table, worker->index, batch->index[i]);
			rte_prefetch0(groups[i]);
		} else {
			worker_discard(worker, lookup->frames[batch->which[i]]);
		}
	}
	worker_drop(worker, DROP_NOT_JOINED, batch->n - __builtin_popcountll(hits));
	for (; hits != 0; hits &= hits - 1) {
		unsigned i = rte_bsf64(hits);

		deliver_group(worker, lookup, batch->which[i], batch, i, groups[i], now_ms);
	}
}

// Coarse, but no system call.
static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void worker_burst(struct worker *worker, struct port *port, struct rte_mbuf **frames, unsigned n)
{
	struct lookup lookup;
	uint64_t now_ms = clock_ms();
	uint32_t todo;

	classify(worker, port, frames, n, &lookup);
	todo = (UINT64_C(1) << lookup.n) - 1;
	while (todo != 0) {
		struct batch batch = {.table = lookup.tables[rte_bsf32(todo)]};

		for (uint32_t left = todo; left != 0; left &= left - 1) {
			unsigned i = rte_bsf32(left);

			if (lookup.tables[i] == batch.table) {
				batch.which[batch.n++] = i;
				todo &= ~(UINT32_C(1) << i);
			}
		}
		filter_batch(worker, &lookup, &batch, now_ms);
	}
	deliver_flush(worker);
}

static unsigned poll_queue(struct worker *worker, const struct worker_queue *rx)
{
	struct rte_mbuf *frames[BURST];
	unsigned n;

	if (unlikely(atomic_load_explicit(&rx->port->removed, memory_order_relaxed)))
		return 0;
	n = rte_eth_rx_burst(rx->port->id, rx->queue, frames, BURST);
	if (n > 0)
		worker_burst(worker, rx->port, frames, n);
	return n;
}

int worker_run(void *arg)
{
	struct worker *worker = arg;
	struct dataplane *dp = worker->dp;

	reclaim_online(&dp->reclaim, worker->index);
	while (atomic_load_explicit(&dp->running, memory_order_relaxed)) {
		unsigned n = 0;

		for (unsigned i = 0; i < worker->n_rx; i++)
			n += poll_queue(worker, &worker->rx[i]);
		for (unsigned i = 0; i < worker->n_tx; i++)
			port_drain(worker->tx[i].port, worker->tx[i].queue);
		reclaim_quiescent(&dp->reclaim, worker->index);
		counter_add(&worker->counters.polls, 1);
		if (n == 0) {
			counter_add(&worker->counters.idle_polls, 1);
			rte_pause();
		}
	}
	reclaim_offline(&dp->reclaim, worker->index);
	return 0;
}
