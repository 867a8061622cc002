// SPDX-License-Identifier: BSD-3-Clause
// sluice-load: sends multicast frames through any DPDK device. To write them to a file:
//	sluice-load --groups 1000 --count 1000 net_pcap0,tx_pcap=frames.pcap
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include "load.h"
#include "workload.h"

#define BURST_FRAMES 32
#define POOL_SIZE 4095
#define DESCRIPTORS 512

static atomic_bool stopped;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stopped, true);
}

// EAL probes a PCI device itself, and must not touch any other.
static int start_eal(const struct load *load)
{
	const bool pci = *load->device >= '0' && *load->device <= '9';
	char lcore[16];
	const char *args[] = {"sluice-load", "--no-huge", "--no-shconf", "-m", "128",
		"--no-telemetry", "--log-level", "error", "--lcores", lcore,
		pci ? "-a" : "--no-pci", load->device};

	snprintf(lcore, sizeof(lcore), "0@%u", load->cpu);
	return rte_eal_init(pci ? RTE_DIM(args) : RTE_DIM(args) - 1, (char **)args);
}

static int find_port(const char *device, uint16_t *port)
{
	struct rte_dev_iterator iterator;
	int rc = rte_dev_probe(device);

	if (rc < 0 && rc != -EEXIST)
		return rc;
	RTE_ETH_FOREACH_MATCHING_DEV(*port, device, &iterator)
	{
		rte_eth_iterator_cleanup(&iterator);
		return 0;
	}
	return -ENODEV;
}

// net_tap needs as many receive as transmit queues. Nothing is received.
static int start_port(const struct load *load, uint16_t port, struct rte_mempool *pool)
{
	const unsigned headers = RTE_ETHER_HDR_LEN + (load->traffic.vlan ? RTE_VLAN_HLEN : 0);
	const uint16_t mtu = traffic_largest(&load->traffic) - headers;
	struct rte_eth_conf conf = {.rxmode.mtu = RTE_ETHER_MTU};
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(port, &info);
	uint16_t n_rx;

	if (rc < 0)
		return rc;
	n_rx = strcmp(info.driver_name, "net_tap") == 0;
	rc = rte_eth_dev_configure(port, n_rx, 1, &conf);
	if (rc == 0 && n_rx)
		rc = rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL);
	// A failure is not an error: net_af_packet refuses a large MTU, but sends large frames.
	if (rc == 0 && mtu > RTE_ETHER_MTU &&
		mtu + headers + RTE_ETHER_CRC_LEN <= info.max_rx_pktlen)
		rte_eth_dev_set_mtu(port, mtu);
	return rc < 0 ? rc : rte_eth_dev_start(port);
}

static bool ends(const struct load *load, const struct traffic *traffic, uint64_t start_tsc)
{
	return atomic_load(&stopped) || (load->count && traffic_frames(traffic) >= load->count) ||
	       (load->seconds &&
		       rte_get_tsc_cycles() - start_tsc >= load->seconds * rte_get_tsc_hz());
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

// Returns false if the device takes no frame for a second.
static bool send_all(uint16_t port, struct rte_mbuf **frames, unsigned n)
{
	uint64_t last_tsc = rte_get_tsc_cycles();
	unsigned sent = 0;
	bool alive = true;

	while (sent < n && alive && !atomic_load(&stopped)) {
		unsigned taken = rte_eth_tx_burst(port, 0, frames + sent, n - sent);

		sent += taken;
		if (taken)
			last_tsc = rte_get_tsc_cycles();
		alive = rte_get_tsc_cycles() - last_tsc < rte_get_tsc_hz();
	}
	rte_pktmbuf_free_bulk(frames + sent, n - sent);
	return alive;
}

static int run(
	const struct load *load, uint16_t port, struct traffic *traffic, struct rte_mempool *pool)
{
	// At a low rate the frames leave one by one, evenly spaced.
	const unsigned burst = load->rate && load->rate < 100000 ? 1 : BURST_FRAMES;
	const uint64_t start_tsc = rte_get_tsc_cycles();

	for (;;) {
		struct rte_mbuf *frames[BURST_FRAMES];
		unsigned n = burst;

		wait_for(load, start_tsc, traffic_frames(traffic));
		if (ends(load, traffic, start_tsc))
			return 0;
		if (load->count)
			n = RTE_MIN(n, load->count - traffic_frames(traffic));
		if (rte_pktmbuf_alloc_bulk(pool, frames, n) < 0)
			continue; // the device still holds all of them
		traffic_burst(traffic, frames, n);
		if (!send_all(port, frames, n))
			return -EMSGSIZE;
	}
}

static void report(uint16_t port, const struct traffic *traffic, double seconds)
{
	struct rte_eth_stats stats = {0};

	rte_eth_stats_get(port, &stats);
	printf("%lu frames, %lu bytes in %.3f s: %.0f frames/s, %.3f Gbit/s\n", stats.opackets,
		stats.obytes, seconds, (double)stats.opackets / seconds,
		(double)stats.obytes * 8e-9 / seconds);
	if (stats.opackets < traffic_frames(traffic))
		printf("%lu frames not sent by the device\n",
			traffic_frames(traffic) - stats.opackets);
}

static int fail(const struct load *load, int rc)
{
	fprintf(stderr, "sluice-load: %s: %s\n", load->device, strerror(-rc));
	return 1;
}

int main(int argc, char **argv)
{
	struct sigaction stop = {.sa_handler = on_signal};
	struct rte_mempool *pool;
	struct traffic *traffic;
	uint64_t start_tsc;
	struct load load;
	uint16_t port;
	int rc = load_options(&load, argc, argv);

	if (rc)
		return rc < 0 ? 2 : 0;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (start_eal(&load) < 0)
		return 1;
	rc = find_port(load.device, &port);
	if (rc < 0)
		return fail(&load, rc);
	pool = rte_pktmbuf_pool_create(
		"load", POOL_SIZE, 256, 0, RTE_PKTMBUF_HEADROOM + TRAFFIC_FRAME_MAX, SOCKET_ID_ANY);
	traffic = traffic_open(&load.traffic);
	workload_must(pool && traffic ? 0 : -ENOMEM, "memory");
	rc = start_port(&load, port, pool);
	if (rc < 0)
		return fail(&load, rc);
	start_tsc = rte_get_tsc_cycles();
	rc = run(&load, port, traffic, pool);
	report(port, traffic, workload_ns(rte_get_tsc_cycles() - start_tsc) * 1e-9);
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	traffic_close(traffic);
	rte_eal_cleanup();
	if (rc == 0 && fflush(stdout) != 0) {
		fprintf(stderr, "sluice-load: standard output: %s\n", strerror(errno));
		return 1;
	}
	return rc < 0 ? fail(&load, rc) : 0;
}
