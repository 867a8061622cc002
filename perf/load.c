// SPDX-License-Identifier: BSD-3-Clause
// sluice-load: sends multicast frames by any device of DPDK. net_pcap writes them to a file:
//	sluice-load --groups 1000 --count 1000 net_pcap0,tx_pcap=frames.pcap
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include "traffic.h"
#include "workload.h"

#define BURST_FRAMES 32
#define POOL_SIZE 2047
#define TX_DESCRIPTORS 512

struct load {
	struct traffic_config traffic;
	uint64_t rate; // frames a second; 0: as fast as the device takes them
	uint64_t count; // 0: until a signal
	const char *device;
};

static atomic_bool stopped;

static void on_signal(int number)
{
	atomic_store(&stopped, true);
}

static int usage(void)
{
	fputs("usage: sluice-load [--groups N] [--first GROUP] [--source ADDRESS] [--port N]\n"
	      "                   [--vlan N] [--size BYTES|imix|ts] [--order round|uniform|zipf]\n"
	      "                   [--rate FRAMES_A_SECOND] [--count FRAMES] DEVICE\n"
	      "DEVICE is what DPDK probes: net_tap0,iface=NAME or net_pcap0,tx_pcap=FILE or\n"
	      "net_af_packet0,iface=NAME or a PCI address\n",
		stderr);
	return 2;
}

static bool read_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *number >= low && *number <= high;
}

