// SPDX-License-Identifier: BSD-3-Clause
// sluice-pcap: how many million frames a second a real worker takes from a file that sluice-load
// wrote and net_pcap repeats, in buffers of 320 bytes, for perf/peers.sh to set beside its peers.
// The frames are dropped as nobody joined (drop), counted (count), or go to that many ports (1, 2).
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_eal.h>
#include <rte_memory.h>
#include "dataplane.h"
#include "workload.h"

#define GROUPS 1000
#define FRAME_SIZE (320 - RTE_PKTMBUF_HEADROOM)
#define MTU 128
#define PORTS_MAX 2

static struct port *port(struct dataplane *dp, const char *name, const char *device)
{
	struct port_config config = {.name = name, .device = device, .queues = 1, .mtu = MTU};
	struct dataplane_error error = {""};
	struct port *port;

	if (port_open(dp, &config, &port, &error)) {
		fprintf(stderr, "sluice-pcap: %s\n", error.text);
		exit(2);
	}
	return port;
}

static void join(struct dataplane *dp, struct interface *interface, const char *what)
{
	static const char *const names[PORTS_MAX] = {"out0", "out1"};
	static const char *const devices[PORTS_MAX] = {"net_null0,no-rx=1", "net_null1,no-rx=1"};
	const unsigned n_ports = (unsigned)atoi(what);
	const unsigned n = n_ports ? n_ports : 1;
	struct subscriber subs[PORTS_MAX];

	workload_must(n_ports > PORTS_MAX, "more than two ports");
	for (unsigned i = 0; i < n; i++) {
		struct output_config config = {.kind = OUTPUT_COUNT};

		if (n_ports)
			config = (struct output_config){
				.kind = OUTPUT_PORT, .port = port(dp, names[i], devices[i])};
		subs[i] = (struct subscriber){.mode = SLUICE_EXCLUDE};
		workload_must(output_open(dp, &config, &subs[i].output, NULL), "output");
	}
	for (uint16_t i = 0; i < GROUPS; i++) {
		const uint16_t last = i + 1; // from 239.1.0.1 on
		struct sluice_addr group = {AF_INET, {239, 1, last >> 8, last & 0xff}};

		workload_must(interface_subscribe(interface, &group, 0, subs, n), "subscribe");
	}
}

static double measure(struct dataplane *dp, unsigned seconds)
{
	struct worker_info before, after;
	uint64_t start_tsc;

	sleep(1); // to warm up
	start_tsc = rte_rdtsc();
	worker_info(dp, 0, &before);
	sleep(seconds);
	worker_info(dp, 0, &after);
	return (double)(after.rx_packets - before.rx_packets) * 1e3 /
	       workload_ns(rte_rdtsc() - start_tsc);
}

int main(int argc, char **argv)
{
	static const unsigned lcores[] = {1};
	const char *args[] = {argv[0], "--no-huge", "--no-shconf", "-m", "256", "--no-pci",
		"--no-telemetry", "--log-level", "error", "--lcores", "0@0,1@1"};
	struct dataplane_config config = {
		.worker_lcores = lcores, .n_workers = 1, .frame_size = FRAME_SIZE};
	struct interface_config untagged = {0};
	struct interface *interface;
	struct dataplane *dp;
	char device[4096];

	if (argc != 4) {
		fprintf(stderr, "usage: %s FILE drop|count|1|2 SECONDS\n", argv[0]);
		return 2;
	}
	if (rte_eal_init(RTE_DIM(args), (char **)args) < 0)
		return 2;
	snprintf(device, sizeof(device), "net_pcap0,rx_pcap=%s,infinite_rx=1", argv[1]);
	dp = dataplane_open(&config, NULL);
	workload_must(dp ? 0 : -1, "data plane");
	workload_must(
		interface_open(port(dp, "in", device), &untagged, &interface, NULL), "interface");
	if (strcmp(argv[2], "drop"))
		join(dp, interface, argv[2]);
	workload_must(dataplane_start(dp, NULL), "start");
	printf("%.3f\n", measure(dp, (unsigned)atoi(argv[3])));
	dataplane_close(dp);
	rte_eal_cleanup();
	return 0;
}
