// SPDX-License-Identifier: BSD-3-Clause
// sluice-pcap: a real worker on the ports that the EAL arguments create, which perf/peers.py
// compares with other programs on the same ports. The first port receives. Frames of the joined
// groups are counted, or leave by all other ports, unchanged or with the source MAC of the port.
// Without a mode nothing is joined. The floors are loops without a worker: one sends every frame by
// all other ports, one does so with the source MAC of the port, one parses and frees it. The frame
// counts are read from DPDK's telemetry socket. SIGINT or SIGTERM ends the program.
#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include "dataplane.h"
#include "parse.h"
#include "port.h"
#include "workload.h"

// Buffers of 320 bytes, as testpmd has with --mbuf-size=320.
#define FRAME_SIZE (320 - RTE_PKTMBUF_HEADROOM)
#define MTU 128
#define OUTPUTS_MAX 8
#define LCORE 1

static atomic_bool stopped;

static struct port *open_port(struct dataplane *dp, uint16_t id)
{
	char name[RTE_ETH_NAME_MAX_LEN] = "";
	struct port_config config = {.name = name, .device = name, .queues = 1, .mtu = MTU};
	struct dataplane_error error = {""};
	struct port *port;

	workload_must(rte_eth_dev_get_name_by_port(id, name), "no such port");
	if (dataplane_add_port(dp, &config, &port, &error)) {
		fprintf(stderr, "sluice-pcap: %s: %s\n", name, error.text);
		exit(2);
	}
	return port;
}

// The subscribers of a mode, one per output. Returns their number.
static unsigned open_outputs(struct dataplane *dp, const char *mode, struct subscriber *subs)
{
	const bool count = !strcmp(mode, "count");
	const unsigned n = count ? 1 : rte_eth_dev_count_avail() - 1;

	workload_must(n < 1 || n > OUTPUTS_MAX, "ports to send by");
	for (unsigned i = 0; i < n; i++) {
		struct output_config config = {.kind = OUTPUT_COUNT};

		if (!count) {
			config.kind = OUTPUT_PORT;
			config.port = open_port(dp, i + 1);
			config.set_source_mac = !strcmp(mode, "rewrite");
			rte_eth_macaddr_get(i + 1, &config.source_mac);
		}
		subs[i] = (struct subscriber){.filter = {.mode = SLUICE_EXCLUDE}};
		workload_must(output_open(dp, &config, &subs[i].output, NULL), "output");
	}
	return n;
}

// Joins n_groups consecutive IPv4 groups, beginning with `first`.
static void join(struct interface *interface, const char *first, unsigned n_groups,
	const struct subscriber *subs, unsigned n_subs)
{
	struct sluice_addr group = {.family = AF_INET};
	uint32_t group_be;

	workload_must(inet_pton(AF_INET, first, &group_be) != 1, "a group");
	for (uint32_t i = 0; i < n_groups; i++) {
		const uint32_t next_be = rte_cpu_to_be_32(rte_be_to_cpu_32(group_be) + i);

		memcpy(group.bytes, &next_be, sizeof(next_be));
		workload_must(interface_subscribe(interface, &group, 0, subs, n_subs), "subscribe");
	}
}

// The floor of sending a frame by several ports: one more reference per port.
static int send_burst(void *arg)
{
	const uint16_t n_ports = rte_eth_dev_count_avail();

	(void)arg;
	while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
		struct rte_mbuf *frames[BURST];
		const uint16_t n = rte_eth_rx_burst(0, 0, frames, BURST);

		for (uint16_t i = 0; n_ports > 2 && i < n; i++)
			rte_pktmbuf_refcnt_update(frames[i], n_ports - 2);
		for (uint16_t port = 1; port < n_ports; port++) {
			const uint16_t sent = rte_eth_tx_burst(port, 0, frames, n);

			rte_pktmbuf_free_bulk(frames + sent, n - sent);
		}
	}
	return 0;
}

// A copy of the frames with the port's source MAC.
static void copy_burst(const struct port *port, const struct rte_ether_addr *mac,
	struct rte_mbuf *const *frames, struct rte_mbuf **copies, unsigned n)
{
	workload_must(rte_pktmbuf_alloc_bulk(port->tx_pool, copies, n), "buffers");
	for (unsigned i = 0; i < n; i++) {
		struct rte_ether_hdr *header =
			(struct rte_ether_hdr *)rte_pktmbuf_append(copies[i], frames[i]->data_len);

		rte_memcpy(header, rte_pktmbuf_mtod(frames[i], void *), frames[i]->data_len);
		header->src_addr = *mac;
	}
}

