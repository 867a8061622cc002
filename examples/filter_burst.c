// SPDX-License-Identifier: BSD-3-Clause
// An application with its own receive loop, which uses Sluice as a filter only.
//
// Sluice owns a port to send IGMP and MLD reports on; here it is a ring. The application makes
// frames of four groups, of which it joined one, passes them through its loop, and prints how many
// it kept.
#include <stdio.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>
#include <sluice/sluice.h>
#include "example_engine.h"

enum { BURST = 32, ROUNDS = 100 };

static const char YAML[] = "lcores: {workers: [1]}\n"
			   "ports: [{name: wire, device: net_ring_wire}]\n"
			   "interfaces: [{name: tv, port: wire, addresses: [10.9.0.2/24]}]\n";

// Returns a datagram to 239.1.1.(last), as a NIC would deliver it.
static struct rte_mbuf *make_frame(struct rte_mempool *pool, uint8_t last)
{
	struct {
		struct rte_ether_hdr ether;
		struct rte_ipv4_hdr ip;
		struct rte_udp_hdr udp;
	} __rte_packed __rte_aligned(2) frame = {
		.ether.dst_addr.addr_bytes = {0x01, 0x00, 0x5e, 1, 1, last},
		.ether.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.ip.version_ihl = RTE_IPV4_VHL_DEF,
		.ip.total_length = RTE_BE16(28),
		.ip.time_to_live = 16,
		.ip.next_proto_id = IPPROTO_UDP,
		.ip.src_addr = RTE_BE32(RTE_IPV4(10, 9, 0, 50)),
		.ip.dst_addr = rte_cpu_to_be_32(RTE_IPV4(239U, 1, 1, last)),
		.udp.dst_port = RTE_BE16(5000),
		.udp.dgram_len = RTE_BE16(8),
	};
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	char *data = mbuf != NULL ? rte_pktmbuf_append(mbuf, 60) : NULL;

	if (data == NULL)
		return NULL;
	memset(data, 0, 60);
	frame.ip.hdr_checksum = rte_ipv4_cksum(&frame.ip);
	memcpy(data, &frame, sizeof(frame));
	return mbuf;
}

// One turn of the application's loop: keeps the wanted frames and drops the others.
static unsigned filter(struct sluice_session *session, struct rte_mbuf **frames, unsigned n)
{
	uint64_t wanted = sluice_filter_burst(session, 1, frames, n);
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		kept += wanted >> i & 1; // a real application processes the frame here
		rte_pktmbuf_free(frames[i]);
	}
	return kept;
}

static int run(struct sluice *sluice, struct rte_mempool *pool)
{
	struct sluice_addr group = {AF_INET, {239, 1, 1, 1}};
	struct rte_mbuf *frames[BURST];
	struct sluice_session *session;
	unsigned kept = 0;
	int rc;

	rc = sluice_session_open(sluice, NULL, NULL, &session);
	if (rc == 0)
		rc = sluice_join(session, 1, &group);
	if (rc < 0) {
		fprintf(stderr, "join: %s\n", strerror(-rc));
		return 1;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < BURST; i++) {
			frames[i] = make_frame(pool, i % 4);
			if (frames[i] == NULL)
				return 1;
		}
		kept += filter(session, frames, BURST);
	}
	printf("kept %u of %u frames\n", kept, ROUNDS * BURST);
	sluice_session_close(session);
	return 0;
}

int main(void)
{
	struct sluice_error error;
	struct rte_mempool *pool;
	struct sluice *sluice;
	struct rte_ring *ring;
	int rc;

	example_engine_start(NULL);
	ring = rte_ring_create("wire", 1024, SOCKET_ID_ANY, 0);
	pool = rte_pktmbuf_pool_create(
		"frames", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (ring == NULL || pool == NULL || rte_eth_from_rings("wire", &ring, 1, &ring, 1, 0) < 0)
		return 1;
	if (sluice_open(YAML, &sluice, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	rc = run(sluice, pool);
	sluice_close(sluice);
	rte_eal_cleanup();
	return rc;
}
