// SPDX-License-Identifier: BSD-3-Clause
// Checks frames and formats them as text.
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static struct sluice_addr read_addr(const struct host_fixture *fixture, const uint8_t *at)
{
	struct sluice_addr addr = {.family = fixture->family};

	memcpy(addr.bytes, at, sluice_addr_len(&addr));
	return addr;
}

// Checks FRM-1 to FRM-8, which apply to every frame. Returns where the message begins.
static unsigned check_ip(const struct host_fixture *fixture, const uint8_t *p, unsigned len)
{
	cr_assert_leq(len, fixture->config.mtu);
	if (fixture->family == AF_INET) {
		cr_assert_eq(p[0], 0x46);
		cr_assert_eq(p[1], 0xc0);
		cr_assert_eq(get16(p + 2), len);
		cr_assert_eq(p[8], 1, "TTL");
		cr_assert_eq(p[9], IPPROTO_IGMP);
		cr_assert_eq(fixture_checksum(0, p, 24), 0, "IP checksum");
		cr_assert_eq(memcmp(p + 20, "\x94\x04\0\0", 4), 0, "Router Alert");
		cr_assert_eq(fixture_checksum(0, p + 24, len - 24), 0, "IGMP checksum");
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
	cr_assert_eq(fixture_checksum(fixture_pseudo_sum(p, len - 48), p + 48, len - 48), 0,
		"MLD checksum");
	return 48;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *read_record(
	const struct host_fixture *fixture, const uint8_t *record, unsigned *len, unsigned max)
{
	static const char *const types[] = {
		NULL, "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"};
	unsigned addr_len = fixture->family == AF_INET ? 4 : 16;
	struct sluice_addr group = read_addr(fixture, record + 4);
	unsigned n = get16(record + 2);
	char *text = malloc(80 + n * ADDRESS_TEXT_MAX);
	char *end = text;

	cr_assert(record[0] >= 1 && record[0] <= 6);
	cr_assert_eq(record[1], 0, "auxiliary data");
	cr_assert(record[0] != 1 || n > 0, "IS_IN of nothing");
	*len = 4 + addr_len * (n + 1);
	cr_assert_leq(*len, max);
	end += sprintf(end, "%s(%s:", types[record[0]], fixture_name(fixture, &group));
	for (unsigned i = 0; i < n; i++) {
		struct sluice_addr source = read_addr(fixture, record + 4 + addr_len * (i + 1));
		char name = source.bytes[fixture->family == AF_INET ? 3 : 15];
		struct sluice_addr lettered = fixture_source(fixture, name);

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

static char *read_report(
	const struct host_fixture *fixture, const uint8_t *message, unsigned len, unsigned *n)
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

		records[i] = read_record(fixture, message + at, &record_len, len - at);
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

static char *read_old(const struct host_fixture *fixture, const uint8_t *message, unsigned len,
	const char *name, const struct sluice_addr *dst)
{
	struct sluice_addr group =
		read_addr(fixture, message + (fixture->family == AF_INET ? 4 : 8));
	struct sluice_addr routers = {.family = fixture->family};
	char *text = malloc(80);

	address_parse(fixture->family == AF_INET ? "224.0.0.2" : "ff02::2", &routers);
	cr_assert_eq(len, fixture->family == AF_INET ? 8 : 24);
	cr_assert(sluice_addr_equal(dst, strcmp(name, "LEAVE") == 0 ? &routers : &group));
	cr_assert_eq(message[1], 0);
	if (fixture->family == AF_INET6)
		cr_assert_eq(memcmp(message + 4, "\0\0\0\0", 4), 0);
	sprintf(text, "%s(%s)", name, fixture_name(fixture, &group));
	return text;
}

int fixture_on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	struct host_fixture *fixture = ctx;
	struct host_fixture_frame frame = {.at_ms = fixture->now_ms, .len = len};
	struct sluice_addr reports;
	const uint8_t *message;
	unsigned at;

	if (fixture->port_full || (fixture->port_full_after && fixture->frames_left == 0))
		return -EAGAIN;
	if (fixture->port_full_after)
		fixture->frames_left--;
	if (fixture->quiet) {
		fixture->n_frames++;
		return 0;
	}
	at = check_ip(fixture, packet, len);
	message = packet + at;
	cr_assert_eq(memcmp(packet + (fixture->family == AF_INET ? 16 : 24), dst->bytes,
			     sluice_addr_len(dst)),
		0);
	address_parse(fixture->family == AF_INET ? "224.0.0.22" : "ff02::16", &reports);
	switch (message[0]) {
	case 0x22:
	case 143:
		cr_assert(sluice_addr_equal(dst, &reports));
		frame.text = read_report(fixture, message, len - at, &frame.n_records);
		break;
	case 0x12:
	case 131:
		frame.text = read_old(fixture, message, len - at, "V1", dst);
		break;
	case 0x16:
		frame.text = read_old(fixture, message, len - at, "V2", dst);
		break;
	case 0x17:
	case 132:
		frame.text = read_old(fixture, message, len - at, "LEAVE", dst);
		break;
	default:
		cr_assert_fail("message type %u", message[0]);
	}
	fixture->frames = realloc(fixture->frames, (fixture->n_frames + 1) * sizeof(frame));
	fixture->frames[fixture->n_frames++] = frame;
	return 0;
}

const char *fixture_take(struct host_fixture *fixture)
{
	size_t size = 1;

	for (unsigned i = fixture->n_taken; i < fixture->n_frames; i++)
		size += strlen(fixture->frames[i].text) + 3;
	free(fixture->taken);
	fixture->taken = calloc(1, size);
	size = 0;
	for (; fixture->n_taken < fixture->n_frames; fixture->n_taken++)
		size += sprintf(fixture->taken + size, "%s%s", size > 0 ? " | " : "",
			fixture->frames[fixture->n_taken].text);
	return fixture->taken;
}
