// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "frame_fixture.h"

static void parse_address(const char *text, uint8_t bytes[16])
{
	if (inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, bytes) != 1)
		abort();
}

static void put(struct frame *frame, const void *bytes, size_t len)
{
	if (frame->len + len > FRAME_MAX)
		abort();
	if (len > 0)
		memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
}

static void put8(struct frame *frame, uint8_t value)
{
	put(frame, &value, 1);
}

static void put16(struct frame *frame, uint16_t value)
{
	put8(frame, value >> 8);
	put8(frame, value & 0xff);
}

static void put_ethernet(struct frame *frame, const struct frame_spec *spec, const uint8_t *group)
{
	static const uint8_t unicast[] = {2, 0, 0, 0, 0, 1},
			     broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t source[] = {spec->source_mac_is_group ? 3 : 2, 0, 0, 0, 0, 2};
	bool ipv6 = strchr(spec->group, ':') != NULL;
	const uint8_t mac4[] = {1, 0, 0x5e, group[1] & 0x7f, group[2], group[3]};
	const uint8_t mac6[] = {0x33, 0x33, group[12], group[13], group[14], group[15]};

	if (spec->broadcast_mac || spec->unicast_mac)
		put(frame, spec->broadcast_mac ? broadcast : unicast, 6);
	else
		put(frame, ipv6 ? mac6 : mac4, 6);
	put(frame, source, 6);
	for (unsigned i = 0; i < spec->n_tags; i++) {
		uint16_t outer = spec->outer_type != 0 ? spec->outer_type : 0x88a8;

		put16(frame, i + 1 < spec->n_tags ? outer : 0x8100);
		put16(frame, spec->tags[i]);
	}
	put16(frame, ipv6 ? 0x86dd : 0x0800);
}

static void put_ipv4(struct frame *frame, const struct frame_spec *spec, uint8_t protocol,
	size_t payload, const uint8_t *group, const uint8_t *source)
{
	size_t header = 20 + spec->options_len;

	put8(frame, 0x40 | header / 4);
	put8(frame, 0);
	put16(frame, header + payload);
	put16(frame, 0x1234);
	put16(frame, spec->fragment);
	put8(frame, 4);
	put8(frame, protocol);
	put16(frame, 0);
	put(frame, source, 4);
	put(frame, group, 4);
	put(frame, spec->options, spec->options_len);
	frame_checksum(frame);
}

static void put_ipv6(struct frame *frame, const struct frame_spec *spec, uint8_t protocol,
	size_t payload, const uint8_t *group, const uint8_t *source)
{
	put16(frame, 0x6000);
	put16(frame, 0);
	put16(frame, spec->options_len + payload);
	put8(frame, spec->options_len > 0 ? spec->next : protocol);
	put8(frame, 4);
	put(frame, source, 16);
	put(frame, group, 16);
	put(frame, spec->options, spec->options_len);
}

void frame_checksum(struct frame *frame)
{
	uint8_t *ip = frame->bytes + frame->ip;
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (unsigned i = 0; i < (ip[0] & 0xfu) * 4; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = ~sum >> 8;
	ip[11] = ~sum;
}

void frame_build(struct frame *frame, const struct frame_spec *spec)
{
	uint8_t protocol = spec->protocol != 0 ? spec->protocol : IPPROTO_UDP;
	bool later = (spec->fragment & 0x1fff) != 0;
	bool udp = protocol == IPPROTO_UDP && !later;
	size_t payload = spec->payload_len + (udp ? 8 : 0);
	bool ipv6 = strchr(spec->group, ':') != NULL;
	uint8_t group[16], source[16];
	static const uint8_t zeros[FRAME_MAX];

	parse_address(spec->group, group);
	parse_address(spec->source, source);
	frame->len = 0;
	put_ethernet(frame, spec, group);
	frame->ip = frame->len;
	if (ipv6)
		put_ipv6(frame, spec, protocol, payload, group, source);
	else
		put_ipv4(frame, spec, protocol, payload, group, source);
	if (udp) {
		put16(frame, 40000);
		put16(frame, spec->udp_port != 0 ? spec->udp_port : 5000);
		put16(frame, payload);
		put16(frame, 0);
	}
	put(frame, spec->payload != NULL ? spec->payload : zeros, spec->payload_len);
	put(frame, zeros, spec->padding);
}
