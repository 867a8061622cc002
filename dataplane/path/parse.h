// SPDX-License-Identifier: BSD-3-Clause
// Parses an Ethernet frame: VLAN tags, group, source and UDP port, which the group table and the
// filters use. Pure functions on bytes, without EAL and without state; any thread.
#ifndef DATAPLANE_PARSE_H
#define DATAPLANE_PARSE_H

#include <endian.h>
#include <string.h>
#include <netinet/in.h>
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include "dataplane.h"
#include "l2_header.h"
#include "offload.h"

// Bytes at the start of a frame, in any number of segments, in which the headers must lie. Only an
// unreasonable chain of IPv6 extension headers could be longer.
#define PARSE_WINDOW 512

#define ETHER_TYPE_QINQ_OLD 0x9100 // used for QinQ before 802.1ad

// Whether an EtherType, in host byte order, begins a VLAN tag.
static inline bool parse_is_tag(uint16_t type)
{
	return type == RTE_ETHER_TYPE_VLAN || type == RTE_ETHER_TYPE_QINQ ||
	       type == ETHER_TYPE_QINQ_OLD;
}

enum parsed_flag {
	PARSED_IPV6 = 1,
	PARSED_LATER_FRAGMENT = 2, // not the first fragment: its UDP port is not known
	PARSED_CONTROL = 4, // IGMP or MLD, for the control thread
	PARSED_NO_GROUP_MAC = 8, // sent to a unicast MAC address or to broadcast
};

struct parsed {
	union { // network byte order
		uint32_t source4_be;
		uint8_t source6[16];
	};
	union {
		uint32_t group4_be;
		uint8_t group6[16];
	};
	union {
		struct {
			uint16_t outer_vlan; // VLAN_NONE without a tag
			uint16_t inner_vlan;
			uint16_t l3_offset; // of the IP header
			uint8_t flags; // enum parsed_flag
			uint8_t unused;
		};
		uint64_t kind; // all of these fields
	};
	uint16_t l3_len; // bytes of the IP packet, without the padding of the frame
	uint16_t udp_port_be; // destination port; 0 without a UDP header
};

// The bytes of a frame, and the VLAN tags that the NIC stripped.
struct frame_view {
	const uint8_t *data;
	uint32_t len; // readable bytes at `data`: the whole frame, or at least PARSE_WINDOW
	uint32_t frame_len;
	uint16_t outer_tci; // stripped tags, 0 if there are none
	uint16_t inner_tci;
};

// Parses any frame. Fills *parsed if it returns DROP_NONE.
enum drop_reason parse_general(const struct frame_view *view, struct parsed *parsed);

// The same for a frame in mbufs, chained or not, with the stripped tags in its metadata.
enum drop_reason parse_mbuf_general(const struct rte_mbuf *frame, struct parsed *parsed);

// parse_fast() for a frame of one segment that carries offload flags: adds the stripped tag, and
// skips the checksum if the NIC has checked it. offload_flags as in parse_mbuf_fast().
bool parse_mbuf_offload(
	const struct rte_mbuf *frame, uint64_t offload_flags, struct parsed *parsed);

// The offset of the upper-layer header of a parsed packet, from its IP header.
unsigned parse_upper_offset(const uint8_t *ip, const struct parsed *parsed);

static inline uint16_t parse_load16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint32_t parse_load32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint64_t parse_load64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

