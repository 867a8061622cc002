// SPDX-License-Identifier: BSD-3-Clause
// Frames to sessions: which session gets which, leaves and flushes, reading frames, and filtering
// frames of the application.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include "library_fixture.h"

TestSuite(receive, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;

static void join(struct sluice_session *who, unsigned ifindex, const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	cr_assert_eq(sluice_join(who, ifindex, &addr), 0);
}

static void leave(unsigned ifindex, const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	cr_assert_eq(sluice_leave(session, ifindex, &addr), 0);
}

static int leave_flush(unsigned ifindex, const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	return sluice_leave_flush(session, ifindex, &addr);
}

static void put(unsigned wire, const char *group, uint16_t tag)
{
	library_fixture_put(&fixture, wire,
		&(struct frame_spec){
			.group = group,
			.source = strchr(group, ':') ? "2001:db8::7" : "10.0.0.7",
			.tags = {tag},
			.n_tags = tag != 0,
			.payload_len = 10,
		});
}

Test(receive, once,
	.description = "promise 5: a session gets a frame once, however often it joined")
{
	struct sluice_session *other;

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	other = library_fixture_session(&fixture);
	join(session, 1, "239.1.1.1");
	join(session, 1, "239.1.1.1");
	join(other, 1, "239.1.1.1");
	put(0, "239.1.1.1", 0);
	put(0, "239.129.1.1", 0); // the same MAC address
	put(0, "239.1.1.1", 20); // another interface
	put(1, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 1);
	cr_expect_eq(library_fixture_receive(other), 1);
	join(session, 2, "239.1.1.1");
	join(session, 3, "239.1.1.1");
	put(0, "239.1.1.1", 20);
	put(1, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 2);
	cr_expect_eq(library_fixture_receive(other), 0);
	library_fixture_close(&fixture);
}

Test(receive, leave, .description = "promise 1: frames queued before a leave stay readable")
{
	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	join(session, 1, "239.1.1.1");
	put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	leave(1, "239.1.1.1");
	put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 1);
	library_fixture_close(&fixture);
}

Test(receive, flush,
	.description = "promise 1: a leave that flushes drops the queued frames of its group and "
		       "interface")
{
	struct rte_mbuf *frames[8];
	struct sluice_frame info;

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(leave_flush(1, "239.1.1.1"), -EADDRNOTAVAIL);
	for (unsigned i = 1; i <= 3; i++)
		join(session, i, "239.1.1.1");
	join(session, 1, "239.1.1.1");
	join(session, 1, "239.1.1.2");
	put(0, "239.1.1.1", 0);
	put(0, "239.1.1.2", 0);
	put(0, "239.1.1.1", 20);
	put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	put(1, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(leave_flush(1, "239.1.1.1"), 0, "the first of two leaves");
	cr_expect_eq(leave_flush(1, "239.1.1.1"), 0);
	cr_expect_eq(leave_flush(3, "239.1.1.1"), 0);
	put(0, "239.1.1.2", 0);
	library_fixture_settle(&fixture);
	// In order: first the frames that were kept, then later ones.
	cr_assert_eq(sluice_recv_burst(session, frames, 1), 1);
	cr_assert_eq(sluice_frame_read(frames[0], &info), 0);
	cr_expect_eq(info.group.bytes[3], 2);
	cr_assert_eq(sluice_recv_burst(session, &frames[1], 7), 2);
	cr_assert_eq(sluice_frame_read(frames[1], &info), 0);
	cr_expect(info.group.bytes[3] == 1 && info.vlan == 20);
	rte_pktmbuf_free_bulk(frames, 3);
	put(0, "239.1.1.1", 20);
	put(0, "239.1.1.2", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(leave_flush(2, "239.1.1.1"), 0);
	// library_fixture_close() finds the frame that is queued but never received.
	library_fixture_close(&fixture);
}

Test(receive, full,
	.description = "promise 7: a slow session loses only its own frames, and they are counted")
{
	struct sluice_session_options options = {.ring_size = 8};
	struct sluice_session_stats stats;
	struct sluice_session *slow;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_assert_eq(sluice_session_open(fixture.sluice, NULL, &options, &slow), 0);
	join(session, 1, "239.1.1.1");
	join(slow, 1, "239.1.1.1");
	for (unsigned i = 0; i < 20; i++)
		put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(sluice_stats_session(slow, &stats), 0);
	cr_expect(stats.packets == 8 && stats.dropped == 12 && stats.events_lost == 0);
	cr_expect_eq(library_fixture_receive(slow), 8);
	cr_expect_eq(library_fixture_receive(session), 20);
	cr_expect_eq(sluice_stats_session(session, &stats), 0);
	cr_expect(stats.packets == 20 && stats.dropped == 0 && stats.bytes >= 20 * 52);
	library_fixture_close(&fixture);
}

Test(receive, room, .description = "sessions are refused when there is no room for their queues")
{
	struct sluice_session_options options = {.ring_size = 4096};

	library_fixture_open(&fixture);
	cr_expect_eq(sluice_session_open(fixture.sluice, NULL, &options, &session), 0);
	cr_expect_eq(sluice_session_open(fixture.sluice, NULL, &options, &session), 0);
	cr_expect_eq(sluice_session_open(fixture.sluice, NULL, &options, &session), -ENOBUFS);
	options.ring_size = 1000;
	cr_expect_eq(sluice_session_open(fixture.sluice, NULL, &options, &session), -EINVAL);
	library_fixture_close(&fixture);
}

Test(receive, bind, .description = "a bound session gets only its UDP port, from the bind on")
{
	struct sluice_session_options options = {.udp_port_be = htons(7000)};

	library_fixture_open(&fixture);
	cr_assert_eq(sluice_session_open(fixture.sluice, NULL, &options, &session), 0);
	join(session, 1, "239.1.1.1");
	put(0, "239.1.1.1", 0); // port 5000
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 0);
	cr_expect_eq(sluice_session_bind(session, htons(5000)), 0);
	put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 1);
	cr_expect_eq(sluice_session_bind(session, htons(7001)), 0);
	put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 0);
	cr_expect_eq(sluice_session_bind(session, 0), 0);
	put(0, "239.1.1.1", 0);
	library_fixture_settle(&fixture);
	cr_expect_eq(library_fixture_receive(session), 1);
	cr_expect_eq(sluice_session_bind(NULL, 0), -EINVAL);
	library_fixture_close(&fixture);
}

