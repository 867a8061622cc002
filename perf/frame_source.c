// SPDX-License-Identifier: BSD-3-Clause
#include "frame_source.h"
#include <stdlib.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_udp.h>
#include "workload.h"

#define FRAME_LEN 64

struct headers {
	struct rte_ether_hdr ether;
	struct rte_vlan_hdr vlan;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
};

_Static_assert(sizeof(struct headers) == 46, "headers are padded");

struct stamp {
	uint8_t mac[RTE_ETHER_ADDR_LEN];
	uint16_t checksum;
	uint32_t group_be;
};

static void headers_init(struct headers *headers)
{
	*headers = (struct headers){
		.ether.ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN),
		.vlan = {.vlan_tci = RTE_BE16(SOURCE_VLAN),
			.eth_proto = RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip =
			{
				.version_ihl = RTE_IPV4_VHL_DEF,
				.total_length = RTE_BE16(FRAME_LEN - sizeof(struct rte_ether_hdr) -
							 sizeof(struct rte_vlan_hdr)),
				.time_to_live = 16,
				.next_proto_id = IPPROTO_UDP,
				.src_addr = RTE_BE32(RTE_IPV4(10, 1, 1, 1)),
			},
		.udp = {.dst_port = RTE_BE16(SOURCE_PORT), .dgram_len = RTE_BE16(26)},
	};
}

static void frame_init(struct rte_mempool *pool, void *arg, void *object, unsigned i)
{
	struct rte_mbuf *frame = object;

	(void)pool;
	(void)arg;
	(void)i;
	headers_init((struct headers *)((char *)frame->buf_addr + RTE_PKTMBUF_HEADROOM));
}

static struct stamp *stamps_of(const uint32_t *groups_be)
{
	struct stamp *stamps = calloc(SOURCE_KEYS, sizeof(*stamps));
	struct headers headers;

	workload_must(stamps ? 0 : -1, "memory");
	headers_init(&headers);
	for (unsigned i = 0; i < SOURCE_KEYS; i++) {
		const uint8_t *group = (const uint8_t *)&groups_be[i];

		headers.ip.dst_addr = groups_be[i];
		headers.ip.hdr_checksum = 0;
		stamps[i] = (struct stamp){
			.mac = {0x01, 0x00, 0x5e, group[1] & 0x7f, group[2], group[3]},
			.checksum = rte_ipv4_cksum(&headers.ip),
			.group_be = groups_be[i],
		};
	}
	return stamps;
}

static uint16_t stamp(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n,
	uint16_t max, void *arg)
{
	struct frame_source *source = arg;

	(void)port;
	(void)queue;
	(void)max;
	for (unsigned i = 0; i < n; i++) {
		struct headers *headers = rte_pktmbuf_mtod(frames[i], struct headers *);
		const struct stamp *s = &source->stamps[(source->next + i) % SOURCE_KEYS];

		memcpy(headers->ether.dst_addr.addr_bytes, s->mac, sizeof(s->mac));
		headers->ip.hdr_checksum = s->checksum;
		headers->ip.dst_addr = s->group_be;
	}
	source->next = (source->next + n) % SOURCE_KEYS;
	return n;
}

static uint16_t retag(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n,
	uint16_t max, void *arg)
{
	(void)port;
	(void)queue;
	(void)max;
	(void)arg;
	for (unsigned i = 0; i < n; i++) {
		struct headers *headers = rte_pktmbuf_mtod(frames[i], struct headers *);
		bool odd = headers->ip.dst_addr & RTE_BE32(1);

		headers->vlan.vlan_tci = rte_cpu_to_be_16(odd ? SOURCE_VLAN_ODD : SOURCE_VLAN);
	}
	return n;
}

static const struct rte_eth_rxtx_callback *call_back(
	const struct port *port, rte_rx_callback_fn function, struct frame_source *source)
{
	const struct rte_eth_rxtx_callback *callback =
		rte_eth_add_rx_callback(port->id, 0, function, source);

	workload_must(callback ? 0 : -1, "callback");
	return callback;
}

static void end_callback(const struct port *port, const struct rte_eth_rxtx_callback *callback)
{
	if (callback == NULL)
		return;
	workload_must(rte_eth_remove_rx_callback(port->id, 0, callback), "callback");
	rte_free((void *)callback);
}

void frame_source_init(struct frame_source *source, const uint32_t *groups_be, struct port *port)
{
	*source = (struct frame_source){.port = port, .stamps = stamps_of(groups_be)};
	rte_mempool_obj_iter(port->rx_pool, frame_init, NULL);
	source->stamping = call_back(port, stamp, source);
}

void frame_source_mix(struct frame_source *source)
{
	source->retagging = call_back(source->port, retag, source);
}

void frame_source_fini(struct frame_source *source)
{
	end_callback(source->port, source->retagging);
	end_callback(source->port, source->stamping);
	free(source->stamps);
}
