// SPDX-License-Identifier: BSD-3-Clause
// Frames with tags stripped by the NIC, on rings and ports.
#include <criterion/criterion.h>
#include "dataplane_fixture.h"

TestSuite(stripped, .init = fixture_eal, .timeout = 120);

static struct dataplane_fixture fixture;
static struct wire in, out;
static struct interface *interface;

static void build(struct frame *frame, const uint16_t *tags, unsigned n_tags)
{
	struct frame_spec spec = {
		.group = "239.1.1.1",
		.source = "10.0.0.1",
		.n_tags = n_tags,
		.outer_type = 0x8100,
	};

	memcpy(spec.tags, tags, n_tags * sizeof(*tags));
	frame_build(frame, &spec);
}

// Sends the frame as received from a NIC that strips the outer tag, or both.
static void send_stripped(const uint16_t *tags, unsigned n_tags, unsigned n_stripped)
{
	struct rte_mbuf *mbuf;
	struct frame frame;

	build(&frame, tags + n_stripped, n_tags - n_stripped);
	mbuf = fixture_mbuf(&fixture, &frame);
	mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	if (n_stripped > 1) {
		mbuf->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
		mbuf->vlan_tci_outer = tags[0];
	}
	mbuf->vlan_tci = tags[n_stripped - 1];
	fixture_send_mbuf(&fixture, &in, 0, mbuf);
}

// Checks that the next frame of the ring has these tags, and none in its metadata.
static void expect_whole(struct output *ring, const uint16_t *tags, unsigned n_tags)
{
	struct rte_mbuf *mbuf;
	struct frame frame;

	build(&frame, tags, n_tags);
	cr_assert_eq(output_receive_burst(ring, &mbuf, 1), 1);
	cr_assert_eq(mbuf->pkt_len, frame.len);
	cr_expect_arr_eq(rte_pktmbuf_mtod(mbuf, uint8_t *), frame.bytes, frame.len);
	cr_expect_eq(
		mbuf->ol_flags & (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED), 0);
	rte_pktmbuf_free(mbuf);
}

Test(stripped, rings,
	.description = "a stripped tag selects the interface, and is restored for rings")
{
	static const uint16_t tags[] = {0xe000 | 20, 30};
	struct output *ring, *other;

	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	ring = fixture_ring(&fixture, 64);
	other = fixture_ring(&fixture, 64);
	interface = fixture_interface(&in, 20, VLAN_NONE);
	fixture_join(interface, "239.1.1.1", 1, ring);
	fixture_join(fixture_interface(&in, 20, 30), "239.1.1.1", 1, ring);
	fixture_start(&fixture);
	send_stripped(tags, 1, 1);
	send_stripped(tags + 1, 1, 1); // belongs to no interface
	send_stripped(tags, 2, 1);
	send_stripped(tags, 2, 2);
	fixture_settle(&fixture);
	expect_whole(ring, tags, 1);
	expect_whole(ring, tags, 2);
	expect_whole(ring, tags, 2);
	cr_expect_eq(fixture_drain(ring), 0);
	cr_expect_eq(fixture_drops(&fixture, DROP_NO_INTERFACE), 1);
	// Two outputs that share the frame get the same bytes.
	fixture_join(interface, "239.1.1.1", 2, other);
	send_stripped(tags, 1, 1);
	fixture_settle(&fixture);
	expect_whole(ring, tags, 1);
	expect_whole(other, tags, 1);
	fixture_close(&fixture);
}

enum beside { ALONE, BESIDE_PORT, BESIDE_RING };

// Sends a frame with a stripped outer tag to an output of this VLAN, alone or with another output.
static void check_stripped(uint16_t tci, uint16_t vlan, enum beside beside, uint16_t wanted_tci)
{
	struct output_config config = {.kind = OUTPUT_PORT, .port = out.port, .vlan = vlan};
	struct output *output = fixture_output(&fixture, &config);
	struct output *other = beside == BESIDE_RING ? fixture_ring(&fixture, 8)
						     : fixture_output(&fixture, &config);
	struct frame wanted, got;

	build(&wanted, &wanted_tci, wanted_tci != 0);
	fixture_join(interface, "239.1.1.1", 1, output);
	if (beside != ALONE)
		fixture_join(interface, "239.1.1.1", 2, other);
	send_stripped(&tci, 1, 1);
	fixture_settle(&fixture);
	for (unsigned i = 0; i < (beside == BESIDE_PORT ? 2 : 1); i++) {
		cr_assert(fixture_sent(&out, &got));
		cr_assert_eq(got.len, wanted.len);
		cr_expect_arr_eq(got.bytes, wanted.bytes, got.len);
	}
	if (beside == BESIDE_RING)
		expect_whole(other, &tci, 1);
	fixture_leave(interface, "239.1.1.1", 1);
	fixture_leave(interface, "239.1.1.1", 2);
	cr_expect_eq(output_close(output), 0);
	cr_expect_eq(output_close(other), 0);
}

Test(stripped, ports, .description = "a stripped tag stays out of the frame, or is replaced")
{
	fixture_open(&fixture, 1, 0);
	fixture_wire(&fixture, &in, "in", 1, 2);
	fixture_wire(&fixture, &out, "out", 1, 2);
	interface = fixture_interface(&in, 20, VLAN_NONE);
	fixture_start(&fixture);
	for (enum beside beside = ALONE; beside <= BESIDE_RING; beside++) {
		check_stripped(0x6000 | 20, VLAN_NONE, beside, 0);
		check_stripped(0x6000 | 20, 20, beside, 0x6000 | 20);
		check_stripped(0x6000 | 20, 30, beside, 0x6000 | 30);
	}
	fixture_close(&fixture);
}
