// SPDX-License-Identifier: BSD-3-Clause
#include "traffic.h"
#include "workload.h"
#include <stdlib.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#define TTL 16

struct traffic {
	struct traffic_config config;
	uint64_t frames;
	double *zipf; // per group, the sum of the weights up to it
};

static struct sluice_addr group_after(const struct sluice_addr *first, uint32_t number)
{
	struct sluice_addr group = *first;
	uint8_t *last = group.bytes + sluice_addr_len(first) - sizeof(uint32_t);
	uint32_t word_be;

	memcpy(&word_be, last, sizeof(word_be));
	word_be = rte_cpu_to_be_32(rte_be_to_cpu_32(word_be) + number);
	memcpy(last, &word_be, sizeof(word_be));
	return group;
}

static bool is_multicast(const struct sluice_addr *group)
{
	return group->family == AF_INET ? group->bytes[0] >> 4 == 0xe : group->bytes[0] == 0xff;
}

bool traffic_is_multicast(const struct traffic_config *config)
{
	const struct sluice_addr last = group_after(&config->first, config->n_groups - 1);

	return is_multicast(&config->first) && is_multicast(&last);
}

unsigned traffic_headers(const struct traffic_config *config)
{
	return RTE_ETHER_HDR_LEN + (config->vlan ? RTE_VLAN_HLEN : 0) +
	       (config->first.family == AF_INET ? sizeof(struct rte_ipv4_hdr)
						: sizeof(struct rte_ipv6_hdr)) +
	       sizeof(struct rte_udp_hdr);
}

unsigned traffic_smallest(const struct traffic_config *config)
{
	return config->size ? config->size : TRAFFIC_IMIX_SMALL;
}

unsigned traffic_largest(const struct traffic_config *config)
{
	return config->size ? config->size : TRAFFIC_IMIX_LARGE;
}

static bool zipf_open(struct traffic *traffic)
{
	unsigned n = traffic->config.n_groups;
	double sum = 0;

	traffic->zipf = malloc(n * sizeof(*traffic->zipf));
	if (!traffic->zipf)
		return false;
	for (unsigned i = 0; i < n; i++)
		traffic->zipf[i] = sum += 1.0 / (i + 1);
	return true;
}

struct traffic *traffic_open(const struct traffic_config *config)
{
	struct traffic *traffic = calloc(1, sizeof(*traffic));

	if (!traffic)
		return NULL;
	traffic->config = *config;
	if (config->order == TRAFFIC_ZIPF && !zipf_open(traffic)) {
		free(traffic);
		return NULL;
	}
	return traffic;
}

void traffic_close(struct traffic *traffic)
{
	free(traffic->zipf);
	free(traffic);
}

uint64_t traffic_frames(const struct traffic *traffic)
{
	return traffic->frames;
}

static unsigned draw_zipf(const struct traffic *traffic)
{
	const double *zipf = traffic->zipf;
	unsigned low = 0, high = traffic->config.n_groups - 1;
	double at = zipf[high] * workload_random(UINT32_MAX) / UINT32_MAX;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (zipf[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static unsigned next_group(const struct traffic *traffic)
{
	switch (traffic->config.order) {
	case TRAFFIC_UNIFORM:
		return workload_random(traffic->config.n_groups);
	case TRAFFIC_ZIPF:
		return draw_zipf(traffic);
	default:
		return traffic->frames % traffic->config.n_groups;
	}
}

static unsigned next_size(const struct traffic *traffic)
{
	static const uint16_t imix[] = {TRAFFIC_IMIX_SMALL, TRAFFIC_IMIX_MIDDLE, TRAFFIC_IMIX_SMALL,
		TRAFFIC_IMIX_MIDDLE, TRAFFIC_IMIX_SMALL, TRAFFIC_IMIX_SMALL, TRAFFIC_IMIX_LARGE,
		TRAFFIC_IMIX_SMALL, TRAFFIC_IMIX_MIDDLE, TRAFFIC_IMIX_SMALL, TRAFFIC_IMIX_MIDDLE,
		TRAFFIC_IMIX_SMALL};

	return traffic->config.size ? traffic->config.size : imix[traffic->frames % RTE_DIM(imix)];
}

static char *put_ether(
	char *to, const struct traffic_config *config, const struct sluice_addr *group)
{
	const bool ipv4 = group->family == AF_INET;
	uint16_t type_be = ipv4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6);
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)to;
	const uint8_t *g = group->bytes;

	*ether = (struct rte_ether_hdr){
		.src_addr.addr_bytes = {2, 0, 0, 0, 0, 1},
		.ether_type = config->vlan ? RTE_BE16(RTE_ETHER_TYPE_VLAN) : type_be,
	};
	if (ipv4)
		ether->dst_addr = (struct rte_ether_addr){{1, 0, 0x5e, g[1] & 0x7f, g[2], g[3]}};
	else
		ether->dst_addr = (struct rte_ether_addr){{0x33, 0x33, g[12], g[13], g[14], g[15]}};
	to += sizeof(*ether);
	if (config->vlan) {
		*(struct rte_vlan_hdr *)to =
			(struct rte_vlan_hdr){rte_cpu_to_be_16(config->vlan), type_be};
		to += sizeof(struct rte_vlan_hdr);
	}
	return to;
}

static struct rte_udp_hdr *put_ipv4(char *to, const struct traffic_config *config,
	const struct sluice_addr *group, unsigned len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)to;

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16(len),
		.time_to_live = TTL,
		.next_proto_id = IPPROTO_UDP,
	};
	memcpy(&ip->src_addr, config->source.bytes, sizeof(ip->src_addr));
	memcpy(&ip->dst_addr, group->bytes, sizeof(ip->dst_addr));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return (struct rte_udp_hdr *)(ip + 1);
}

static struct rte_udp_hdr *put_ipv6(char *to, const struct traffic_config *config,
	const struct sluice_addr *group, unsigned len)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)to;

	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = RTE_BE32(0x60000000),
		.payload_len = rte_cpu_to_be_16(len - sizeof(*ip)),
		.proto = IPPROTO_UDP,
		.hop_limits = TTL,
	};
	memcpy(ip->src_addr, config->source.bytes, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, group->bytes, sizeof(ip->dst_addr));
	return (struct rte_udp_hdr *)(ip + 1);
}

static void make_frame(struct traffic *traffic, struct rte_mbuf *frame)
{
	const struct traffic_config *config = &traffic->config;
	const struct sluice_addr group = group_after(&config->first, next_group(traffic));
	const bool ipv4 = group.family == AF_INET;
	const unsigned size = next_size(traffic);
	const uint64_t number_be = rte_cpu_to_be_64(traffic->frames);
	char *start = rte_pktmbuf_append(frame, size);
	char *ip = put_ether(start, config, &group);
	unsigned len = size - (unsigned)(ip - start);
	struct rte_udp_hdr *udp =
		ipv4 ? put_ipv4(ip, config, &group, len) : put_ipv6(ip, config, &group, len);

	len = size - (unsigned)((char *)udp - start);
	*udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16(config->udp_port),
		.dst_port = rte_cpu_to_be_16(config->udp_port),
		.dgram_len = rte_cpu_to_be_16(len),
	};
	memset(udp + 1, 0, len - sizeof(*udp));
	memcpy(udp + 1, &number_be, RTE_MIN(len - sizeof(*udp), sizeof(number_be)));
	udp->dgram_cksum = ipv4 ? rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)ip, udp)
				: rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)ip, udp);
	traffic->frames++;
}

void traffic_burst(struct traffic *traffic, struct rte_mbuf **frames, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		make_frame(traffic, frames[i]);
}
