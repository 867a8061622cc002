// SPDX-License-Identifier: BSD-3-Clause
// Builds Ethernet frames byte by byte, independently of the code under test.
#ifndef TESTS_DATAPLANE_FRAME_FIXTURE_H
#define TESTS_DATAPLANE_FRAME_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 4096

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	size_t ip; // offset of the IP header
};

// The values that frame_ipv4() and frame_ipv6() put into the headers. The MAC address of the group
// is the default.
struct frame_spec {
	const char *group, *source; // text; IPv6 if it contains a colon
	uint16_t udp_port; // destination; 0 means 5000
	uint8_t protocol; // 0: UDP
	uint16_t tags[4]; // TCIs, outermost first, up to n_tags
	unsigned n_tags;
	uint16_t outer_type; // EtherType of the first of several tags; 0: 0x88a8
	const uint8_t *options; // IPv4 options (a multiple of 4) or IPv6 extension headers
	size_t options_len;
	uint8_t next; // IPv6: type of the first extension header, if any
	uint16_t fragment; // IPv4: flags and offset; IPv6: use `options` instead
	const uint8_t *payload; // after the UDP header; without UDP, after the IP headers
	size_t payload_len;
	size_t padding; // bytes after the IP packet
	bool unicast_mac, broadcast_mac; // destination
	bool source_mac_is_group;
};

void frame_build(struct frame *frame, const struct frame_spec *spec);

// Corrects the IPv4 header checksum after a change of the header.
void frame_checksum(struct frame *frame);

#endif