// RFC 1071: the 16-bit words of an intact header add up to a multiple of 0xffff, and so do wider
// words if the carry is added to the sum. Byte order does not matter.
static inline uint64_t parse_sum_add(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

static inline bool parse_sum_is_intact(uint64_t sum)
{
	return sum % 0xffff == 0;
}

// The value of struct parsed.kind. One store, because a comparison of kinds is one load.
static inline uint64_t parse_kind(
	uint16_t outer_vlan, uint16_t inner_vlan, uint16_t l3_offset, uint8_t flags)
{
	if (RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN)
		return outer_vlan | (uint64_t)inner_vlan << 16 | (uint64_t)l3_offset << 32 |
		       (uint64_t)flags << 48;
	return (uint64_t)outer_vlan << 48 | (uint64_t)inner_vlan << 32 | (uint64_t)l3_offset << 16 |
	       (uint64_t)flags << 8;
}

// The first bytes of all sources that are never or not always valid, and of few others, which
// parse_general() then sorts out. Tables, because a worker looks at the source of every frame.
static const bool parse_odd_source4[256] = {
	[0] = true, [127] = true, [224 ... 239] = true, [255] = true};
static const bool parse_odd_source6[256] = {[0] = true, [255] = true};

// Checks the fields of an IPv4 header without options that differ between the frames of a stream:
// length, source, group, and the checksum unless it is known to be good. `beyond`: bytes of the
// frame after this header and the UDP header.
static inline bool parse_ipv4_is_sound(const uint8_t *ip, unsigned beyond, bool checksum_good)
{
	const uint64_t head = parse_load64(ip), middle = parse_load64(ip + 8);
	const uint32_t group_be = parse_load32(ip + 16);
	const unsigned length = be16toh(parse_load16(ip + 2));

	return length - 28 <= beyond && !parse_odd_source4[ip[12]] &&
	       ((group_be ^ RTE_BE32(0xe0000000)) & RTE_BE32(0xf0000000)) == 0 &&
	       (checksum_good ||
		       parse_sum_is_intact(parse_sum_add(parse_sum_add(head, middle), group_be)));
}

// The same for an IPv6 header without extension headers. A segment has less than 64 KiB, so that
// the length of the packet fits into 16 bits.
static inline bool parse_ipv6_is_sound(const uint8_t *ip, unsigned beyond)
{
	const unsigned length = be16toh(parse_load16(ip + 4));

	return ip[24] == 0xff && !parse_odd_source6[ip[8]] && length - 8 <= beyond;
}

// Parses the common case: at most one tag, then IPv4 without options or IPv6 without extension
// headers, then UDP, no tag stripped. Returns false for anything else, valid or not, which
// parse_general() then parses. checksum_good: the IPv4 header checksum is known to be
// good.
static inline bool parse_fast(
	const uint8_t *data, uint32_t len, bool checksum_good, struct parsed *parsed)
{
	unsigned offset = sizeof(struct rte_ether_hdr);
	uint16_t type_be, l3_len, vlan = VLAN_NONE;
	uint32_t source4_be, group4_be;
	const uint8_t *ip;
	unsigned room;

	// Room for one tag, IPv4 and UDP: a minimal Ethernet frame has it.
	if (unlikely(len < offset + 4 + 28))
		return false;
	type_be = parse_load16(data + 12);
	if (type_be == RTE_BE16(RTE_ETHER_TYPE_VLAN)) {
		vlan = rte_be_to_cpu_32(parse_load32(data + 14)) >> 16 & 0xfff;
		type_be = parse_load16(data + 16);
		offset += 4;
	}
	ip = data + offset;
	room = len - offset;
	if (likely(type_be == RTE_BE16(RTE_ETHER_TYPE_IPV4))) {
		// 01-00-5E with the next bit clear, from no group address; version 4 with 5 words,
		// no fragment; UDP.
		if (unlikely((parse_load64(data) & RTE_BE64(0xffffff8000000100)) !=
				     RTE_BE64(0x01005e0000000000) ||
			     (parse_load64(ip) & RTE_BE64(0xff00000000003fff)) !=
				     RTE_BE64(0x4500000000000000) ||
			     ip[9] != IPPROTO_UDP ||
			     !parse_ipv4_is_sound(ip, room - 28, checksum_good)))
			return false;
		// Read before anything is stored, so that the compiler need not read it again.
		source4_be = parse_load32(ip + 12);
		group4_be = parse_load32(ip + 16);
		l3_len = be16toh(parse_load16(ip + 2));
		parsed->kind = parse_kind(vlan, VLAN_NONE, offset, 0);
		parsed->l3_len = l3_len;
		parsed->source4_be = source4_be;
		parsed->group4_be = group4_be;
		parsed->udp_port_be = parse_load16(ip + 22);
		return true;
	}
	if (type_be == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		if (unlikely(room < 48 ||
			     (parse_load64(data) & RTE_BE64(0xffff000000000100)) !=
				     RTE_BE64(0x3333000000000000) ||
			     (ip[0] & 0xf0) != 0x60 || ip[6] != IPPROTO_UDP ||
			     !parse_ipv6_is_sound(ip, room - 48)))
			return false;
		l3_len = be16toh(parse_load16(ip + 4)) + 40;
		parsed->kind = parse_kind(vlan, VLAN_NONE, offset, PARSED_IPV6);
		parsed->l3_len = l3_len;
		memcpy(parsed->source6, ip + 8, 16);
		memcpy(parsed->group6, ip + 24, 16);
		parsed->udp_port_be = parse_load16(ip + 42);
		return true;
	}
	return false;
}

// Whether the NIC found IPv4 without options or fragments, UDP and a good header checksum.
static inline bool parse_checksum_is_good(const struct rte_mbuf *frame, uint64_t offload_flags)
{
	const uint32_t types = RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK | RTE_PTYPE_TUNNEL_MASK;

	return (frame->ol_flags & offload_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) ==
		       RTE_MBUF_F_RX_IP_CKSUM_GOOD &&
	       (frame->packet_type & types) == (RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_UDP);
}

// parse_fast() for a frame in mbufs. offload_flags: the OFFLOAD_... flags that the port sets
// and means; OFFLOAD_TAGS always.
static inline bool parse_mbuf_fast(
	const struct rte_mbuf *frame, uint64_t offload_flags, struct parsed *parsed)
{
	if (unlikely(frame->nb_segs > 1))
		return false;
	if (frame->ol_flags & offload_flags)
		return parse_mbuf_offload(frame, offload_flags, parsed);
	return parse_fast(rte_pktmbuf_mtod(frame, const uint8_t *), frame->data_len, false, parsed);
}

// Parses a received frame.
static inline enum drop_reason parse_mbuf(const struct rte_mbuf *frame, struct parsed *parsed)
{
	if (likely(parse_mbuf_fast(frame, OFFLOAD_TAGS, parsed)))
		return DROP_NONE;
	return parse_mbuf_general(frame, parsed);
}

#endif
