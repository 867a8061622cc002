// SPDX-License-Identifier: BSD-3-Clause
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

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

// ---- The host -------------------------------------------------------------------------------

static int lab_on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	struct lab *lab = ctx;
	char *end = lab->published;

	(void)host;
	if (lab->publish_error != 0)
		return lab->publish_error;
	lab->n_published++;
	lab->change = *change;
	// A new member keeps what it is given here.
	if (change->is_new)
		member_set_user(change->member, (void *)change->arg);
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

	(void)host;
	cr_assert_eq(member_state(member), MEMBER_JOINED);
	lab->n_joined++;
}

static void lab_on_log(void *ctx, struct host *host, const char *text)
{
	struct lab *lab = ctx;

	(void)host;
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
			session_close(lab->sessions[i]);
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

	return member_join(session_of(lab, session), lab->host, &addr, NULL);
}

int lab_leave(struct lab *lab, unsigned session, const char *group)
{
	struct sluice_addr addr = lab_group(lab, group);

	return member_leave(session_of(lab, session), lab->host, &addr);
}

typedef int delta_call(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source);

static int delta(
	struct lab *lab, delta_call *call, unsigned session, const char *group, char source)
{
	struct sluice_addr addr = lab_group(lab, group);
	struct sluice_addr source_addr = lab_source(lab, source);

	return call(session_of(lab, session), lab->host, &addr, &source_addr);
}

int lab_join_source(struct lab *lab, unsigned session, const char *group, char source)
{
	struct sluice_addr addr = lab_group(lab, group);
	struct sluice_addr source_addr = lab_source(lab, source);

	return member_join_source(session_of(lab, session), lab->host, &addr, &source_addr, NULL);
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
		session_of(lab, session), lab->host, &addr, mode, sources, n, NULL);
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

void lab_join_many(struct lab *lab, unsigned first, unsigned n)
{
	char name[12];

	for (unsigned i = first; i < first + n; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(lab_join(lab, 0, name), 0);
	}
	lab_settle(lab);
}

void lab_settle(struct lab *lab)
{
	lab_flush(lab);
	lab_run(lab, 20000);
	if (!lab->quiet)
		lab_take(lab);
}

unsigned lab_version(struct lab *lab)
{
	struct host_status status;

	host_status(lab->host, &status);
	return status.version;
}

static int compare_delays(const void *a, const void *b)
{
	unsigned first = *(const unsigned *)a, second = *(const unsigned *)b;

	return (first > second) - (first < second);
}

void lab_expect_uniform(unsigned *delays, unsigned n, unsigned max)
{
	double worst = 0;

	qsort(delays, n, sizeof(*delays), compare_delays);
	cr_assert(delays[0] > 0 && delays[n - 1] <= max);
	for (unsigned i = 0; i < n; i++)
		worst = fmax(worst, fabs((i + 0.5) / n - delays[i] / (double)max));
	// Kolmogorov-Smirnov: 1.63 / sqrt(n) is passed with p = 0.01.
	cr_assert_lt(worst, 1.63 / sqrt(n), "not uniform in (0, %u]", max);
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
