// SPDX-License-Identifier: BSD-3-Clause
// Bursts with frames of several interfaces and families, or in different kinds of mbufs.
#include <criterion/criterion.h>
#include "dataplane_fixture.h"

#define EACH 50

TestSuite(mixed, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in;

static struct rte_mbuf *frame_from(struct rte_mempool *pool, const char *group)
{
	struct rte_mempool *own = fixture.pool;
	struct rte_mbuf *mbuf;
	struct frame frame;

	frame_build(&frame,
		&(struct frame_spec){.group = group, .source = "10.0.0.1", .payload_len = 20});
	fixture.pool = pool;
	mbuf = fixture_mbuf(&fixture, &frame);
	fixture.pool = own;
	return mbuf;
}

static void put(struct rte_mbuf *frame)
{
	fixture_send_mbuf(&fixture, &in, 0, frame);
}

// A fixture that counts frames to 239.1.1.1.
static struct output *open_counting(void)
{
	struct output *count;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 1);
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	fixture_join(fixture_interface(&in, 0, 0), "239.1.1.1", 1, count);
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
	struct rte_mbuf *frame = frame_from(fixture.pool, "239.1.1.1");

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
	.description = "frames of several pools or with other references are freed to their pools")
{
	struct rte_mempool *other;
	struct rte_mbuf *held[EACH];
	struct output *count = open_counting();

	other = rte_pktmbuf_pool_create("other", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	cr_assert_not_null(other);
	for (unsigned i = 0; i < EACH; i++) {
		put(frame_from(fixture.pool, "239.1.1.1"));
		held[i] = put_held();
		put(frame_from(other, "239.1.1.1"));
		put(frame_from(fixture.pool, "239.1.1.2"));
	}
	// All frames are queued before the first one is received.
	fixture_start(&fixture);
	fixture_settle(&fixture);
	cr_expect_eq(packets_of(count), 3 * EACH);
	cr_expect_eq(fixture_drops(&fixture, DROP_NOT_JOINED), EACH);
	cr_expect_eq(rte_mempool_in_use_count(other), 0);
	release_held(held);
	fixture_close(&fixture);
	rte_mempool_free(other);
}

Test(mixed, all_held,
	.description = "frames that all have another reference are not freed to the pool")
{
	struct rte_mbuf *held[EACH];
	struct output *count = open_counting();

	for (unsigned i = 0; i < EACH; i++)
		held[i] = put_held();
	fixture_start(&fixture);
	fixture_settle(&fixture);
	cr_expect_eq(packets_of(count), EACH);
	release_held(held);
	fixture_close(&fixture);
}

#define FLOWS 7

// Frame `number` of a flow; the number is its last byte. In the second flow some frames have
// options, in the third the priority changes.
static void put_frame(unsigned flow, uint8_t number)
{
	static const uint8_t options[] = {1, 1, 1, 0};
	uint8_t payload[20] = {[19] = number};
	struct frame_spec flows[FLOWS] = {
		{.group = "239.1.1.1"},
		{.group = "239.1.1.1", .tags = {20}, .n_tags = 1},
		{.group = "239.1.1.1", .tags = {30}, .n_tags = 1},
		{.group = "ff0e::1"},
		{.group = "ff0e::1", .tags = {20}, .n_tags = 1},
		{.group = "239.1.1.1", .tags = {20, 5}, .n_tags = 2},
		{.group = "239.1.1.1", .tags = {20, 6}, .n_tags = 2},
	};
	struct frame_spec *spec = &flows[flow];
	struct frame frame;

	spec->source = strchr(spec->group, ':') ? "2001:db8::1" : "10.0.0.1";
	spec->payload = payload;
	spec->payload_len = sizeof(payload);
	if (flow == 1 && number % 3 == 2) {
		spec->options = options;
		spec->options_len = sizeof(options);
	} else if (flow == 2) {
		spec->tags[0] |= number % 8 << 13;
	}
	frame_build(&frame, spec);
	fixture_send(&fixture, &in, 0, &frame);
}

// Returns the number of frames, which must be in the order of their numbers.
static unsigned receive_in_order(struct output *ring)
{
	struct rte_mbuf *frame;
	unsigned n = 0;

	for (; output_receive_burst(ring, &frame, 1) == 1; n++) {
		cr_expect_eq(*rte_pktmbuf_mtod_offset(frame, uint8_t *, frame->data_len - 1), n);
		rte_pktmbuf_free(frame);
	}
	return n;
}

Test(mixed, order,
	.description = "frames of several VLANs and families are delivered, each flow in order")
{
	static const uint16_t vlans[FLOWS][2] = {{0}, {20}, {30}, {0}, {20}, {20, 5}, {20, 6}};
	struct output *rings[FLOWS];
	unsigned sent[FLOWS] = {0}, draw = 1;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 1);
	for (unsigned i = 0; i < FLOWS; i++) {
		bool ipv6 = i == 3 || i == 4;
		static struct interface *interfaces[FLOWS];

		// Flows 3 and 4 share the interfaces of 0 and 1.
		interfaces[i] =
			ipv6 ? interfaces[i - 3] : fixture_interface(&in, vlans[i][0], vlans[i][1]);
		rings[i] = fixture_ring(&fixture, 256);
		fixture_join(interfaces[i], ipv6 ? "ff0e::1" : "239.1.1.1", 1, rings[i]);
	}
	for (unsigned i = 0; i < 400; i++) {
		unsigned flow = (draw = draw * 1103515245 + 12345) >> 16 & 7;

		// Sometimes many frames of one flow.
		for (unsigned n = flow < FLOWS ? 1 : i % 16; n > 0; n--) {
			unsigned one = flow < FLOWS ? flow : i % FLOWS;

			if (sent[one] < 200)
				put_frame(one, sent[one]++);
		}
	}
	// All frames are queued before the first one is received.
	fixture_start(&fixture);
	fixture_settle(&fixture);
	for (unsigned i = 0; i < FLOWS; i++)
		cr_expect_eq(receive_in_order(rings[i]), sent[i], "flow %u", i);
	fixture_close(&fixture);
}
