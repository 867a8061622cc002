// SPDX-License-Identifier: BSD-3-Clause
#include "parse.h"

#define EXTENSIONS_MAX 8

// Extension headers of RFC 8200 and its successors that have a length field.
#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_AUTHENTICATION 51
#define NEXT_DESTINATION 60
#define NEXT_MOBILITY 135
#define NEXT_HIP 139
#define NEXT_SHIM6 140

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define OPTION_END 0 // RFC 791 section 3.1
#define OPTION_NOP 1
#define OPTION_LOOSE_ROUTE 131
#define OPTION_STRICT_ROUTE 137
#define OPTION_MIN 2 // with its length
#define UDP_HEADER 8
#define EXTENSION_MIN 8

enum icmpv6_mld { // RFC 2710, RFC 3810
	MLD_QUERY = 130,
	MLD_REPORT = 131,
	MLD_DONE = 132,
	MLD_REPORT_V2 = 143,
};

// Stores the VLAN of a tag, outer first. VLAN 0 carries only a priority and is not stored.
static bool add_tag(struct parsed *parsed, uint16_t tci)
{
	uint16_t vlan = tci & 0xfff;

	if (vlan == VLAN_NONE)
		return true;
	if (parsed->outer_vlan == VLAN_NONE)
		parsed->outer_vlan = vlan;
	else if (parsed->inner_vlan == VLAN_NONE)
		parsed->inner_vlan = vlan;
	else
		return false;
	return true;
}

static enum drop_reason parse_tags(
	const struct frame_view *view, struct parsed *parsed, uint16_t *type)
{
	unsigned offset = sizeof(struct rte_ether_hdr);

	if (view->len < offset)
		return DROP_TRUNCATED;
	*type = rte_be_to_cpu_16(parse_load16(view->data + offset - 2));
	for (unsigned tags = 0; parse_is_tag(*type); tags++) {
		if (view->len < offset + RTE_VLAN_HLEN)
			return DROP_TRUNCATED;
		if (tags == L2_TAGS_MAX ||
			!add_tag(parsed, rte_be_to_cpu_16(parse_load16(view->data + offset))))
			return DROP_NO_INTERFACE;
		*type = rte_be_to_cpu_16(parse_load16(view->data + offset + 2));
		offset += RTE_VLAN_HLEN;
	}
	parsed->l3_offset = offset;
	return DROP_NONE;
}

// Parses what follows the IP headers. The IP packet has `left` more bytes, of which `readable` are
// at `data`. They differ only beyond PARSE_WINDOW.
static enum drop_reason parse_upper(unsigned protocol, const uint8_t *data, unsigned left,
	unsigned readable, struct parsed *parsed)
{
	bool ipv6 = parsed->flags & PARSED_IPV6;
	bool later = parsed->flags & PARSED_LATER_FRAGMENT;

	if (protocol == IPPROTO_IGMP && !ipv6) {
		parsed->flags |= PARSED_CONTROL;
	} else if (protocol == IPPROTO_UDP && !later) {
		if (left < UDP_HEADER)
			return DROP_TRUNCATED;
		if (readable < UDP_HEADER)
			return DROP_BAD_EXTENSION;
		parsed->udp_port_be = parse_load16(data + 2);
	} else if (protocol == IPPROTO_ICMPV6 && ipv6 && !later && readable > 0) {
		if (data[0] == MLD_QUERY || data[0] == MLD_REPORT || data[0] == MLD_DONE ||
			data[0] == MLD_REPORT_V2)
			parsed->flags |= PARSED_CONTROL;
	}
	return DROP_NONE;
}

// A source route has no meaning with a group.
static bool options_are_good(const uint8_t *options, unsigned len)
{
	for (unsigned at = 0; at < len && options[at] != OPTION_END;) {
		unsigned size = 1;

		if (options[at] == OPTION_LOOSE_ROUTE || options[at] == OPTION_STRICT_ROUTE)
			return false;
		if (options[at] != OPTION_NOP) {
			size = at + 1 < len ? options[at + 1] : 0;
			if (size < OPTION_MIN || size > len - at)
				return false;
		}
		at += size;
	}
	return true;
}

