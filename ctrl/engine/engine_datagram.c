// SPDX-License-Identifier: BSD-3-Clause
// UDP datagrams to multicast groups, and the Ethernet header of all frames that the control thread
// sends.
#include <errno.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "address.h"
#include "engine_private.h"

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
	return at + 2;
}

size_t engine_datagram_header(const struct engine_interface *interface,
	uint8_t header[ENGINE_DATAGRAM_HEADER_MAX], const struct sluice_addr *dst,
	unsigned priority)
{
	const struct config_interface *config = &interface->config;
	uint8_t *at = header;

	address_ethernet(dst, at);
	memcpy(at + RTE_ETHER_ADDR_LEN, interface->mac.addr_bytes, RTE_ETHER_ADDR_LEN);
	at += 2 * RTE_ETHER_ADDR_LEN;
	if (config->inner_vlan) {
		at = put16(at, RTE_ETHER_TYPE_QINQ);
		at = put16(at, priority << 13 | config->vlan);
	}
	if (config->vlan) {
		at = put16(at, RTE_ETHER_TYPE_VLAN);
		at = put16(at,
			priority << 13 | (config->inner_vlan ? config->inner_vlan : config->vlan));
	}
	at = put16(at, dst->family == AF_INET ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	return at - header;
}

// The source address. For IPv6 its scope is that of the group if the interface has such an address.
static const struct sluice_addr *choose_source(
	const struct engine_interface *interface, const struct sluice_addr *group)
{
	bool near = group->family == AF_INET6 && (group->bytes[1] & 0xf) <= 2;
	const struct sluice_addr *other = NULL;

	for (unsigned i = 0; i < interface->n_addresses; i++) {
		const struct sluice_addr *addr = &interface->addresses[i].addr;

		if (addr->family != group->family)
			continue;
		if (address_is_link_local(addr) == near)
			return addr;
		other = addr;
	}
	return other;
}

static void put_ipv4(uint8_t *at, const struct engine_datagram *datagram,
	const struct sluice_addr *source, size_t len)
{
	// A datagram that is never fragmented needs no identification (RFC 6864 section 4.1).
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16(sizeof(ip) + len),
		.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = datagram->ttl,
		.next_proto_id = IPPROTO_UDP,
	};
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(at + sizeof(ip));

	memcpy(&ip.src_addr, source->bytes, sizeof(ip.src_addr));
	memcpy(&ip.dst_addr, datagram->group.bytes, sizeof(ip.dst_addr));
	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(&ip, udp);
}

static void put_ipv6(uint8_t *at, const struct engine_datagram *datagram,
	const struct sluice_addr *source, size_t len)
{
	struct rte_ipv6_hdr ip = {
		.vtc_flow = RTE_BE32(6u << 28),
		.payload_len = rte_cpu_to_be_16(len),
		.proto = IPPROTO_UDP,
		.hop_limits = datagram->ttl,
	};
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(at + sizeof(ip));

	memcpy(ip.src_addr, source->bytes, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, datagram->group.bytes, sizeof(ip.dst_addr));
	memcpy(at, &ip, sizeof(ip));
	udp->dgram_cksum = rte_ipv6_udptcp_cksum(&ip, udp);
}

int engine_datagram_frame(const struct engine_interface *interface,
	const struct engine_datagram *datagram, struct rte_mbuf **frame)
{
	bool ipv4 = datagram->group.family == AF_INET;
	size_t ip_len = ipv4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	size_t len = sizeof(struct rte_udp_hdr) + datagram->len;
	const struct sluice_addr *source = choose_source(interface, &datagram->group);
	uint8_t header[ENGINE_DATAGRAM_HEADER_MAX], *at;
	size_t header_len, frame_len;
	struct rte_udp_hdr udp = {
		.src_port = datagram->source_port_be,
		.dst_port = datagram->port_be,
	};
	struct rte_mbuf *new;

	if (atomic_load(&interface->removed))
		return -ENETDOWN;
	if (source == NULL)
		return -EADDRNOTAVAIL;
	if (datagram->len > UINT16_MAX || ip_len + len > port_mtu(interface->port))
		return -EMSGSIZE;
	new = port_frame_alloc(interface->port);
	if (new == NULL)
		return -EAGAIN;
	header_len = engine_datagram_header(interface, header, &datagram->group, 0);
	frame_len = RTE_MAX(header_len + ip_len + len, ENGINE_DATAGRAM_FRAME_MIN);
	at = (uint8_t *)rte_pktmbuf_append(new, frame_len);
	if (at == NULL) {
		rte_pktmbuf_free(new);
		return -EMSGSIZE;
	}
	memcpy(at, header, header_len);
	at += header_len;
	udp.dgram_len = rte_cpu_to_be_16(len);
	memcpy(at + ip_len, &udp, sizeof(udp));
	if (datagram->len > 0)
		memcpy(at + ip_len + sizeof(udp), datagram->payload, datagram->len);
	memset(at + ip_len + len, 0, frame_len - header_len - ip_len - len);
	if (ipv4)
		put_ipv4(at, datagram, source, len);
	else
		put_ipv6(at, datagram, source, len);
	*frame = new;
	return 0;
}

int engine_datagram_send(
	struct engine_interface *interface, struct rte_mbuf *frame, bool wire, bool loop)
{
	if (loop)
		app_filter_loop(interface->dataplane, frame);
	if (wire && port_send(interface->port, frame) == 0)
		return 0;
	rte_pktmbuf_free(frame);
	return wire ? -EAGAIN : 0;
}
