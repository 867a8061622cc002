// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"

// ---- Names --------------------------------------------------------------------------------

struct sluice_addr lab_group(const struct lab *lab, const char *name)
{
	struct sluice_addr addr = {.family = lab->family};
	bool ssm = name[0] == 'S';
	unsigned number = atoi(name + ssm);

	if (lab->family == AF_INET) {
		uint8_t bytes[4] = {ssm ? 232 : 239, 1 + (number >> 16), number >> 8, number};

		memcpy(addr.bytes, bytes, 4);
	} else {
		addr.bytes[0] = 0xff;
		addr.bytes[1] = ssm ? 0x3e : 0x1e;
		addr.bytes[12] = ssm ? 0x80 : 0;
		addr.bytes[13] = number >> 16;
		addr.bytes[14] = number >> 8;
		addr.bytes[15] = number;
	}
	return addr;
}

const char *lab_name(const struct lab *lab, const struct sluice_addr *group)
{
	static char name[ADDRESS_TEXT_MAX];
	const uint8_t *b = group->bytes;
	struct sluice_addr named;
	unsigned number;
	bool ssm;

	if (lab->family == AF_INET) {
		ssm = b[0] == 232;
		number = (b[1] - 1u) << 16 | b[2] << 8 | b[3];
	} else {
		ssm = b[1] == 0x3e;
		number = b[13] << 16 | b[14] << 8 | b[15];
	}
	sprintf(name, "%s%u", ssm ? "S" : "", number);
	named = lab_group(lab, name);
	if (!sluice_addr_equal(&named, group))
		address_format(group, name);
	return name;
}

struct sluice_addr lab_numbered(const struct lab *lab, unsigned number)
{
	struct sluice_addr addr = {.family = lab->family};

	if (lab->family == AF_INET) {
		uint8_t bytes[4] = {10, number >> 16, number >> 8, number};

		memcpy(addr.bytes, bytes, 4);
	} else {
		uint8_t bytes[4] = {0x20, 0x01, 0x0d, 0xb8};

		memcpy(addr.bytes, bytes, 4);
		addr.bytes[13] = number >> 16;
		addr.bytes[14] = number >> 8;
		addr.bytes[15] = number;
	}
	return addr;
}

struct sluice_addr lab_source(const struct lab *lab, char name)
{
	return lab_numbered(lab, name);
}

unsigned lab_sources(const struct lab *lab, const char *names, struct sluice_addr *sources)
{
	unsigned n = 0;

	for (; *names != '\0'; names++)
		sources[n++] = lab_source(lab, *names);
	return n;
}

// ---- Frames in words ------------------------------------------------------------------------

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