static enum drop_reason parse_ipv4(
	const uint8_t *ip, unsigned frame_left, unsigned readable, struct parsed *parsed)
{
	unsigned header, length;
	uint64_t sum = 0;
	uint16_t fragment;

	if (readable < IPV4_HEADER)
		return DROP_TRUNCATED;
	parsed->source4_be = parse_load32(ip + 12);
	parsed->group4_be = parse_load32(ip + 16);
	if (ip[0] >> 4 != 4)
		return DROP_BAD_VERSION;
	header = (ip[0] & 0xf) * 4;
	length = rte_be_to_cpu_16(parse_load16(ip + 2));
	if (header < IPV4_HEADER || length < header || length > frame_left)
		return DROP_BAD_LENGTH;
	for (unsigned i = 0; i < header; i += 4)
		sum = parse_sum_add(sum, parse_load32(ip + i));
	if (!parse_sum_is_intact(sum))
		return DROP_BAD_CHECKSUM;
	if (!options_are_good(ip + IPV4_HEADER, header - IPV4_HEADER))
		return DROP_BAD_OPTION;
	parsed->l3_len = length;
	fragment = rte_be_to_cpu_16(parse_load16(ip + 6));
	if (fragment & IPV4_FRAGMENT_OFFSET)
		parsed->flags |= PARSED_LATER_FRAGMENT;
	return parse_upper(
		ip[9], ip + header, length - header, RTE_MIN(length, readable) - header, parsed);
}

static bool is_extension(unsigned next)
{
	switch (next) {
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_FRAGMENT:
	case NEXT_AUTHENTICATION:
	case NEXT_DESTINATION:
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		return true;
	default:
		return false;
	}
}

static unsigned extension_length(unsigned kind, const uint8_t *header)
{
	switch (kind) {
	case NEXT_FRAGMENT:
		return EXTENSION_MIN;
	case NEXT_AUTHENTICATION:
		return (header[1] + 2) * 4;
	default:
		return (header[1] + 1) * 8;
	}
}

static enum drop_reason parse_ipv6(
	const uint8_t *ip, unsigned frame_left, unsigned readable, struct parsed *parsed)
{
	unsigned next, length, offset = IPV6_HEADER;

	parsed->flags |= PARSED_IPV6;
	if (readable < IPV6_HEADER)
		return DROP_TRUNCATED;
	memcpy(parsed->source6, ip + 8, 16);
	memcpy(parsed->group6, ip + 24, 16);
	if (ip[0] >> 4 != 6)
		return DROP_BAD_VERSION;
	length = IPV6_HEADER + rte_be_to_cpu_16(parse_load16(ip + 4));
	if (length > frame_left || length > UINT16_MAX)
		return DROP_BAD_LENGTH;
	parsed->l3_len = length;
	readable = RTE_MIN(length, readable);
	next = ip[6];
	for (unsigned n = 0; is_extension(next); n++) {
		const uint8_t *header = ip + offset;
		unsigned size;

		// Hop-by-hop options come first or not at all (RFC 8200 section 4.1). A group has
		// no route (RFC 5095).
		if (n == EXTENSIONS_MAX || (next == NEXT_HOP_BY_HOP && n > 0) ||
			next == NEXT_ROUTING || readable - offset < EXTENSION_MIN)
			return DROP_BAD_EXTENSION;
		size = extension_length(next, header);
		if (size > readable - offset)
			return DROP_BAD_EXTENSION;
		offset += size;
		if (next == NEXT_FRAGMENT && (parse_load16(header + 2) & RTE_BE16(0xfff8)) != 0) {
			// A later fragment continues with data, whatever its next header field
			// says.
			parsed->flags |= PARSED_LATER_FRAGMENT;
			return DROP_NONE;
		}
		next = header[0];
	}
	return parse_upper(next, ip + offset, length - offset, readable - offset, parsed);
}

unsigned parse_upper_offset(const uint8_t *ip, const struct parsed *parsed)
{
	unsigned next = ip[6], offset = IPV6_HEADER;

	if (!(parsed->flags & PARSED_IPV6))
		return (ip[0] & 0xf) * 4;
	while (is_extension(next)) {
		const uint8_t *header = ip + offset;

		offset += extension_length(next, header);
		if (next == NEXT_FRAGMENT && (parsed->flags & PARSED_LATER_FRAGMENT))
			break;
		next = header[0];
	}
	return offset;
}

// ---- Sources: as the kernel does, see tests/lab/odd_frames.sh --------------------------------

// 224.0.0.0/24 and ff02::/16
static bool group_is_link_local(const struct parsed *parsed)
{
	if (parsed->flags & PARSED_IPV6)
		return (parsed->group6[1] & 0xf) == 2;
	return (parsed->group4_be & RTE_BE32(0xffffff00)) == RTE_BE32(0xe0000000);
}

static enum drop_reason check_source4(const struct parsed *parsed)
{
	const uint32_t source = rte_be_to_cpu_32(parsed->source4_be);

	if (source >> 28 == 0xe)
		return DROP_SOURCE_MULTICAST;
	if (source == UINT32_MAX)
		return DROP_SOURCE_BROADCAST;
	if (source >> 24 == 127)
		return DROP_SOURCE_LOOPBACK;
	if (source == 0 && !group_is_link_local(parsed))
		return DROP_SOURCE_UNSPECIFIED;
	return DROP_NONE;
}