static bool read_address(const char *text, struct sluice_addr *address)
{
	*address = (struct sluice_addr){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	return inet_pton(address->family, text, address->bytes) == 1;
}

static bool read_size(const char *text, struct traffic_config *traffic)
{
	uint64_t number = 0;

	if (!strcmp(text, "ts"))
		number = 1358; // seven packets of an MPEG transport stream
	else if (strcmp(text, "imix") &&
		 !read_number(text, TRAFFIC_FRAME_MIN, TRAFFIC_FRAME_MAX, &number))
		return false;
	traffic->size = number;
	return true;
}

static bool read_order(const char *text, enum traffic_order *order)
{
	static const char *const names[] = {
		[TRAFFIC_ROUND] = "round",
		[TRAFFIC_UNIFORM] = "uniform",
		[TRAFFIC_ZIPF] = "zipf",
	};

	for (unsigned i = 0; i < RTE_DIM(names); i++) {
		if (!strcmp(text, names[i])) {
			*order = i;
			return true;
		}
	}
	return false;
}

static bool read_option(struct load *load, int option, const char *text)
{
	uint64_t number;

	switch (option) {
	case 'g':
		if (!read_number(text, 1, 1 << 28, &number))
			return false;
		load->traffic.n_groups = number;
		return true;
	case 'f':
		return read_address(text, &load->traffic.first);
	case 's':
		return read_address(text, &load->traffic.source);
	case 'p':
		if (!read_number(text, 1, UINT16_MAX, &number))
			return false;
		load->traffic.udp_port = number;
		return true;
	case 'v':
		if (!read_number(text, 1, 4094, &number))
			return false;
		load->traffic.vlan = number;
		return true;
	case 'z':
		return read_size(text, &load->traffic);
	case 'o':
		return read_order(text, &load->traffic.order);
	case 'r':
		return read_number(text, 1, UINT32_MAX, &load->rate);
	case 'c':
		return read_number(text, 1, UINT64_MAX, &load->count);
	default:
		return false;
	}
}

static bool read_options(struct load *load, int argc, char **argv)
{
	static const struct option options[] = {
		{"groups", required_argument, NULL, 'g'},
		{"first", required_argument, NULL, 'f'},
		{"source", required_argument, NULL, 's'},
		{"port", required_argument, NULL, 'p'},
		{"vlan", required_argument, NULL, 'v'},
		{"size", required_argument, NULL, 'z'},
		{"order", required_argument, NULL, 'o'},
		{"rate", required_argument, NULL, 'r'},
		{"count", required_argument, NULL, 'c'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!read_option(load, option, optarg))
			return false;
	if (!load->traffic.source.family)
		read_address(load->traffic.first.family == AF_INET ? "10.1.1.1" : "fe80::1",
			&load->traffic.source);
	if (load->traffic.source.family != load->traffic.first.family || optind + 1 != argc)
		return false;
	load->device = argv[optind];
	return true;
}

// A PCI device is EAL's to probe, and the only one it may touch.
static int start_eal(const char *device)
{
	const bool pci = *device >= '0' && *device <= '9';
	const char *args[] = {"sluice-load", "--no-huge", "--no-shconf", "-m", "128",
		"--no-telemetry", "--log-level", "error", "--lcores", "0", pci ? "-a" : "--no-pci",
		device};

	return rte_eal_init(pci ? RTE_DIM(args) : RTE_DIM(args) - 1, (char **)args);
}

static int open_port(const char *device, uint16_t *port)
{
	struct rte_eth_conf conf = {0};
	struct rte_dev_iterator iterator;
	int rc = rte_dev_probe(device);

	if (rc < 0 && rc != -EEXIST)
		return rc;
	*port = RTE_MAX_ETHPORTS;
	RTE_ETH_FOREACH_MATCHING_DEV(*port, device, &iterator)
	{
		rte_eth_iterator_cleanup(&iterator);
		break;
	}
	if (*port == RTE_MAX_ETHPORTS)
		return -ENODEV;
	rc = rte_eth_dev_configure(*port, 0, 1, &conf);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(*port, 0, TX_DESCRIPTORS, SOCKET_ID_ANY, NULL);
	return rc < 0 ? rc : rte_eth_dev_start(*port);
}

// Waits until frame `number` is due.
static void wait_for(const struct load *load, uint64_t start_tsc, uint64_t number)
{
	uint64_t due_tsc;

	if (!load->rate)
		return;
	due_tsc = start_tsc +
		  (uint64_t)((double)number * (double)rte_get_tsc_hz() / (double)load->rate);
	while (rte_get_tsc_cycles() < due_tsc && !atomic_load(&stopped))
		rte_pause();
}

static void send_all(uint16_t port, struct rte_mbuf **frames, unsigned n)
{
	unsigned sent = 0;

	while (sent < n && !atomic_load(&stopped))
		sent += rte_eth_tx_burst(port, 0, frames + sent, n - sent);
	rte_pktmbuf_free_bulk(frames + sent, n - sent);
}

static void run(
	const struct load *load, uint16_t port, struct traffic *traffic, struct rte_mempool *pool)
{
	// Few at a time at a low rate, so that frames leave one by one.
	const unsigned burst = load->rate && load->rate < 100000 ? 1 : BURST_FRAMES;
	const uint64_t start_tsc = rte_get_tsc_cycles();

	while (!atomic_load(&stopped) && (!load->count || traffic_frames(traffic) < load->count)) {
		struct rte_mbuf *frames[BURST_FRAMES];
		unsigned n = burst;

		if (load->count)
			n = RTE_MIN(n, load->count - traffic_frames(traffic));
		if (rte_pktmbuf_alloc_bulk(pool, frames, n) < 0)
			continue; // until the device gives some back
		wait_for(load, start_tsc, traffic_frames(traffic));
		traffic_burst(traffic, frames, n);
		send_all(port, frames, n);
	}
}

static void report(uint16_t port, double seconds)
{
	struct rte_eth_stats stats = {0};

	rte_eth_stats_get(port, &stats);
	printf("%lu frames, %lu bytes in %.3f s: %.0f frames/s, %.3f Gbit/s\n", stats.opackets,
		stats.obytes, seconds, (double)stats.opackets / seconds,
		(double)stats.obytes * 8e-9 / seconds);
}

int main(int argc, char **argv)
{
	struct load load = {.traffic = {.n_groups = 1, .udp_port = 5000, .size = 64}};
	struct sigaction stop = {.sa_handler = on_signal};
	struct rte_mempool *pool;
	struct traffic *traffic;
	uint64_t start_tsc;
	uint16_t port;
	int rc;

	read_address("239.1.0.1", &load.traffic.first);
	if (!read_options(&load, argc, argv))
		return usage();
	if (start_eal(load.device) < 0)
		return 1;
	rc = open_port(load.device, &port);
	if (rc < 0) {
		fprintf(stderr, "sluice-load: %s: %s\n", load.device, strerror(-rc));
		return 1;
	}
	pool = rte_pktmbuf_pool_create(
		"load", POOL_SIZE, 256, 0, RTE_PKTMBUF_HEADROOM + TRAFFIC_FRAME_MAX, SOCKET_ID_ANY);
	traffic = traffic_open(&load.traffic);
	workload_must(pool && traffic ? 0 : -ENOMEM, "memory");
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	start_tsc = rte_get_tsc_cycles();
	run(&load, port, traffic, pool);
	report(port, workload_ns(rte_get_tsc_cycles() - start_tsc) * 1e-9);
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	traffic_close(traffic);
	rte_eal_cleanup();
	return 0;
}
