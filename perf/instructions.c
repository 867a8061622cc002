// SPDX-License-Identifier: BSD-3-Clause
// Runs the path of a worker stage by stage, so that perf/instructions.sh can count its instructions
// under callgrind: their number is the same on a busy machine and on an idle one. Each stage_*()
// function processes one burst of frames; the rest of the program is not counted.
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <rte_eal.h>
#include <rte_ip.h>
#include "deliver.h"
#include "interface.h"
#include "pipeline.h"
#include "parse.h"
#include "port.h"
#include "workload.h"

#define ROUNDS 100 // bursts of each stage; perf/instructions.sh divides by ROUNDS * BURST
#define GROUPS 1000
#define VLAN 100
#define VLAN_ODD 101
#define OUTPUTS 8
#define PORTS 2

struct instructions {
	struct dataplane *dp;
	struct worker *worker;
	struct port *port;
	struct interface *interface, *odd;
	struct rte_mempool *pool;
	struct output *count, *rings[OUTPUTS], *ports[PORTS];
	uint32_t *keys4;
	struct group_key *keys6;
	unsigned next;
	uint16_t odd_vlan; // VLAN of every other IPv4 frame
};

// A group table has random seeds. Here every run must have the same ones.
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
	(void)flags;
	memset(buffer, 0x5b, length);
	return (ssize_t)length;
}

struct frame4 {
	struct rte_ether_hdr ether;
	struct rte_vlan_hdr vlan;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	uint8_t payload[18];
} __rte_packed __rte_aligned(2);

struct frame6 {
	struct rte_ether_hdr ether;
	struct rte_vlan_hdr vlan;
	struct rte_ipv6_hdr ip;
	struct rte_udp_hdr udp;
} __rte_packed __rte_aligned(2);

static void put_frame4(struct rte_mbuf *mbuf, uint32_t group_be, uint16_t vlan)
{
	struct frame4 *frame = (struct frame4 *)rte_pktmbuf_append(mbuf, sizeof(*frame));

	*frame = (struct frame4){
		.ether = {.dst_addr.addr_bytes = {1, 0, 0x5e},
			.ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN)},
		.vlan = {rte_cpu_to_be_16(vlan), RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip = {.version_ihl = RTE_IPV4_VHL_DEF,
			.total_length = RTE_BE16(46),
			.time_to_live = 16,
			.next_proto_id = IPPROTO_UDP,
			.src_addr = RTE_BE32(RTE_IPV4(10, 1, 1, 1)),
			.dst_addr = group_be},
		.udp = {.dst_port = RTE_BE16(5000), .dgram_len = RTE_BE16(26)},
	};
	frame->ip.hdr_checksum = rte_ipv4_cksum(&frame->ip);
}

static void put_frame6(struct rte_mbuf *mbuf, const struct group_key *group)
{
	struct frame6 *frame = (struct frame6 *)rte_pktmbuf_append(mbuf, sizeof(*frame));

	*frame = (struct frame6){
		.ether = {.dst_addr.addr_bytes = {0x33, 0x33},
			.ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN)},
		.vlan = {RTE_BE16(VLAN), RTE_BE16(RTE_ETHER_TYPE_IPV6)},
		.ip = {.vtc_flow = RTE_BE32(0x60000000),
			.payload_len = RTE_BE16(8),
			.proto = IPPROTO_UDP,
			.src_addr = {0xfe, 0x80, [15] = 1}},
		.udp = {.dst_port = RTE_BE16(5000), .dgram_len = RTE_BE16(8)},
	};
	memcpy(frame->ip.dst_addr, group, sizeof(*group));
}

static void take_burst(struct instructions *all, struct rte_mbuf **frames, bool ipv6)
{
	workload_must(rte_pktmbuf_alloc_bulk(all->pool, frames, BURST), "frames");
	for (unsigned i = 0; i < BURST; i++) {
		if (ipv6)
			put_frame6(frames[i], &all->keys6[all->next + i]);
		else
			put_frame4(
				frames[i], all->keys4[all->next + i], i & 1 ? all->odd_vlan : VLAN);
	}
	all->next += BURST;
}

// ---- The stages ----------------------------------------------------------------------------

