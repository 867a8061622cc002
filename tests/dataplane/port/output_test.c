// SPDX-License-Identifier: BSD-3-Clause
// A ring output by itself: several senders and one receiver.
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include "output.h"
#include "dataplane_fixture.h"

TestSuite(output, .init = fixture_eal, .timeout = 120);

enum { SENDERS = 3, FRAMES = 100000, ROOM = 64 }; // two workers and the control thread

static struct dataplane_fixture fixture;

struct sender {
	struct output *output;
	unsigned index;
	unsigned refused;
};

// Sends bursts of all sizes. Each frame contains its sender and sequence number.
static void *send_all(void *arg)
{
	struct sender *sender = arg;
	struct output_lane *lane = &sender->output->lanes[sender->index];

	for (uint32_t sent = 0, n = 1; sent < FRAMES; n = n % BURST + 1) {
		n = RTE_MIN(n, FRAMES - sent);
		for (unsigned i = 0; i < n; i++) {
			struct rte_mbuf *frame;

			while ((frame = rte_pktmbuf_alloc(fixture.pool)) == NULL)
				sched_yield();
			frame->port = sender->index;
			frame->hash.rss = sent++;
			rte_pktmbuf_append(frame, 60);
			output_stage(sender->output, lane, frame);
		}
		sender->refused += output_hand_over(sender->output, sender->index);
		if (sent % 512 < BURST)
			sched_yield();
	}
	return NULL;
}

Test(output, senders,
	.description = "promise 7: no frame of several senders is lost uncounted or out of order, "
		       "and a ring never holds more than its size")
{
	struct sender senders[SENDERS] = {0};
	pthread_t threads[SENDERS];
	struct output_stats stats;
	struct output *ring;
	uint32_t next[SENDERS] = {0};
	unsigned received = 0, refused = 0, most = 0;

	fixture_open(&fixture, SENDERS - 1, 0);
	ring = fixture_ring(&fixture, ROOM);
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){.output = ring, .index = i};
		cr_assert_eq(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	do {
		struct rte_mbuf *frames[BURST];
		unsigned n;

		most = RTE_MAX(most, output_waiting(ring));
		n = output_receive_burst(ring, frames, 1 + received % BURST);
		for (unsigned i = 0; i < n; i++) {
			cr_assert_lt(frames[i]->port, SENDERS);
			cr_assert_geq(frames[i]->hash.rss, next[frames[i]->port]);
			next[frames[i]->port] = frames[i]->hash.rss + 1;
			rte_pktmbuf_free(frames[i]);
		}
		received += n;
		if (n == 0)
			sched_yield();
		output_stats(ring, &stats);
	} while (received < stats.packets || stats.packets + stats.dropped < SENDERS * FRAMES);
	for (unsigned i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		refused += senders[i].refused;
	}
	cr_expect_leq(most, ROOM);
	cr_expect_eq(received + refused, SENDERS * FRAMES);
	cr_expect_eq(stats.packets, received);
	cr_expect_eq(stats.bytes, 60ul * received);
	cr_expect_eq(stats.dropped, refused);
	fixture_close(&fixture);
}

Test(output, fair, .description = "a sender that fills a ring does not block another sender")
{
	struct rte_mbuf *frames[ROOM];
	struct output *ring;
	unsigned of_second = 0;

	fixture_open(&fixture, 2, 0);
	ring = fixture_ring(&fixture, ROOM);
	for (unsigned i = 0; i < ROOM; i++) {
		struct rte_mbuf *frame = rte_pktmbuf_alloc(fixture.pool);
		unsigned sender = i == ROOM / 2;

		frame->port = sender;
		output_stage(ring, &ring->lanes[sender], frame);
		cr_assert_eq(output_hand_over(ring, sender), 0);
	}
	// More frames of the first sender wait than are requested, yet the second sender is served.
	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned n = output_receive_burst(ring, frames, 8);

		cr_expect_eq(n, 8);
		for (unsigned i = 0; i < n; i++)
			of_second += frames[i]->port == 1;
		rte_pktmbuf_free_bulk(frames, n);
	}
	cr_expect_eq(of_second, 1);
	fixture_close(&fixture);
}