uint16_t lab_checksum(uint32_t sum, const uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static uint32_t pseudo_sum(const uint8_t *packet, unsigned len)
{
	uint32_t sum = len + IPPROTO_ICMPV6;

	for (unsigned i = 8; i < 40; i += 2)
		sum += get16(packet + i);
	return sum;
}

static struct sluice_addr read_addr(const struct lab *lab, const uint8_t *at)
{
	struct sluice_addr addr = {.family = lab->family};

	memcpy(addr.bytes, at, sluice_addr_len(&addr));
	return addr;
}

// What FRM-1 to FRM-8 ask of every frame. Returns where the message begins.
static unsigned check_ip(const struct lab *lab, const uint8_t *p, unsigned len)
{
	cr_assert_leq(len, lab->config.mtu);
	if (lab->family == AF_INET) {
		cr_assert_eq(p[0], 0x46);
		cr_assert_eq(p[1], 0xc0);
		cr_assert_eq(get16(p + 2), len);
		cr_assert_eq(p[8], 1, "TTL");
		cr_assert_eq(p[9], IPPROTO_IGMP);
		cr_assert_eq(lab_checksum(0, p, 24), 0, "IP checksum");
		cr_assert_eq(memcmp(p + 20, "\x94\x04\0\0", 4), 0, "Router Alert");
		cr_assert_eq(lab_checksum(0, p + 24, len - 24), 0, "IGMP checksum");
		return 24;
	}
	cr_assert_eq(p[0] >> 4, 6);
	cr_assert_eq(get16(p + 4), len - 40);
	cr_assert_eq(p[6], IPPROTO_HOPOPTS);
	cr_assert_eq(p[7], 1, "hop limit");
	cr_assert_eq(p[40], IPPROTO_ICMPV6);
	cr_assert_eq(p[41], 0);
	cr_assert_eq(memcmp(p + 42, "\x05\x02\0\0", 4), 0, "Router Alert");
	cr_assert(memcmp(p + 8, "\xfe\x80", 2) == 0 || memcmp(p + 8, (uint8_t[16]){0}, 16) == 0);
	cr_assert_eq(lab_checksum(pseudo_sum(p, len - 48), p + 48, len - 48), 0, "MLD checksum");
	return 48;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *read_record(const struct lab *lab, const uint8_t *record, unsigned *len, unsigned max)
{
	static const char *const types[] = {
		NULL, "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"};
	unsigned addr_len = lab->family == AF_INET ? 4 : 16;
	struct sluice_addr group = read_addr(lab, record + 4);
	unsigned n = get16(record + 2);
	char *text = malloc(80 + n * ADDRESS_TEXT_MAX);
	char *end = text;

	cr_assert(record[0] >= 1 && record[0] <= 6);
	cr_assert_eq(record[1], 0, "auxiliary data");
	cr_assert(record[0] != 1 || n > 0, "IS_IN of nothing");
	*len = 4 + addr_len * (n + 1);
	cr_assert_leq(*len, max);
	end += sprintf(end, "%s(%s:", types[record[0]], lab_name(lab, &group));
	for (unsigned i = 0; i < n; i++) {
		struct sluice_addr source = read_addr(lab, record + 4 + addr_len * (i + 1));
		char name = source.bytes[lab->family == AF_INET ? 3 : 15];
		struct sluice_addr lettered = lab_source(lab, name);

		if (n < 27 && sluice_addr_equal(&source, &lettered))
			*end++ = name;
		else
			end += sprintf(end, "%s,", address_format(&source, (char[46]){0}));
	}
	*end = '\0';
	// Letters are sorted, so that a list is compared as a set.
	if (n > 1 && n < 27 && strchr(text, ',') == NULL) {
		char *list = strchr(text, ':') + 1;

		for (char *a = list; a < end; a++) {
			for (char *b = a + 1; b < end; b++) {
				char swap = *a;

				cr_assert_neq(*a, *b, "a source twice");
				if (*a > *b) {
					*a = *b;
					*b = swap;
				}
			}
		}
	}
	strcpy(end, ")");
	return text;
}

static char *read_report(const struct lab *lab, const uint8_t *message, unsigned len, unsigned *n)
{
	char **records;
	char *text;
	size_t size = 1;
	unsigned at = 8;

	*n = get16(message + 6);
	cr_assert_eq(message[1], 0);
	cr_assert_eq(get16(message + 4), 0);
	records = malloc(*n * sizeof(*records));
	for (unsigned i = 0; i < *n; i++) {
		unsigned record_len;

		records[i] = read_record(lab, message + at, &record_len, len - at);
		size += strlen(records[i]) + 1;
		at += record_len;
	}
	cr_assert_eq(at, len, "bytes after the last record");
	qsort(records, *n, sizeof(*records), compare_text);
	text = calloc(1, size);
	size = 0;
	for (unsigned i = 0; i < *n; i++) {
		size += sprintf(text + size, "%s%s", i > 0 ? " " : "", records[i]);
		free(records[i]);
	}
	free(records);
	return text;
}

static char *read_old(const struct lab *lab, const uint8_t *message, unsigned len, const char *name,
	const struct sluice_addr *dst)
{
	struct sluice_addr group = read_addr(lab, message + (lab->family == AF_INET ? 4 : 8));
	struct sluice_addr routers = {.family = lab->family};
	char *text = malloc(80);

	address_parse(lab->family == AF_INET ? "224.0.0.2" : "ff02::2", &routers);
	cr_assert_eq(len, lab->family == AF_INET ? 8 : 24);
	cr_assert(sluice_addr_equal(dst, strcmp(name, "LEAVE") == 0 ? &routers : &group));
	cr_assert_eq(message[1], 0);
	if (lab->family == AF_INET6)
		cr_assert_eq(memcmp(message + 4, "\0\0\0\0", 4), 0);
	sprintf(text, "%s(%s)", name, lab_name(lab, &group));
	return text;
}

static int lab_on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct lab *lab = ctx;
	struct lab_frame frame = {.at_ms = lab->now_ms, .len = len};
	struct sluice_addr reports;
	const uint8_t *message;
	unsigned at;

	if (lab->port_full || (lab->port_full_after && lab->frames_left == 0))
		return -EAGAIN;
	if (lab->port_full_after)
		lab->frames_left--;
	if (lab->quiet) {
		lab->n_frames++;
		return 0;
	}
	at = check_ip(lab, packet, len);
	message = packet + at;
	cr_assert_eq(memcmp(packet + (lab->family == AF_INET ? 16 : 24), dst->bytes,
			     sluice_addr_len(dst)),
		0);
	address_parse(lab->family == AF_INET ? "224.0.0.22" : "ff02::16", &reports);
	switch (message[0]) {
	case 0x22:
	case 143:
		cr_assert(sluice_addr_equal(dst, &reports));
		frame.text = read_report(lab, message, len - at, &frame.n_records);
		break;
	case 0x12:
	case 131:
		frame.text = read_old(lab, message, len - at, "V1", dst);
		break;
	case 0x16:
		frame.text = read_old(lab, message, len - at, "V2", dst);
		break;
	case 0x17:
	case 132:
		frame.text = read_old(lab, message, len - at, "LEAVE", dst);
		break;
	default:
		cr_assert_fail("message type %u", message[0]);
	}
	lab->frames = realloc(lab->frames, (lab->n_frames + 1) * sizeof(frame));
	lab->frames[lab->n_frames++] = frame;
	return 0;
}

const char *lab_take(struct lab *lab)
{
	size_t size = 1;

	for (unsigned i = lab->n_taken; i < lab->n_frames; i++)
		size += strlen(lab->frames[i].text) + 3;
	free(lab->taken);
	lab->taken = calloc(1, size);
	size = 0;
	for (; lab->n_taken < lab->n_frames; lab->n_taken++)
		size += sprintf(lab->taken + size, "%s%s", size > 0 ? " | " : "",
			lab->frames[lab->n_taken].text);
	return lab->taken;
}

// ---- The host -------------------------------------------------------------------------------

static int lab_on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	struct lab *lab = ctx;
	char *end = lab->published;

	if (lab->publish_error != 0)
		return lab->publish_error;
	lab->n_published++;
	end += sprintf(end, "%s(%s:", change->mode == SLUICE_INCLUDE ? "IN" : "EX",
		lab_name(lab, change->group));
	for (unsigned i = 0; i < change->n_sources && change->n_sources < 27; i++)
		*end++ = change->sources[i].bytes[lab->family == AF_INET ? 3 : 15];
	strcpy(end, ")");
	return 0;
}