Test(receive, group_stats,
	.description = "delivered and filtered frames of a group are counted separately")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   source = library_fixture_addr("10.0.0.7");
	struct sluice_group_stats stats;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_stats_group(session, 1, &group, &stats), -ENOENT);
	cr_expect_eq(sluice_stats_group(session, 2, &group, &stats), -ENODEV);
	cr_expect_eq(sluice_join_source(session, 1, &group, &source), 0);
	cr_expect_eq(sluice_stats_group(session, 1, &group, &stats), 0);
	cr_expect(stats.packets == 0 && stats.age_ms == UINT64_MAX);
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.7");
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.8");
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.8");
	cr_expect_eq(sluice_stats_group(session, 1, &group, &stats), 0);
	cr_expect(stats.packets == 1 && stats.bytes == 142 && stats.filtered == 2);
	cr_expect_lt(stats.age_ms, 60000);
	library_fixture_close(&fixture);
}

Test(receive, interface_stats,
	.description = "reports of an interface and frames of its port are counted")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   group6 = library_fixture_addr("ff15::1");
	struct sluice_interface_stats stats;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_stats_interface(NULL, 1, &stats), -EINVAL);
	cr_expect_eq(sluice_stats_interface(session, 1, NULL), -EINVAL);
	cr_expect_eq(sluice_stats_interface(session, 2, &stats), -ENODEV);
	cr_expect_eq(sluice_join(session, 1, &group), 0);
	cr_expect_eq(sluice_join(session, 1, &group6), 0);
	cr_expect_eq(sluice_stats_interface(session, 0, &stats), 0);
	cr_expect_eq(stats.groups, 2);
	cr_expect_eq(stats.igmp_version, 3);
	cr_expect_eq(stats.mld_version, 2);
	cr_expect_eq(stats.rx_queries, 0);
	cr_expect_eq(stats.tx_reports, 2);
	cr_expect_eq(stats.tx_records, 2);
	cr_expect_eq(stats.tx_leaves, 0);
	cr_expect_eq(stats.rx_packets, 0);
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.7");
	cr_expect_eq(sluice_stats_interface(session, 0, &stats), 0);
	cr_expect_eq(stats.rx_packets, 1);
	cr_expect_geq(stats.tx_packets, 2);
	library_fixture_close(&fixture);
}

