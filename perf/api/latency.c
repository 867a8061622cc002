// SPDX-License-Identifier: BSD-3-Clause
// How long a join takes: from the call to its return, to its report on the wire, and to the first
// frame received of a group that is streaming. One JSON object of microseconds.
//
//     api_latency [JOINS]
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <rte_eal.h>
#include <rte_ether.h>
#include <rte_eth_ring.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>
#include <sluice/sluice.h>

enum { JOINS = 1000, WIRE = 256 };

static const char YAML[] = "lcores: {workers: [1]}\n"
			   "protocol: {robustness: 1}\n"
			   "ports: [{name: wire, device: net_ring_wire}]\n"
			   "interfaces: [{name: tv, port: wire, addresses: [10.9.0.2/24]}]\n";

static struct rte_ring *rx, *tx;
static struct rte_mempool *pool;
static atomic_uint streaming; // the group in the air, host order; 0: end

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static struct rte_mbuf *make_frame(uint32_t group)
{
	struct {
		struct rte_ether_hdr ether;
		struct rte_ipv4_hdr ip;
		struct rte_udp_hdr udp;
	} __rte_packed __rte_aligned(2) frame = {
		.ether.dst_addr.addr_bytes = {0x01, 0x00, 0x5e, group >> 16 & 0x7f, group >> 8,
			group},
		.ether.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.ip.version_ihl = RTE_IPV4_VHL_DEF,
		.ip.total_length = RTE_BE16(28),
		.ip.time_to_live = 16,
		.ip.next_proto_id = IPPROTO_UDP,
		.ip.src_addr = RTE_BE32(RTE_IPV4(10, 9, 0, 50)),
		.ip.dst_addr = rte_cpu_to_be_32(group),
		.udp.dst_port = RTE_BE16(5000),
		.udp.dgram_len = RTE_BE16(8),
	};
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

	if (mbuf == NULL)
		return NULL;
	frame.ip.hdr_checksum = rte_ipv4_cksum(&frame.ip);
	memcpy(rte_pktmbuf_append(mbuf, 60), &frame, sizeof(frame));
	return mbuf;
}

static void *stream(void *arg)
{
	unsigned group;

	while ((group = atomic_load(&streaming)) != 0) {
		struct rte_mbuf *frame = rte_ring_empty(rx) ? make_frame(group) : NULL;

		if (frame == NULL)
			sched_yield();
		else
			rte_ring_enqueue(rx, frame);
	}
	return NULL;
}

static void discard(struct rte_ring *ring)
{
	struct rte_mbuf *frame;

	while (rte_ring_dequeue(ring, (void **)&frame) == 0)
		rte_pktmbuf_free(frame);
}

// One join: when its call returned, its report left and its first frame came.
static void measure(struct sluice_session *session, uint32_t group, double us[3])
{
	struct sluice_addr addr = {
		AF_INET, {group >> 24, group >> 16 & 0xff, group >> 8 & 0xff, group & 0xff}};
	double start = now_us();
	struct rte_mbuf *frame;

	us[1] = us[2] = 0;
	if (sluice_join(session, 1, &addr) < 0)
		errx(1, "the join failed");
	us[0] = now_us() - start;
	while (us[1] == 0 || us[2] == 0) {
		if (us[1] == 0 && !rte_ring_empty(tx))
			us[1] = now_us() - start;
		if (us[2] == 0 && sluice_recv_burst(session, &frame, 1) == 1) {
			us[2] = now_us() - start;
			rte_pktmbuf_free(frame);
		}
	}
	if (sluice_leave_flush(session, 1, &addr) < 0)
		errx(1, "the leave failed");
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *name, double *us, unsigned n, const char *end)
{
	qsort(us, n, sizeof(*us), ascending);
	printf("\"%s\": {\"min\": %.1f, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"max\": "
	       "%.1f}%s",
		name, us[0], us[n / 2], us[n * 9 / 10], us[n * 99 / 100], us[n - 1], end);
}

int main(int argc, char **argv)
{
	const char *args[] = {"latency", "--no-huge", "--no-shconf", "-m", "128", "--no-pci",
		"--no-telemetry", "--lcores", "(0-1)@(0-1)", "--log-level", "error"};
	unsigned n = argc > 1 ? strtoul(argv[1], NULL, 10) : JOINS;
	double *samples[3], us[3];
	struct sluice_error error;
	struct sluice_session *session;
	struct sluice *sluice;
	pthread_t thread;

	if (n == 0 || rte_eal_init(RTE_DIM(args), (char **)args) < 0)
		errx(1, "DPDK does not start");
	rx = rte_ring_create("rx", WIRE, SOCKET_ID_ANY, 0);
	tx = rte_ring_create("tx", WIRE, SOCKET_ID_ANY, 0);
	pool = rte_pktmbuf_pool_create("wire", 2047, 0, 0, 512, SOCKET_ID_ANY);
	if (rx == NULL || tx == NULL || pool == NULL ||
		rte_eth_from_rings("wire", &rx, 1, &tx, 1, 0) < 0)
		errx(1, "no wire");
	if (sluice_open(YAML, &sluice, &error) < 0)
		errx(1, "%s", error.text);
	if (sluice_session_open(sluice, NULL, NULL, &session) < 0)
		errx(1, "no session");
	for (unsigned k = 0; k < 3; k++)
		samples[k] = calloc(n, sizeof(double));
	atomic_store(&streaming, RTE_IPV4(239, 0, 0, 1));
	pthread_create(&thread, NULL, stream, NULL);
	for (unsigned i = 0; i < n; i++) {
		uint32_t group = RTE_IPV4(239, 0, 0, 1) + i;

		atomic_store(&streaming, group);
		discard(tx); // what the last leave said
		measure(session, group, us);
		for (unsigned k = 0; k < 3; k++)
			samples[k][i] = us[k];
	}
	atomic_store(&streaming, 0);
	pthread_join(thread, NULL);
	printf("{");
	print("join.return_us", samples[0], n, ", ");
	print("join.report_us", samples[1], n, ", ");
	print("join.frame_us", samples[2], n, "}\n");
	discard(tx);
	sluice_session_close(session);
	sluice_close(sluice);
	return 0;
}
