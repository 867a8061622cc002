// SPDX-License-Identifier: BSD-3-Clause
// Bursts of frames through the whole pipeline of a worker, and the IGMP and MLD messages among them
// to the hosts of the interfaces. Each frame is delivered, handed over or dropped for one reason,
// and every mbuf returns to its pool. The input is a list of frames: a control byte, a length, and
// the bytes. Bit 0 of the control byte corrects lengths and checksums of the IP packet, bit 1
// splits the frame, bits 2 and 3 say how many copies of it follow each other.
#include "input.h"

#include <address.h>
#include <host.h>
#include <member.h>
#include <router_frame.h>
#include <rte_eal.h>
#include <rte_mempool.h>
#include <stdlib.h>

#include "interface.h"
#include "output.h"
#include "pipeline.h"
#include "port.h"
#include "require.h"

#define ETHERNET 14 // bytes
#define FRAME_LEN_MAX 1514
#define RING 128 // frames
#define INTERFACES 2
#define VLAN 20

static struct dataplane *dp;
static struct port *port;
static struct interface *interfaces[INTERFACES];
static struct output *ring;
static struct host *hosts[2]; // IGMP, MLD
static uint64_t now_ms = 1000;

static const char *const groups[] = {"239.1.1.1", "232.1.1.1", "ff1e::1"};

// ---- Setting up ----------------------------------------------------------------------------

static int ignore_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	const int family = dst->family;

	(void)ctx;
	REQUIRE(router_frame_parse(family, 1500, packet, len, NULL, NULL) == NULL);
	return 0;
}

static int ignore_publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	return 0;
}

static void ignore_joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	(void)member;
}

static const struct host_ops ops = {
	.send = ignore_send, .publish = ignore_publish, .joined = ignore_joined};

static struct sluice_addr address(const char *text)
{
	struct sluice_addr addr = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	REQUIRE(address_parse(text, &addr));
	return addr;
}

static void join(const char *text, const struct sluice_addr *source, struct output *output)
{
	const struct sluice_addr group = address(text);
	const struct subscriber subscriber = {
		.owner = 1,
		.output = output,
		.filter = {source ? SLUICE_INCLUDE : SLUICE_EXCLUDE, source ? 1 : 0, source},
	};

	for (unsigned i = 0; i < INTERFACES; i++)
		REQUIRE(interface_subscribe(interfaces[i], &group, 1, &subscriber, 1) == 0);
}

static void open_hosts(void)
{
	static const struct session_limits limits = {.groups = 16, .sources = 64};
	struct session *session = session_open(&limits, NULL);
	struct host_config config;

	host_config_default(&config);
	for (unsigned i = 0; i < 2; i++) {
		hosts[i] = host_open(i ? AF_INET6 : AF_INET, &config, &ops, NULL, now_ms);
		REQUIRE(session && hosts[i]);
	}
	for (unsigned i = 0; i < RTE_DIM(groups); i++) {
		const struct sluice_addr group = address(groups[i]);
		const struct sluice_addr source = address(i == 2 ? "2001:db8::1" : "10.9.0.50");

		REQUIRE(member_join_source(session, hosts[i == 2], &group, &source, NULL) == 0);
	}
}

static void open_all(void)
{
	static const unsigned lcores[] = {1};
	const char *args[] = {"fuzz", "--no-huge", "--no-shconf", "-m", "160", "--no-pci",
		"--no-telemetry", "--lcores", "0@0,1@0", "--log-level", "error"};
	const struct dataplane_config config = {
		.worker_lcores = lcores, .n_workers = 1, .mbufs = 2 * RING};
	const struct port_config null = {.name = "null", .device = "net_null0", .queues = 1};
	const struct interface_config tags[INTERFACES] = {{0}, {.outer_vlan = VLAN}};
	const struct output_config count = {.kind = OUTPUT_COUNT};
	const struct output_config frames = {.kind = OUTPUT_RING, .ring_size = RING};
	const struct sluice_addr source = address("10.9.0.50");
	struct output *counting;

	REQUIRE(rte_eal_init(RTE_DIM(args), (char **)args) >= 0);
	dp = dataplane_open(&config, NULL);
	REQUIRE(dp && dataplane_add_port(dp, &null, &port, NULL) == 0);
	for (unsigned i = 0; i < INTERFACES; i++)
		REQUIRE(interface_open(port, &tags[i], &interfaces[i], NULL) == 0);
	REQUIRE(output_open(dp, &count, &counting, NULL) == 0);
	REQUIRE(output_open(dp, &frames, &ring, NULL) == 0);
	join(groups[0], NULL, counting);
	join(groups[1], &source, ring);
	join(groups[2], NULL, ring);
	open_hosts();
}

