// SPDX-License-Identifier: BSD-3-Clause
// Frames sent on a port: unchanged or with another header, on an own or a shared queue.
#include <criterion/criterion.h>
#include <errno.h>
#include "port.h"
#include "dataplane_fixture.h"
#include "wire_fixture.h"

TestSuite(transmit, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in, out;
static struct interface *interface;

static void open_two(unsigned n_tx)
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, n_tx);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	fixture_start(&fixture);
}

#define SMALL 44 // payload of a frame that is copied to be rewritten
#define LARGE 1000 // payload of a frame that shares what follows its header

static uint8_t payload[LARGE] = "the quick brown fox jumps over the lazy dog";
static size_t payload_len = SMALL;

static void build(struct frame *frame, unsigned n_tags, uint16_t outer, uint16_t inner)
{
	frame_build(frame, &(struct frame_spec){
				   .group = "239.1.1.1",
				   .source = "10.0.0.1",
				   .payload = payload,
				   .payload_len = payload_len,
				   .n_tags = n_tags,
				   .tags = {outer, inner},
			   });
}

// The expected frame of an output: with one tag or none, and this source MAC.
static void expect(struct frame *wanted, uint16_t tci, const uint8_t *source_mac)
{
	build(wanted, tci != 0 ? 1 : 0, tci, 0);
	if (source_mac != NULL)
		memcpy(wanted->bytes + 6, source_mac, 6);
}

static void send_one(void)
{
	struct frame frame;

	build(&frame, 0, 0, 0);
	fixture_send(&fixture, &in, 0, &frame);
}

#define expect_sent(wanted)                                                                        \
	do {                                                                                       \
		struct frame got;                                                                  \
		bool sent = fixture_sent(&out, &got);                                              \
                                                                                                   \
		cr_assert(sent);                                                                   \
		cr_assert_eq(got.len, (wanted)->len);                                              \
		cr_assert_arr_eq(got.bytes, (wanted)->bytes, got.len);                             \
	} while (0)

static const struct rte_ether_addr our_mac = {{2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}};

// Sends a frame with these tags through an output with this VLAN, and checks what is sent.
static void check_rewrite(unsigned n_tags, uint16_t outer, uint16_t inner, uint16_t vlan,
	bool set_source_mac, uint16_t wanted_tci)
{
	struct output_config config = {
		.kind = OUTPUT_PORT,
		.port = out.port,
		.vlan = vlan,
		.set_source_mac = set_source_mac,
		.source_mac = our_mac,
	};
	struct output *output = fixture_output(&fixture, &config);
	struct output *ring = fixture_ring(&fixture, 16);
	struct output_stats stats;
	struct frame frame, wanted;
	struct rte_mbuf *original;

	build(&frame, n_tags, outer, inner);
	fixture_join(interface, "239.1.1.1", 1, output);
	// Another subscriber gets the frame as received.
	fixture_join(interface, "239.1.1.1", 2, ring);
	fixture_send(&fixture, &in, 0, &frame);
	fixture_settle(&fixture);
	expect(&wanted, wanted_tci, set_source_mac ? our_mac.addr_bytes : NULL);
	expect_sent(&wanted);
	output_stats(output, &stats);
	cr_expect_eq(stats.packets, 1);
	cr_expect_eq(stats.bytes, wanted.len);
	cr_assert_eq(output_receive_burst(ring, &original, 1), 1);
	cr_expect_eq(original->pkt_len, frame.len);
	cr_expect_arr_eq(rte_pktmbuf_mtod(original, uint8_t *), frame.bytes, frame.len);
	rte_pktmbuf_free(original);
	fixture_leave(interface, "239.1.1.1", 1);
	fixture_leave(interface, "239.1.1.1", 2);
	cr_expect_eq(output_close(output), 0);
	cr_expect_eq(output_close(ring), 0);
}