static void lab_on_joined(void *ctx, struct host *host, struct member *member)
{
	struct lab *lab = ctx;

	cr_assert_eq(member_state(member), MEMBER_JOINED);
	lab->n_joined++;
}

static void lab_on_log(void *ctx, struct host *host, const char *text)
{
	struct lab *lab = ctx;

	lab->n_logged++;
	snprintf(lab->logged, sizeof(lab->logged), "%s", text);
}

static const struct host_ops ops = {
	.send = lab_on_send,
	.publish = lab_on_publish,
	.joined = lab_on_joined,
	.log = lab_on_log,
};

struct lab *lab_open(int family, void (*tune)(struct host_config *config))
{
	static const struct session_limits limits = {.groups = 2000000, .sources = 100000};
	struct lab *lab = calloc(1, sizeof(*lab));
	struct host_address own = {.prefix_length = family == AF_INET ? 24 : 64};

	lab->family = family;
	lab->now_ms = 1000000;
	host_config_default(&lab->config, family);
	if (tune != NULL)
		tune(&lab->config);
	lab->host = host_open(family, &lab->config, &ops, lab, lab->now_ms);
	cr_assert_not_null(lab->host);
	address_parse(family == AF_INET ? "192.0.2.1" : "fe80::1", &own.addr);
	cr_assert_eq(host_set_addresses(lab->host, &own, 1, lab->now_ms), 0);
	for (unsigned i = 0; i < LAB_SESSIONS; i++)
		lab->sessions[i] = session_open(&limits, lab);
	return lab;
}

void lab_close(struct lab *lab)
{
	for (unsigned i = 0; i < LAB_SESSIONS; i++) {
		if (lab->sessions[i] != NULL)
			session_close(lab->sessions[i], lab->now_ms);
	}
	host_close(lab->host);
	for (unsigned i = 0; i < lab->n_frames && !lab->quiet; i++)
		free(lab->frames[i].text);
	free(lab->frames);
	free(lab->taken);
	free(lab);
}