// ---- Frames --------------------------------------------------------------------------------

static void append(struct rte_mbuf *mbuf, const uint8_t *bytes, size_t len)
{
	char *room = rte_pktmbuf_append(mbuf, len);

	REQUIRE(room);
	memcpy(room, bytes, len);
}

static struct rte_mbuf *make(const uint8_t *bytes, size_t len, bool split)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->rx_pool), *tail;
	const size_t first = split ? len / 2 : len;

	REQUIRE(mbuf);
	append(mbuf, bytes, first);
	if (!split)
		return mbuf;
	tail = rte_pktmbuf_alloc(port->rx_pool);
	REQUIRE(tail);
	append(tail, bytes + first, len - first);
	REQUIRE(rte_pktmbuf_chain(mbuf, tail) == 0);
	return mbuf;
}

// What the pipeline hands over is limited per second, so the hosts get each packet as well.
static void hear(const uint8_t *packet, size_t len)
{
	if (len > 0)
		host_input(hosts[packet[0] >> 4 == 6], packet, len, now_ms);
}

static unsigned take_frame(struct input *input, struct rte_mbuf **frames, unsigned room)
{
	const unsigned control = input_u8(input), copies = 1 + (control >> 2 & 3);
	size_t len = input_u16(input) % FRAME_LEN_MAX;
	const uint8_t *from = input_take(input, &len);
	uint8_t bytes[FRAME_LEN_MAX];
	unsigned n = 0;

	memcpy(bytes, from, len);
	if (control & 1 && len > ETHERNET)
		router_frame_repair(bytes + ETHERNET, len - ETHERNET);
	if (len > ETHERNET)
		hear(bytes + ETHERNET, len - ETHERNET);
	for (; n < copies && n < room; n++)
		frames[n] = make(bytes, len, control & 2);
	return n;
}

static uint64_t accounted(void)
{
	const struct worker_counters *counters = &dp->workers[0]->counters;
	uint64_t n = counter_read(&counters->delivered) + counter_read(&counters->punted);

	for (unsigned i = 0; i < DROP_REASONS; i++)
		n += counter_read(&counters->drops[i]);
	return n;
}

static void take_delivered(void)
{
	struct rte_mbuf *frames[RING];
	unsigned n;

	output_flush(ring);
	while ((n = output_receive_burst(ring, frames, RING)) > 0)
		rte_pktmbuf_free_bulk(frames, n);
}

static void take_punted(void)
{
	struct punted punted[BURST];
	unsigned n;

	while ((n = punt_burst(dp, punted, BURST)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			hear(punted[i].packet, punted[i].len);
			rte_pktmbuf_free(punted[i].frame);
		}
	}
}

static void run_hosts(void)
{
	static const unsigned n_groups[] = {2, 1};
	struct host_status status;

	now_ms += 10;
	for (unsigned i = 0; i < 2; i++) {
		host_advance(hosts[i], now_ms);
		host_status(hosts[i], &status);
		REQUIRE(status.n_groups == n_groups[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input input = {bytes, len};

	if (!dp)
		open_all();
	while (input.left > 0) {
		struct rte_mbuf *frames[BURST];
		const uint64_t before = accounted();
		unsigned n = 0;

		while (input.left > 0 && n < BURST)
			n += take_frame(&input, frames + n, BURST - n);
		pipeline_burst(dp->workers[0], port, frames, n);
		REQUIRE(accounted() - before == n);
		input_items += n;
		take_delivered();
		take_punted();
	}
	run_hosts();
	REQUIRE(rte_mempool_in_use_count(port->rx_pool) == 0);
	return 0;
}