Test(transmit, rewrite, .description = "tags and source MAC as configured, the rest untouched")
{
	open_two(2);
	for (unsigned i = 0; i < 2; i++) {
		check_rewrite(0, 0, 0, VLAN_NONE, false, 0);
		check_rewrite(0, 0, 0, VLAN_NONE, true, 0);
		check_rewrite(0, 0, 0, 30, false, 30);
		check_rewrite(0, 0, 0, 30, true, 30);
		check_rewrite(1, 0xa000, 0, VLAN_NONE, false, 0);
		check_rewrite(1, 0xa000, 0, 30, true, 0xa000 | 30);
		payload_len = LARGE;
	}
	fixture_close(&fixture);
}

Test(transmit, rewrite_tagged)
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, 2);
	interface = fixture_interface(&in, 20, VLAN_NONE);
	fixture_start(&fixture);
	check_rewrite(1, 0x6000 | 20, 0, VLAN_NONE, false, 0);
	check_rewrite(1, 0x6000 | 20, 0, 20, false, 0x6000 | 20);
	check_rewrite(1, 0x6000 | 20, 0, 30, false, 0x6000 | 30);
	check_rewrite(1, 0x6000 | 20, 0, 30, true, 0x6000 | 30);
	fixture_close(&fixture);
}

Test(transmit, rewrite_qinq)
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, 2);
	interface = fixture_interface(&in, 100, 20);
	fixture_start(&fixture);
	check_rewrite(2, 0x8000 | 100, 20, VLAN_NONE, true, 0);
	check_rewrite(2, 0x8000 | 100, 20, 30, false, 0x8000 | 30);
	fixture_close(&fixture);
}

Test(transmit, in_place, .description = "a frame with one output is rewritten in place")
{
	struct output_config config = {.kind = OUTPUT_PORT, .port = out.port, .vlan = 30};
	const unsigned tags[] = {0, 1, 2};
	struct frame frame, wanted;
	struct rte_mbuf *mbuf, *sent;
	struct output *output;

	open_two(2);
	config.port = out.port;
	output = fixture_output(&fixture, &config);
	fixture_join(interface, "239.1.1.1", 1, output);
	for (unsigned i = 0; i < RTE_DIM(tags); i++) {
		build(&frame, tags[i], 0xa000, 0);
		expect(&wanted, tags[i] > 0 ? 0xa000 | 30 : 30, NULL);
		mbuf = fixture_mbuf(&fixture, &frame);
		fixture_send_mbuf(&fixture, &in, 0, mbuf);
		fixture_settle(&fixture);
		sent = wire_fixture_take(out.tx[0]);
		cr_assert_eq(sent, mbuf);
		cr_assert_eq(sent->pkt_len, wanted.len);
		cr_expect_arr_eq(rte_pktmbuf_mtod(sent, uint8_t *), wanted.bytes, wanted.len);
		rte_pktmbuf_free(sent);
	}
	fixture_close(&fixture);
}

// Takes all mbufs of the pool; returns their number.
static unsigned hold(struct rte_mempool *pool, struct rte_mbuf **held)
{
	unsigned n = 0;

	while ((held[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	return n;
}

// Returns them without the cache of this thread, which the worker cannot use.
static void give_back(struct rte_mempool *pool, struct rte_mbuf **held, unsigned n)
{
	rte_mempool_generic_put(pool, (void **)held, n, NULL);
}

Test(transmit, no_mbuf,
	.description = "promise 7: without a buffer only the rewritten copy is lost")
{
	static struct rte_mbuf *headers[8192], *whole[8192];
	unsigned n_headers, n_whole;
	struct output *output, *ring;
	struct output_stats stats;
	struct frame got;

	open_two(2);
	output = fixture_output(&fixture,
		&(struct output_config){.kind = OUTPUT_PORT, .port = out.port, .vlan = 30});
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, output);
	fixture_join(interface, "239.1.1.1", 2, ring);
	n_headers = hold(out.port->header_pool, headers);
	n_whole = hold(out.port->tx_pool, whole);
	for (unsigned i = 0; i < 10; i++)
		send_one();
	fixture_settle(&fixture);
	output_stats(output, &stats);
	cr_expect_eq(stats.packets, 0);
	cr_expect_eq(stats.dropped, 10);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_MBUF), 10);
	cr_expect_eq(fixture_drain(ring), 10);
	cr_expect_not(fixture_sent(&out, &got));

	// One buffer, for the header, and none for the rest.
	payload_len = LARGE;
	give_back(out.port->header_pool, headers, 1);
	send_one();
	fixture_settle(&fixture);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_MBUF), 11);
	cr_expect_eq(fixture_drain(ring), 1);

	give_back(out.port->header_pool, headers + 1, n_headers - 1);
	give_back(out.port->tx_pool, whole, n_whole);
	for (unsigned i = 0; i < 2; i++) {
		send_one();
		fixture_settle(&fixture);
		cr_expect(fixture_sent(&out, &got));
		cr_expect_eq(fixture_drain(ring), 1);
		payload_len = SMALL;
	}
	fixture_close(&fixture);
}