void lab_run(struct lab *lab, uint64_t ms)
{
	uint64_t until_ms = lab->now_ms + ms;
	uint64_t next_ms;

	while ((next_ms = host_next_ms(lab->host)) <= until_ms) {
		if (next_ms > lab->now_ms)
			lab->now_ms = next_ms;
		host_advance(lab->host, lab->now_ms);
		lab->n_wakes++;
		cr_assert_gt(host_next_ms(lab->host), lab->now_ms, "it spins");
	}
	lab->now_ms = until_ms;
}

static struct session *session_of(struct lab *lab, unsigned session)
{
	cr_assert_lt(session, LAB_SESSIONS);
	return lab->sessions[session];
}

int lab_join(struct lab *lab, unsigned session, const char *group)
{
	struct sluice_addr addr = lab_group(lab, group);

	return member_join(session_of(lab, session), lab->host, &addr, lab->now_ms);
}

int lab_leave(struct lab *lab, unsigned session, const char *group)
{
	struct sluice_addr addr = lab_group(lab, group);

	return member_leave(session_of(lab, session), lab->host, &addr, lab->now_ms);
}

typedef int delta_call(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source, uint64_t now_ms);

static int delta(
	struct lab *lab, delta_call *call, unsigned session, const char *group, char source)
{
	struct sluice_addr addr = lab_group(lab, group);
	struct sluice_addr source_addr = lab_source(lab, source);

	return call(session_of(lab, session), lab->host, &addr, &source_addr, lab->now_ms);
}

int lab_join_source(struct lab *lab, unsigned session, const char *group, char source)
{
	return delta(lab, member_join_source, session, group, source);
}

int lab_leave_source(struct lab *lab, unsigned session, const char *group, char source)
{
	return delta(lab, member_leave_source, session, group, source);
}

int lab_block(struct lab *lab, unsigned session, const char *group, char source)
{
	return delta(lab, member_block_source, session, group, source);
}

int lab_unblock(struct lab *lab, unsigned session, const char *group, char source)
{
	return delta(lab, member_unblock_source, session, group, source);
}

static int set_filter(struct lab *lab, unsigned session, const char *group,
	enum sluice_filter_mode mode, const char *names)
{
	struct sluice_addr addr = lab_group(lab, group);
	struct sluice_addr sources[64];
	unsigned n = lab_sources(lab, names, sources);

	return member_set_filter(
		session_of(lab, session), lab->host, &addr, mode, sources, n, lab->now_ms);
}

int lab_include(struct lab *lab, unsigned session, const char *group, const char *sources)
{
	return set_filter(lab, session, group, SLUICE_INCLUDE, sources);
}

int lab_exclude(struct lab *lab, unsigned session, const char *group, const char *sources)
{
	return set_filter(lab, session, group, SLUICE_EXCLUDE, sources);
}

void lab_flush(struct lab *lab)
{
	host_flush(lab->host, lab->now_ms);
}

const char *lab_state(struct lab *lab, const char *group)
{
	static const char *const states[] = {
		[HOST_GROUP_PENDING] = "pending",
		[HOST_GROUP_JOINED] = "joined",
		[HOST_GROUP_LEAVING] = "leaving",
	};
	static char text[128];
	struct sluice_addr addr = lab_group(lab, group);
	struct sluice_addr sources[64];
	struct host_group_info info;
	char *end = text;

	if (host_group_get(lab->host, &addr, &info, sources, 64) < 0)
		return "none";
	end += sprintf(end, "%s(", info.mode == SLUICE_INCLUDE ? "IN" : "EX");
	for (unsigned i = 0; i < info.n_sources && i < 64; i++)
		*end++ = sources[i].bytes[lab->family == AF_INET ? 3 : 15];
	sprintf(end, ") %s %u", states[info.state], info.n_members);
	return text;
}

// ---- Queries --------------------------------------------------------------------------------