static unsigned drops_of(const char *reason, unsigned ifindex)
{
	struct sluice_drop_stats drops[256];
	int n = sluice_stats_drops(session, drops, 256);
	unsigned found = 0;

	cr_assert(n > 0 && n <= 256);
	for (int i = 0; i < n; i++)
		if (strcmp(drops[i].reason, reason) == 0 && drops[i].ifindex == ifindex)
			found += drops[i].count;
	return found;
}

Test(receive, drop_stats, .description = "frames and drops of workers are counted by reason")
{
	struct sluice_worker_stats workers[2];
	struct sluice_drop_stats drop;
	int n;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_stats_workers(session, NULL, 1), -EINVAL);
	cr_expect_eq(sluice_stats_drops(session, NULL, 1), -EINVAL);
	cr_expect_eq(drops_of("not_joined", 0), 0);
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.7");
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.7");
	cr_expect_eq(drops_of("not_joined", 0), 2);
	cr_expect_eq(drops_of("rx_bad_checksum", 1), 0);
	n = sluice_stats_workers(session, workers, 2);
	cr_assert_eq(n, 2);
	cr_expect_eq(workers[0].rx_packets + workers[1].rx_packets, 2);
	cr_expect_eq(workers[0].delivered + workers[1].delivered, 0);
	cr_expect_neq(workers[0].lcore, workers[1].lcore);
	// With less room than entries, the result is still the number of all entries.
	cr_expect_eq(sluice_stats_workers(session, workers, 1), 2);
	n = sluice_stats_drops(session, NULL, 0);
	cr_expect_eq(sluice_stats_drops(session, &drop, 1), n);
	library_fixture_close(&fixture);
}

// ---- Reading frames ------------------------------------------------------------------------

static struct rte_mbuf *mbuf_of(const struct frame_spec *spec)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture.pool);
	struct frame frame;

	frame_build(&frame, spec);
	cr_assert(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, frame.len), frame.bytes, frame.len);
	return mbuf;
}

static struct sluice_frame read_spec(const struct frame_spec *spec)
{
	struct rte_mbuf *mbuf = mbuf_of(spec);
	struct sluice_frame info = {0};

	cr_expect_eq(sluice_frame_read(mbuf, &info), 0);
	rte_pktmbuf_free(mbuf);
	return info;
}

Test(receive, read, .description = "headers of IPv4, IPv6, tags, options and fragments are read")
{
	static const uint8_t options[] = {0x94, 4, 0, 0};
	static const uint8_t destination[16] = {17, 1};
	static const uint8_t later[8] = {17, 0, 0x01, 0x01};
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   group6 = library_fixture_addr("ff0e::1");
	struct sluice_addr source = library_fixture_addr("10.0.0.7"),
			   source6 = library_fixture_addr("2001:db8::7");
	struct sluice_frame info;
	struct rte_mbuf *mbuf;

	library_fixture_wires(&fixture);
	info = read_spec(&(struct frame_spec){
		.group = "239.1.1.1", .source = "10.0.0.7", .payload_len = 10, .padding = 8});
	cr_expect(
		sluice_addr_equal(&info.group, &group) && sluice_addr_equal(&info.source, &source));
	cr_expect(info.udp_port_be == htons(5000) && info.vlan == 0);
	cr_expect(info.payload == 42 && info.payload_len == 10);
	info = read_spec(&(struct frame_spec){
		.group = "239.1.1.1",
		.source = "10.0.0.7",
		.tags = {100, 20},
		.n_tags = 2,
		.options = options,
		.options_len = sizeof(options),
		.payload_len = 10,
	});
	cr_expect(info.vlan == 100 && info.inner_vlan == 20);
	cr_expect(info.payload == 54 && info.payload_len == 10);
	info = read_spec(&(struct frame_spec){
		.group = "ff0e::1",
		.source = "2001:db8::7",
		.next = 60,
		.options = destination,
		.options_len = sizeof(destination),
		.payload_len = 10,
	});
	cr_expect(sluice_addr_equal(&info.group, &group6) &&
		  sluice_addr_equal(&info.source, &source6));
	cr_expect(info.udp_port_be == htons(5000) && info.payload == 78 && info.payload_len == 10);
	info = read_spec(&(struct frame_spec){
		.group = "ff0e::1",
		.source = "2001:db8::7",
		.protocol = 17,
		.next = 44,
		.options = later,
		.options_len = sizeof(later),
		.payload_len = 10,
	});
	cr_expect(info.udp_port_be == 0 && info.source_port_be == 0 && info.payload == 62);
	info = read_spec(&(struct frame_spec){
		.group = "239.1.1.1", .source = "10.0.0.7", .fragment = 100, .payload_len = 10});
	cr_expect(info.udp_port_be == 0 && info.payload == 34);
	info = read_spec(&(struct frame_spec){
		.group = "239.1.1.1", .source = "10.0.0.7", .unicast_mac = true});
	cr_expect(info.udp_port_be == htons(5000) && info.payload == 42);
	mbuf = mbuf_of(&(struct frame_spec){
		.group = "10.0.0.1", .source = "10.0.0.7", .unicast_mac = true});
	cr_expect_eq(sluice_frame_read(mbuf, &info), -EBADMSG);
	rte_pktmbuf_free(mbuf);
	cr_expect_eq(sluice_frame_read(NULL, &info), -EINVAL);
}