// Three outputs of one port with different headers, and a segmented frame.
static void check_shared_payload(size_t cut)
{
	struct output *outputs[3];
	struct frame frame, wanted;
	struct rte_mbuf *first = NULL;

	build(&frame, 0, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(outputs); i++) {
		outputs[i] = fixture_output(&fixture, &(struct output_config){
							      .kind = OUTPUT_PORT,
							      .port = out.port,
							      .vlan = 30 + i,
						      });
		fixture_join(interface, "239.1.1.1", i, outputs[i]);
	}
	for (size_t at = 0; at < frame.len; at += cut) {
		struct rte_mbuf *segment = rte_pktmbuf_alloc(fixture.pool);
		size_t len = RTE_MIN(cut, frame.len - at);

		memcpy(rte_pktmbuf_append(segment, len), frame.bytes + at, len);
		if (first == NULL)
			first = segment;
		else
			cr_assert_eq(rte_pktmbuf_chain(first, segment), 0);
	}
	fixture_send_mbuf(&fixture, &in, 0, first);
	fixture_settle(&fixture);
	for (unsigned seen = 0; seen != 7;) {
		struct frame got;
		unsigned which;

		cr_assert(fixture_sent(&out, &got));
		which = got.bytes[15] - 30;
		cr_assert_lt(which, 3);
		expect(&wanted, 30 + which, NULL);
		cr_expect_eq(got.len, wanted.len);
		cr_expect_arr_eq(got.bytes, wanted.bytes, wanted.len);
		seen |= 1u << which;
	}
	for (unsigned i = 0; i < RTE_DIM(outputs); i++) {
		fixture_leave(interface, "239.1.1.1", i);
		cr_expect_eq(output_close(outputs[i]), 0);
	}
}

Test(transmit, segments, .description = "chained frames are rewritten, however they are segmented")
{
	static const size_t cuts[] = {4096, 32, 15, 14, 5};

	open_two(2);
	payload[LARGE - 1] = 0x77;
	for (unsigned i = 0; i < 4; i++) {
		payload_len = i & 1 ? LARGE : SMALL;
		out.port->multi_segs = i < 2; // as a device that cannot send chains
		for (unsigned k = 0; k < RTE_DIM(cuts); k++)
			check_shared_payload(cuts[k]);
	}
	fixture_close(&fixture);
}

Test(transmit, shared_queue, .description = "a port with one queue for two workers and control")
{
	struct output *output;
	struct frame frame, got;
	struct rte_mbuf *mbuf;
	unsigned n = 0;

	fixture_open(&fixture, 2, 0);
	fixture_wire(&fixture, &in, "in", 2, 3);
	fixture_wire(&fixture, &out, "out", 1, 1);
	interface = fixture_interface(&in, VLAN_NONE, VLAN_NONE);
	output = fixture_output(
		&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = out.port});
	fixture_join(interface, "239.1.1.1", 1, output);
	fixture_start(&fixture);
	build(&frame, 0, 0, 0);
	for (unsigned i = 0; i < 200; i++)
		fixture_send(&fixture, &in, i % 2, &frame);
	mbuf = port_frame_alloc(out.port);
	cr_assert_not_null(mbuf);
	memset(rte_pktmbuf_append(mbuf, 60), 0x55, 60);
	cr_expect_eq(port_send(out.port, mbuf), 0);
	fixture_settle(&fixture);
	while (fixture_sent(&out, &got))
		n++;
	cr_expect_eq(n, 201);
	fixture_close(&fixture);
}

