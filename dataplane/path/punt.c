// SPDX-License-Identifier: BSD-3-Clause
#include <inttypes.h>
#include <stdio.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>
#include "dataplane_private.h"
#include "punt.h"

#define DEPTH_MIN 64 // burst of frames that the limit always admits

struct rte_ring *punt_ring_create(const void *owner)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "sluice_p%" PRIxPTR, (uintptr_t)owner);
	return rte_ring_create_elem(name, sizeof(struct punted), PUNT_RING_SIZE, SOCKET_ID_ANY,
		RING_F_SC_DEQ | RING_F_EXACT_SZ);
}

void punt_ring_free(struct rte_ring *ring)
{
	struct punted punted;

	while (ring != NULL && rte_ring_dequeue_elem(ring, &punted, sizeof(punted)) == 0)
		rte_pktmbuf_free(punted.frame);
	rte_ring_free(ring);
}

void punt_limit_init(struct punt_limit *limit, uint64_t hz, unsigned rate)
{
	*limit = (struct punt_limit){.cost_tsc = hz / rate};
	limit->depth_tsc = RTE_MAX(DEPTH_MIN * limit->cost_tsc, hz / 10);
}

bool punt_limit_take(struct punt_limit *limit, uint64_t now_tsc)
{
	uint64_t full_tsc = RTE_MAX(limit->full_tsc, now_tsc) + limit->cost_tsc;

	if (full_tsc > now_tsc + limit->depth_tsc)
		return false;
	limit->full_tsc = full_tsc;
	return true;
}

enum drop_reason punt_put(struct rte_ring *ring, struct interface *interface,
	struct rte_mbuf *frame, const struct parsed *parsed)
{
	struct punted punted = {
		.interface = interface,
		.len = parsed->l3_len,
		.frame = frame,
	};

	// The protocol machine needs the packet in one segment.
	if (frame->data_len < parsed->l3_offset + parsed->l3_len &&
		rte_pktmbuf_linearize(frame) < 0)
		return DROP_NO_MBUF;
	punted.packet = rte_pktmbuf_mtod_offset(frame, const uint8_t *, parsed->l3_offset);
	if (rte_ring_enqueue_elem(ring, &punted, sizeof(punted)) < 0)
		return DROP_PUNT_FULL;
	return DROP_NONE;
}

// Clears entries in place, so that the others keep their order.
static void forget(struct punted *punted, unsigned n, const struct interface *interface)
{
	for (unsigned i = 0; i < n; i++) {
		if (punted[i].interface != interface)
			continue;
		rte_pktmbuf_free(punted[i].frame);
		punted[i] = (struct punted){0};
	}
}

void punt_forget(struct rte_ring *ring, const struct interface *interface)
{
	struct rte_ring_zc_data waiting;
	const unsigned n = rte_ring_dequeue_zc_burst_elem_start(
		ring, sizeof(struct punted), PUNT_RING_SIZE, &waiting, NULL);

	if (n == 0)
		return;
	forget(waiting.ptr1, waiting.n1, interface);
	forget(waiting.ptr2, n - waiting.n1, interface);
	rte_ring_dequeue_zc_elem_finish(ring, 0);
}

unsigned punt_burst(struct dataplane *dp, struct punted *punted, unsigned n)
{
	unsigned kept = 0, got;

	do {
		struct punted *next = &punted[kept];

		got = rte_ring_dequeue_burst_elem(dp->punted, next, sizeof(*next), n - kept, NULL);
		for (unsigned i = 0; i < got; i++)
			if (next[i].interface != NULL)
				punted[kept++] = next[i];
	} while (got > 0 && kept < n);
	return kept;
}