// The floor of sending a frame by several ports with different source MACs: a copy for each port
// but the last.
static int copy_run(void *arg)
{
	struct port *const *ports = arg;
	const uint16_t n_ports = rte_eth_dev_count_avail();
	struct rte_ether_addr macs[OUTPUTS_MAX + 1];

	for (uint16_t port = 1; port < n_ports; port++)
		rte_eth_macaddr_get(port, &macs[port]);
	while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
		struct rte_mbuf *frames[BURST], *copies[BURST];
		const uint16_t n = rte_eth_rx_burst(0, 0, frames, BURST);

		for (uint16_t port = 1; port < n_ports; port++) {
			struct rte_mbuf **out = port + 1 < n_ports ? copies : frames;
			uint16_t sent;

			if (out == copies)
				copy_burst(ports[port], &macs[port], frames, copies, n);
			for (uint16_t i = 0; out == frames && i < n; i++)
				rte_pktmbuf_mtod(frames[i], struct rte_ether_hdr *)->src_addr =
					macs[port];
			sent = rte_eth_tx_burst(port, 0, out, n);
			rte_pktmbuf_free_bulk(out + sent, n - sent);
		}
	}
	return 0;
}

// The minimum work of a worker with nothing joined.
static int parse_run(void *arg)
{
	(void)arg;
	while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
		struct rte_mbuf *frames[BURST];
		const uint16_t n = rte_eth_rx_burst(0, 0, frames, BURST);

		for (uint16_t i = 0; i < n; i++) {
			struct parsed parsed;

			workload_must(parse_mbuf(frames[i], &parsed) != DROP_NONE, "a frame");
			// The results must be in memory, where a worker could read them.
			__asm__ volatile("" : : "r"(&parsed) : "memory");
		}
		rte_pktmbuf_free_bulk(frames, n);
	}
	return 0;
}

static void start_floor(struct dataplane *dp, const char *floor)
{
	static struct port *ports[OUTPUTS_MAX + 1];
	int (*run)(void *arg) = !strcmp(floor, "parse")  ? parse_run
				: !strcmp(floor, "copy") ? copy_run
							 : send_burst;

	workload_must(rte_eth_dev_count_avail() > OUTPUTS_MAX + 1, "ports to send by");
	for (uint16_t id = 1; id < rte_eth_dev_count_avail(); id++)
		ports[id] = open_port(dp, id);
	workload_must(rte_eal_remote_launch(run, ports, LCORE), "start");
}

static int usage(void)
{
	fputs("usage: sluice-pcap [EAL OPTION]... -- [FLOOR|MODE FIRST_GROUP GROUPS]\n"
	      "floors: send copy parse; modes: count forward rewrite\n",
		stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const unsigned lcores[] = {LCORE};
	struct dataplane_config config = {
		.worker_lcores = lcores, .n_workers = 1, .frame_size = FRAME_SIZE};
	struct interface_config untagged = {0};
	struct subscriber subs[OUTPUTS_MAX];
	struct interface *interface;
	struct dataplane *dp;
	sigset_t stop;
	int used, signal;

	// Before EAL creates threads, which would receive the signal.
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	used = rte_eal_init(argc, argv);
	if (used < 0)
		return 2;
	argc -= used;
	argv += used;
	if (argc != 1 && argc != 2 && argc != 4)
		return usage();
	dp = dataplane_open(&config, NULL);
	workload_must(dp ? 0 : -1, "data plane");
	workload_must(interface_open(open_port(dp, 0), &untagged, &interface, NULL), "interface");
	if (argc == 4)
		join(interface, argv[2], strtoul(argv[3], NULL, 10), subs,
			open_outputs(dp, argv[1], subs));
	if (argc == 2)
		start_floor(dp, argv[1]);
	else
		workload_must(dataplane_start(dp, NULL), "start");
	sigwait(&stop, &signal);
	atomic_store(&stopped, true);
	// The worker ends when the data plane is closed.
	if (argc == 2)
		rte_eal_mp_wait_lcore();
	dataplane_close(dp);
	rte_eal_cleanup();
	return 0;
}