Test(transmit, control, .description = "the control thread has a transmit queue of its own")
{
	struct frame got;
	struct rte_mbuf *mbuf;

	open_two(2);
	mbuf = port_frame_alloc(out.port);
	memset(rte_pktmbuf_append(mbuf, 60), 0x55, 60);
	cr_expect_eq(port_send(out.port, mbuf), 0);
	cr_assert(fixture_sent(&out, &got));
	cr_expect_eq(got.len, 60);
	cr_expect_eq(got.bytes[59], 0x55);
	fixture_close(&fixture);
}

Test(transmit, last_words,
	.description = "frames that the control thread sends before a stop are still sent")
{
	struct frame got;
	struct rte_mbuf *mbuf;
	unsigned n = 0;

	open_two(1);
	for (unsigned i = 0; i < 100; i++) {
		mbuf = port_frame_alloc(out.port);
		memset(rte_pktmbuf_append(mbuf, 60), 0x55, 60);
		cr_expect_eq(port_send(out.port, mbuf), 0);
	}
	dataplane_stop(fixture.dp);
	while (fixture_sent(&out, &got))
		n++;
	cr_expect_eq(n, 100);
	fixture_close(&fixture);
}

static void count_event(void *arg, struct port *port)
{
	unsigned *events = arg;

	cr_expect_eq(port, out.port);
	++*events;
}

Test(transmit, link_down,
	.description = "promise 7: a port without carrier drops its frames and blocks nothing")
{
	struct output *output, *ring;
	struct output_stats stats;
	struct port_info info;
	struct rte_mbuf *mbuf;
	struct frame got;
	unsigned events = 0;
	uint16_t id;

	open_two(2);
	output = fixture_output(
		&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = out.port});
	ring = fixture_ring(&fixture, 64);
	fixture_join(interface, "239.1.1.1", 1, output);
	fixture_join(interface, "239.1.1.1", 2, ring);
	port_info(out.port, &info);
	cr_expect(info.up);
	port_poll_events(fixture.dp, count_event, &events);
	cr_expect_eq(events, 0);

	cr_assert_eq(rte_eth_dev_get_port_by_name(out.device, &id), 0);
	rte_eth_dev_set_link_down(id);
	port_poll_events(fixture.dp, count_event, &events);
	cr_expect_eq(events, 1);
	port_info(out.port, &info);
	cr_expect_not(info.up);
	mbuf = port_frame_alloc(out.port);
	cr_expect_eq(port_send(out.port, mbuf), -EAGAIN);
	rte_pktmbuf_free(mbuf);
	for (unsigned i = 0; i < 10; i++)
		send_one();
	fixture_settle(&fixture);
	output_stats(output, &stats);
	cr_expect_eq(stats.dropped, 10);
	cr_expect_eq(fixture_drain(ring), 10);

	rte_eth_dev_set_link_up(id);
	port_poll_events(fixture.dp, count_event, &events);
	cr_expect_eq(events, 2);
	send_one();
	fixture_settle(&fixture);
	output_stats(output, &stats);
	cr_expect_eq(stats.packets, 1);
	cr_expect(fixture_sent(&out, &got));
	fixture_close(&fixture);
}

Test(transmit, full,
	.description = "promise 7: frames that the port does not take are dropped and counted")
{
	enum { FRAMES = 1500, ROOM = 1023 };
	struct output *output, *count;
	struct output_stats stats;
	struct frame got;

	open_two(2);
	output = fixture_output(
		&fixture, &(struct output_config){.kind = OUTPUT_PORT, .port = out.port});
	count = fixture_output(&fixture, &(struct output_config){.kind = OUTPUT_COUNT});
	fixture_join(interface, "239.1.1.1", 1, output);
	fixture_join(interface, "239.1.1.1", 2, count);
	for (unsigned i = 0; i < FRAMES; i++) {
		send_one();
		if (i % 500 == 499)
			fixture_settle(&fixture);
	}
	output_stats(output, &stats);
	cr_expect_eq(stats.packets, ROOM);
	cr_expect_eq(stats.dropped, FRAMES - ROOM);
	output_stats(count, &stats);
	cr_expect_eq(stats.packets, FRAMES);
	while (fixture_sent(&out, &got))
		;
	fixture_close(&fixture);
}
