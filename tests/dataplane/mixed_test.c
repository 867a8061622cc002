// SPDX-License-Identifier: BSD-3-Clause
// Bursts whose frames lie in mbufs of several sorts.
#include <criterion/criterion.h>
#include "rig.h"

#define EACH 50

TestSuite(mixed, .init = rig_eal, .timeout = 120);

static struct rig rig;
static struct wire in;

static struct rte_mbuf *frame_from(struct rte_mempool *pool, const char *group)
{
	struct rte_mempool *own = rig.pool;
	struct rte_mbuf *mbuf;
	struct frame frame;

	frame_build(&frame,
		&(struct frame_spec){.group = group, .source = "10.0.0.1", .payload_len = 20});
	rig.pool = pool;
	mbuf = rig_mbuf(&rig, &frame);
	rig.pool = own;
	return mbuf;
}

static void put(struct rte_mbuf *frame)
{
	rig_send_mbuf(&rig, &in, 0, frame);
}

// A rig whose frames to 239.1.1.1 are counted.
static struct output *open_counting(void)
{
	struct output *count;

	rig_open(&rig, 1, 0);
	rig_wire(&rig, &in, "in", 1, 1);
	count = rig_output(&rig, &(struct output_config){.kind = OUTPUT_COUNT});
	rig_join(rig_interface(&in, 0, 0), "239.1.1.1", 1, count);
	return count;
}

static uint64_t packets_of(const struct output *output)
{
	struct output_stats stats;

	output_stats(output, &stats);
	return stats.packets;
}

static struct rte_mbuf *put_held(void)
{
	struct rte_mbuf *frame = frame_from(rig.pool, "239.1.1.1");

	rte_mbuf_refcnt_update(frame, 1);
	put(frame);
	return frame;
}

static void release_held(struct rte_mbuf **held)
{
	for (unsigned i = 0; i < EACH; i++) {
		cr_expect_eq(rte_mbuf_refcnt_read(held[i]), 1, "still held");
		rte_pktmbuf_free(held[i]);
	}
}

Test(mixed, pools,
	.description = "frames of several pools, or held by others, all go back where they belong")
{
	struct rte_mempool *other;
	struct rte_mbuf *held[EACH];
	struct output *count = open_counting();

	other = rte_pktmbuf_pool_create("other", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	cr_assert_not_null(other);
	for (unsigned i = 0; i < EACH; i++) {
		put(frame_from(rig.pool, "239.1.1.1"));
		held[i] = put_held();
		put(frame_from(other, "239.1.1.1"));
		put(frame_from(rig.pool, "239.1.1.2"));
	}
	// All of them are there before the first is received.
	rig_start(&rig);
	rig_settle(&rig);
	cr_expect_eq(packets_of(count), 3 * EACH);
	cr_expect_eq(rig_drops(&rig, DROP_NOT_JOINED), EACH);
	cr_expect_eq(rte_mempool_in_use_count(other), 0);
	release_held(held);
	rig_close(&rig);
	rte_mempool_free(other);
}

Test(mixed, all_held,
	.description = "frames alike in that somebody else holds them are not given away")
{
	struct rte_mbuf *held[EACH];
	struct output *count = open_counting();

	for (unsigned i = 0; i < EACH; i++)
		held[i] = put_held();
	rig_start(&rig);
	rig_settle(&rig);
	cr_expect_eq(packets_of(count), EACH);
	release_held(held);
	rig_close(&rig);
}