// The largest code whose float value is not above v (FRM-22).
static unsigned float_code(unsigned v, unsigned mantissa_bits)
{
	unsigned exp = 0;
	unsigned limit = 1u << (mantissa_bits + 4);

	if (v < limit / 2)
		return v;
	while (exp < 7 && v >> (exp + 3) >= 2u << mantissa_bits)
		exp++;
	if (v >> (exp + 3) >= 2u << mantissa_bits)
		return limit - 1;
	return limit / 2 | exp << mantissa_bits | ((v >> (exp + 3)) & ((1u << mantissa_bits) - 1));
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static struct lab_packet start(
	const struct lab *lab, const char *src, const struct sluice_addr *dst)
{
	struct lab_packet packet = {.len = 0};
	struct sluice_addr addr;
	uint8_t *b = packet.bytes;

	address_parse(src, &addr);
	if (lab->family == AF_INET) {
		memcpy(b, "\x46\xc0\0\0\0\0\x40\0\x01\x02", 10);
		memcpy(b + 12, addr.bytes, 4);
		memcpy(b + 16, dst->bytes, 4);
		memcpy(b + 20, "\x94\x04\0\0", 4);
		packet.message = 24;
	} else {
		b[0] = 0x60;
		b[6] = IPPROTO_HOPOPTS;
		b[7] = 1;
		memcpy(b + 8, addr.bytes, 16);
		memcpy(b + 24, dst->bytes, 16);
		memcpy(b + 40, "\x3a\0\x05\x02\0\0\x01\0", 8);
		packet.message = 48;
	}
	return packet;
}

struct lab_packet lab_query_packet(const struct lab *lab, unsigned version, const char *group,
	const char *sources, unsigned response)
{
	bool igmp = lab->family == AF_INET;
	unsigned addr_len = igmp ? 4 : 16;
	bool newest = version == (igmp ? 3 : 2);
	struct sluice_addr dst;
	struct lab_packet packet;
	uint8_t *m;

	address_parse(igmp ? "224.0.0.1" : "ff02::1", &dst);
	if (group != NULL)
		dst = lab_group(lab, group);
	packet = start(lab, igmp ? "192.0.2.254" : "fe80::99", &dst);
	m = packet.bytes + packet.message;
	m[0] = igmp ? 0x11 : 130;
	if (igmp && version == 3)
		m[1] = float_code(response / 100, 4);
	else if (igmp && version == 2)
		m[1] = response / 100;
	else if (!igmp)
		put16(m + 4, version == 2 ? float_code(response, 12) : response);
	if (group != NULL)
		memcpy(m + (igmp ? 4 : 8), dst.bytes, addr_len);
	packet.len = packet.message + (igmp ? 8 : 24);
	if (newest) {
		uint8_t *tail = packet.bytes + packet.len;

		tail[0] = 2;
		tail[1] = 125;
		packet.len += 4;
		for (; *sources != '\0'; sources++, packet.len += addr_len) {
			struct sluice_addr source = lab_source(lab, *sources);

			memcpy(packet.bytes + packet.len, source.bytes, addr_len);
			put16(tail + 2, tail[2] * 256 + tail[3] + 1);
		}
	}
	lab_seal(lab, &packet);
	return packet;
}

struct lab_packet lab_report_packet(const struct lab *lab, uint8_t type, const char *group)
{
	bool igmp = lab->family == AF_INET;
	struct sluice_addr addr = lab_group(lab, group);
	struct lab_packet packet = start(lab, igmp ? "192.0.2.77" : "fe80::77", &addr);
	uint8_t *m = packet.bytes + packet.message;

	m[0] = type;
	memcpy(m + (igmp ? 4 : 8), addr.bytes, igmp ? 4 : 16);
	packet.len = packet.message + (igmp ? 8 : 24);
	lab_seal(lab, &packet);
	return packet;
}

void lab_seal(const struct lab *lab, struct lab_packet *packet)
{
	uint8_t *b = packet->bytes;
	uint8_t *m = b + packet->message;
	unsigned len = packet->len - packet->message;

	put16(m + 2, 0);
	if (lab->family == AF_INET) {
		put16(b + 2, packet->len);
		put16(b + 10, 0);
		put16(b + 10, lab_checksum(0, b, (b[0] & 0xf) * 4));
		put16(m + 2, lab_checksum(0, m, len));
	} else {
		put16(b + 4, packet->len - 40);
		put16(m + 2, lab_checksum(pseudo_sum(b, len), m, len));
	}
}

void lab_send(struct lab *lab, const struct lab_packet *packet)
{
	host_input(lab->host, packet->bytes, packet->len, lab->now_ms);
}

void lab_query(struct lab *lab, unsigned version, const char *group, const char *sources,
	unsigned response)
{
	struct lab_packet packet = lab_query_packet(lab, version, group, sources, response);

	lab_send(lab, &packet);
}