static enum drop_reason check_source6(const struct parsed *parsed)
{
	static const uint8_t unspecified[16], loopback[16] = {[15] = 1};

	if (parsed->source6[0] == 0xff)
		return DROP_SOURCE_MULTICAST;
	if (memcmp(parsed->source6, loopback, sizeof(loopback)) == 0)
		return DROP_SOURCE_LOOPBACK;
	if (memcmp(parsed->source6, unspecified, sizeof(unspecified)) == 0 &&
		!group_is_link_local(parsed))
		return DROP_SOURCE_UNSPECIFIED;
	return DROP_NONE;
}

// ---- Any frame -----------------------------------------------------------------------------

static bool mac_is_group(const uint8_t *mac)
{
	static const uint8_t broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return (mac[0] & 1) && memcmp(mac, broadcast, sizeof(broadcast)) != 0;
}

static bool group_is_multicast(const struct parsed *parsed)
{
	return parsed->flags & PARSED_IPV6 ? parsed->group6[0] == 0xff
					   : (parsed->group6[0] & 0xf0) == 0xe0;
}

// Checks the addresses of a frame with a result of the IP headers.
static enum drop_reason check_addresses(
	const uint8_t *macs, enum drop_reason result, struct parsed *parsed)
{
	// Only a query may be sent to our unicast address (IGMP-11, MLD-9). The hosts check its
	// source.
	if (result == DROP_NONE && (parsed->flags & PARSED_CONTROL))
		return DROP_NONE;
	if (!mac_is_group(macs))
		parsed->flags |= PARSED_NO_GROUP_MAC;
	if (result != DROP_NONE)
		return parsed->flags & PARSED_NO_GROUP_MAC ? DROP_NOT_MULTICAST : result;
	if (!group_is_multicast(parsed))
		return DROP_NOT_MULTICAST;
	return parsed->flags & PARSED_IPV6 ? check_source6(parsed) : check_source4(parsed);
}

enum drop_reason parse_general(const struct frame_view *view, struct parsed *parsed)
{
	unsigned readable, left;
	enum drop_reason result;
	const uint8_t *ip;
	uint16_t type;

	*parsed = (struct parsed){0};
	add_tag(parsed, view->outer_tci);
	add_tag(parsed, view->inner_tci);
	result = parse_tags(view, parsed, &type);
	if (result != DROP_NONE)
		return result;
	if (view->data[RTE_ETHER_ADDR_LEN] & RTE_ETHER_GROUP_ADDR)
		return DROP_SOURCE_MAC;
	ip = view->data + parsed->l3_offset;
	readable = RTE_MIN(view->len, (uint32_t)PARSE_WINDOW) - parsed->l3_offset;
	left = view->frame_len - parsed->l3_offset;
	if (type == RTE_ETHER_TYPE_IPV4)
		result = parse_ipv4(ip, left, readable, parsed);
	else if (type == RTE_ETHER_TYPE_IPV6)
		result = parse_ipv6(ip, left, readable, parsed);
	else
		result = DROP_NOT_IP;
	return check_addresses(view->data, result, parsed);
}

bool parse_mbuf_offload(const struct rte_mbuf *frame, uint64_t offload_flags, struct parsed *parsed)
{
	uint16_t vlan = frame->vlan_tci & 0xfff;

	if ((frame->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED) ||
		!parse_fast(rte_pktmbuf_mtod(frame, const uint8_t *), frame->data_len,
			parse_checksum_is_good(frame, offload_flags), parsed))
		return false;
	if ((frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && vlan != VLAN_NONE)
		parsed->kind =
			parse_kind(vlan, parsed->outer_vlan, parsed->l3_offset, parsed->flags);
	return true;
}

enum drop_reason parse_mbuf_general(const struct rte_mbuf *frame, struct parsed *parsed)
{
	uint8_t window[PARSE_WINDOW];
	struct frame_view view = {
		.data = rte_pktmbuf_mtod(frame, const uint8_t *),
		.len = frame->data_len,
		.frame_len = frame->pkt_len,
	};

	if (view.len < view.frame_len && view.len < PARSE_WINDOW) {
		view.len = RTE_MIN(view.frame_len, (uint32_t)PARSE_WINDOW);
		view.data = rte_pktmbuf_read(frame, 0, view.len, window);
	}
	if (frame->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED) {
		view.outer_tci = frame->vlan_tci_outer;
		view.inner_tci = frame->vlan_tci;
	} else if (frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		view.outer_tci = frame->vlan_tci;
	}
	return parse_general(&view, parsed);
}