// ---- Filtering -----------------------------------------------------------------------------

Test(receive, filter,
	.description = "frames of the application are filtered like those of the session")
{
	static const char *const groups[] = {
		"239.1.1.1", "239.1.1.2", "ff0e::1", "ff0e::2", "239.129.1.1", "232.1.1.1"};
	struct sluice_addr group = library_fixture_addr("232.1.1.1"),
			   source = library_fixture_addr("10.0.0.8");
	struct rte_mbuf *frames[64];
	struct sluice_session *other;
	uint64_t wanted = 0;

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	other = library_fixture_session(&fixture);
	for (unsigned i = 0; i < 64; i++)
		wanted |= (uint64_t)(i % 6 == 0 || i % 6 == 3) << i;
	for (unsigned i = 0; i < 64; i++)
		frames[i] = mbuf_of(&(struct frame_spec){
			.group = groups[i % 6],
			.source = strchr(groups[i % 6], ':') ? "2001:db8::7" : "10.0.0.7",
		});
	cr_expect_eq(sluice_filter_burst(session, 1, frames, 6), 0);
	join(session, 1, "239.1.1.1");
	join(session, 1, "ff0e::2");
	join(other, 1, "239.1.1.2");
	cr_assert_eq(sluice_join_source(session, 1, &group, &source), 0);
	cr_expect_eq(sluice_filter_burst(session, 1, frames, 6), 0x9);
	cr_expect_eq(sluice_filter_burst(other, 1, frames, 6), 0x2);
	cr_expect_eq(sluice_filter_burst(session, 2, frames, 6), 0);
	cr_expect_eq(sluice_filter_burst(session, 1, frames, 64), wanted);
	cr_expect_eq(sluice_filter_burst(session, 9, frames, 6), 0);
	cr_expect_eq(sluice_filter_burst(session, 1, frames, 65), 0);
	leave(1, "239.1.1.1");
	cr_expect_eq(sluice_filter_burst(session, 1, frames, 6), 0x8);
	cr_expect_eq(library_fixture_receive(session), 0, "filtering queues no frame");
	rte_pktmbuf_free_bulk(frames, 64);
	library_fixture_close(&fixture);
}

Test(receive, filter_query,
	.description = "IGMP-11: queries among the frames of the application are answered")
{
	// An IGMPv3 general query with a maximum response time of 0.1 s.
	static const uint8_t router_alert[] = {0x94, 4, 0, 0};
	static uint8_t query[] = {0x11, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0};
	struct rte_mbuf *frame;
	uint32_t sum = 0;

	for (unsigned i = 0; i < sizeof(query); i += 2)
		sum += query[i] << 8 | query[i + 1];
	query[2] = ~sum >> 8;
	query[3] = ~sum;
	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	join(session, 1, "239.1.1.1");
	frame = mbuf_of(&(struct frame_spec){
		.group = "224.0.0.1",
		.source = "10.9.0.1",
		.protocol = 2,
		.options = router_alert,
		.options_len = sizeof(router_alert),
		.payload = query,
		.payload_len = sizeof(query),
	});
	cr_expect_eq(sluice_filter_burst(session, 1, &frame, 1), 0);
	library_fixture_hear(&fixture, FIXTURE_IS_EX, "239.1.1.1");
	rte_pktmbuf_free(frame);
	library_fixture_close(&fixture);
}
