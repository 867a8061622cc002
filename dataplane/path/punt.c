// SPDX-License-Identifier: BSD-3-Clause
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>
#include "dataplane_private.h"
#include "punt.h"

struct punt_rings {
	struct rte_ring *rings[PUNT_CLASSES];
};

static const unsigned sizes[PUNT_CLASSES] = {
	[PUNT_QUERIER_GENERAL] = 64,
	[PUNT_QUERIER_SPECIFIC] = 192,
	[PUNT_GENERAL] = 64,
	[PUNT_SPECIFIC] = 64,
	[PUNT_REPORT] = 112,
	[PUNT_OTHER] = 16,
};
static_assert(
	64 + 192 + 64 + 64 + 112 + 16 == PUNT_RING_SIZE, "the pools of the ports count on it");

struct punt_rings *punt_rings_create(const void *owner)
{
	struct punt_rings *rings = calloc(1, sizeof(*rings));

	for (unsigned i = 0; rings != NULL && i < PUNT_CLASSES; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "sluice_p%u_%" PRIxPTR, i, (uintptr_t)owner);
		rings->rings[i] = rte_ring_create_elem(name, sizeof(struct punted), sizes[i],
			SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_EXACT_SZ);
		if (rings->rings[i] == NULL) {
			punt_rings_free(rings);
			return NULL;
		}
	}
	return rings;
}

void punt_rings_free(struct punt_rings *rings)
{
	struct punted punted;

	for (unsigned i = 0; rings != NULL && i < PUNT_CLASSES; i++) {
		struct rte_ring *ring = rings->rings[i];

		while (ring != NULL && rte_ring_dequeue_elem(ring, &punted, sizeof(punted)) == 0)
			rte_pktmbuf_free(punted.frame);
		rte_ring_free(ring);
	}
	free(rings);
}

enum drop_reason punt_put(struct punt_rings *rings, enum punt_class class,
	struct interface *interface, struct rte_mbuf *frame, const struct parsed *parsed)
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
	if (rte_ring_enqueue_elem(rings->rings[class], &punted, sizeof(punted)) < 0)
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

static void forget_in(struct rte_ring *ring, const struct interface *interface)
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

void punt_forget(struct punt_rings *rings, const struct interface *interface)
{
	for (unsigned i = 0; i < PUNT_CLASSES; i++)
		forget_in(rings->rings[i], interface);
}

static unsigned take(struct rte_ring *ring, struct punted *punted, unsigned n)
{
	unsigned kept = 0, got;

	do {
		struct punted *next = &punted[kept];

		got = rte_ring_dequeue_burst_elem(ring, next, sizeof(*next), n - kept, NULL);
		for (unsigned i = 0; i < got; i++)
			if (next[i].interface != NULL)
				punted[kept++] = next[i];
	} while (got > 0 && kept < n);
	return kept;
}

// First each class gets its share, so that none starves, then the first classes get the rest.
unsigned punt_burst(struct dataplane *dp, struct punted *punted, unsigned n)
{
	const unsigned share = RTE_MAX(n / PUNT_CLASSES, 1U);
	unsigned got = 0;

	for (unsigned i = 0; i < PUNT_CLASSES && got < n; i++)
		got += take(dp->punted->rings[i], &punted[got], RTE_MIN(share, n - got));
	for (unsigned i = 0; i < PUNT_CLASSES && got < n; i++)
		got += take(dp->punted->rings[i], &punted[got], n - got);
	return got;
}