__rte_noinline void stage_parse(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_lookup4(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_lookup6(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_drop(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_count(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_count6(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_filter(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_ring(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_fanout8(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_rewrite2(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_mixed(struct instructions *all, struct rte_mbuf **frames);
__rte_noinline void stage_free(struct instructions *all, struct rte_mbuf **frames);

void stage_parse(struct instructions *all, struct rte_mbuf **frames)
{
	(void)all;
	for (unsigned i = 0; i < BURST; i++) {
		struct parsed parsed;

		workload_must(parse_mbuf(frames[i], &parsed) != DROP_NONE, "parse");
		__asm__ volatile("" ::"r"(&parsed) : "memory"); // keeps the result
	}
}

void stage_lookup4(struct instructions *all, struct rte_mbuf **frames)
{
	uint32_t index[BURST];

	(void)frames;
	group_table_lookup4_burst(all->interface->table4, &all->keys4[all->next], BURST, index);
}

void stage_lookup6(struct instructions *all, struct rte_mbuf **frames)
{
	uint32_t index[BURST];

	(void)frames;
	group_table_lookup6_burst(all->interface->table6, 0, &all->keys6[all->next], BURST, index);
}

// The whole path. The cases differ in what is joined.
static inline void whole_path(struct instructions *all, struct rte_mbuf **frames)
{
	pipeline_burst(all->worker, all->port, frames, BURST);
}

void stage_drop(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_count(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_count6(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_filter(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_ring(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_fanout8(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_rewrite2(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_mixed(struct instructions *all, struct rte_mbuf **frames)
{
	whole_path(all, frames);
}

void stage_free(struct instructions *all, struct rte_mbuf **frames)
{
	(void)all;
	rte_pktmbuf_free_bulk(frames, BURST);
}

// ---- Around them ---------------------------------------------------------------------------

static void join(
	struct interface *interface, uint16_t family, const struct subscriber *subs, unsigned n)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		struct sluice_addr group = workload_group(family, i);

		workload_must(interface_subscribe(interface, &group, 0, subs, n), "subscribe");
	}
}

static void run(struct instructions *all,
	void (*stage)(struct instructions *all, struct rte_mbuf **frames), bool ipv6)
{
	all->next = 0;
	dataplane_synchronize(all->dp);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rte_mbuf *frames[BURST];

		take_burst(all, frames, ipv6);
		stage(all, frames);
		if (stage == stage_parse || stage == stage_lookup4 || stage == stage_lookup6)
			rte_pktmbuf_free_bulk(frames, BURST);
		for (unsigned k = 0; k < OUTPUTS; k++)
			output_flush(all->rings[k]);
	}
}

static void run_all(struct instructions *all)
{
	const struct sluice_addr source = {AF_INET, {10, 1, 1, 1}};
	struct subscriber open = {.output = all->count, .filter = {.mode = SLUICE_EXCLUDE}};
	struct subscriber filter = {.output = all->count,
		.udp_port_be = RTE_BE16(5000),
		.filter = {SLUICE_INCLUDE, 1, &source}};
	struct subscriber ring = {.output = all->rings[0], .filter = {.mode = SLUICE_EXCLUDE}};
	struct subscriber rings[OUTPUTS], ports[PORTS];

	for (unsigned i = 0; i < OUTPUTS; i++)
		rings[i] = (struct subscriber){
			.output = all->rings[i], .filter = {.mode = SLUICE_EXCLUDE}};
	for (unsigned i = 0; i < PORTS; i++)
		ports[i] = (struct subscriber){
			.output = all->ports[i], .filter = {.mode = SLUICE_EXCLUDE}};
	run(all, stage_free, false);
	run(all, stage_parse, false);
	run(all, stage_drop, false);
	join(all->interface, AF_INET, &open, 1);
	join(all->interface, AF_INET6, &open, 1);
	run(all, stage_lookup4, false);
	run(all, stage_lookup6, true);
	run(all, stage_count, false);
	run(all, stage_count6, true);
	join(all->odd, AF_INET, &open, 1);
	all->odd_vlan = VLAN_ODD;
	run(all, stage_mixed, false);
	all->odd_vlan = VLAN;
	join(all->interface, AF_INET, &filter, 1);
	run(all, stage_filter, false);
	join(all->interface, AF_INET, &ring, 1);
	run(all, stage_ring, false);
	join(all->interface, AF_INET, rings, OUTPUTS);
	run(all, stage_fanout8, false);
	join(all->interface, AF_INET, ports, PORTS);
	run(all, stage_rewrite2, false);
}

// A port that discards frames. They leave with the source MAC of the output and one tag.
static struct output *open_port_output(struct dataplane *dp, unsigned i)
{
	static const char *const devices[PORTS] = {"net_null1,no-rx=1", "net_null2,no-rx=1"};
	struct port_config port = {.name = devices[i], .device = devices[i], .queues = 1};
	struct output_config config = {
		.kind = OUTPUT_PORT,
		.vlan = VLAN,
		.set_source_mac = true,
		.source_mac = {{2, 0, 0, 0, 0, i}},
	};
	struct output *output;

	workload_must(dataplane_add_port(dp, &port, &config.port, NULL), "port");
	workload_must(output_open(dp, &config, &output, NULL), "output");
	return output;
}

static void open_all(struct instructions *all)
{
	static const unsigned lcores[] = {1};
	struct dataplane_config config = {.worker_lcores = lcores, .n_workers = 1};
	struct port_config port = {.name = "null", .device = "net_null0", .queues = 1};
	struct interface_config tagged = {.outer_vlan = VLAN}, odd = {.outer_vlan = VLAN_ODD};
	struct output_config count = {.kind = OUTPUT_COUNT};
	struct output_config ring = {.kind = OUTPUT_RING, .ring_size = 2 * BURST};

	all->dp = dataplane_open(&config, NULL);
	workload_must(all->dp ? 0 : -1, "data plane");
	workload_must(dataplane_add_port(all->dp, &port, &all->port, NULL), "port");
	workload_must(interface_open(all->port, &tagged, &all->interface, NULL), "interface");
	workload_must(interface_open(all->port, &odd, &all->odd, NULL), "interface");
	workload_must(output_open(all->dp, &count, &all->count, NULL), "output");
	for (unsigned i = 0; i < OUTPUTS; i++)
		workload_must(output_open(all->dp, &ring, &all->rings[i], NULL), "output");
	for (unsigned i = 0; i < PORTS; i++)
		all->ports[i] = open_port_output(all->dp, i);
	all->worker = all->dp->workers[0];
	all->pool = all->port->rx_pool;
	all->keys4 = workload_keys4(ROUNDS * BURST, GROUPS, 100);
	all->keys6 = workload_keys6(all->keys4, ROUNDS * BURST);
}

int main(int argc, char **argv)
{
	const char *args[] = {argv[0], "--no-huge", "--no-shconf", "-m", "256", "--no-pci",
		"--no-telemetry", "--log-level", "error", "--lcores", "0@0,1@0"};
	struct instructions all = {.odd_vlan = VLAN};

	(void)argc;
	if (rte_eal_init(RTE_DIM(args), (char **)args) < 0)
		return 2;
	open_all(&all);
	run_all(&all);
	dataplane_close(all.dp);
	free(all.keys4);
	free(all.keys6);
	rte_eal_cleanup();
	return 0;
}
