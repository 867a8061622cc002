// SPDX-License-Identifier: BSD-3-Clause
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

// ---- Names --------------------------------------------------------------------------------

struct sluice_addr fixture_group(const struct host_fixture *fixture, const char *name)
{
	struct sluice_addr addr = {.family = fixture->family};
	bool ssm = name[0] == 'S';
	unsigned number = atoi(name + ssm);

	if (fixture->family == AF_INET) {
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

const char *fixture_name(const struct host_fixture *fixture, const struct sluice_addr *group)
{
	static char name[ADDRESS_TEXT_MAX];
	const uint8_t *b = group->bytes;
	struct sluice_addr named;
	unsigned number;
	bool ssm;

	if (fixture->family == AF_INET) {
		ssm = b[0] == 232;
		number = (b[1] - 1u) << 16 | b[2] << 8 | b[3];
	} else {
		ssm = b[1] == 0x3e;
		number = b[13] << 16 | b[14] << 8 | b[15];
	}
	sprintf(name, "%s%u", ssm ? "S" : "", number);
	named = fixture_group(fixture, name);
	if (!sluice_addr_equal(&named, group))
		address_format(group, name);
	return name;
}

struct sluice_addr fixture_numbered(const struct host_fixture *fixture, unsigned number)
{
	struct sluice_addr addr = {.family = fixture->family};

	if (fixture->family == AF_INET) {
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

struct sluice_addr fixture_source(const struct host_fixture *fixture, char name)
{
	return fixture_numbered(fixture, name);
}

unsigned fixture_sources(
	const struct host_fixture *fixture, const char *names, struct sluice_addr *sources)
{
	unsigned n = 0;

	for (; *names != '\0'; names++)
		sources[n++] = fixture_source(fixture, *names);
	return n;
}

// ---- The host -------------------------------------------------------------------------------

static int fixture_on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	struct host_fixture *fixture = ctx;
	char *end = fixture->published;

	(void)host;
	if (fixture->publish_error != 0)
		return fixture->publish_error;
	fixture->n_published++;
	fixture->change = *change;
	// A new member keeps the user pointer that is set here.
	if (change->is_new)
		member_set_user(change->member, (void *)change->arg);
	end += sprintf(end, "%s(%s:", change->filter.mode == SLUICE_INCLUDE ? "IN" : "EX",
		fixture_name(fixture, change->group));
	for (unsigned i = 0; i < change->filter.n_sources && change->filter.n_sources < 27; i++)
		*end++ = change->filter.sources[i].bytes[fixture->family == AF_INET ? 3 : 15];
	strcpy(end, ")");
	return 0;
}

static void fixture_on_joined(void *ctx, struct host *host, struct member *member)
{
	struct host_fixture *fixture = ctx;

	(void)host;
	cr_assert_eq(member_state(member), MEMBER_JOINED);
	fixture->n_joined++;
}

static void fixture_on_log(void *ctx, struct host *host, const char *text)
{
	struct host_fixture *fixture = ctx;

	(void)host;
	fixture->n_logged++;
	snprintf(fixture->logged, sizeof(fixture->logged), "%s", text);
}

static const struct host_ops ops = {
	.send = fixture_on_send,
	.publish = fixture_on_publish,
	.joined = fixture_on_joined,
	.log = fixture_on_log,
};

struct host_fixture *fixture_open(int family, void (*tune)(struct host_config *config))
{
	static const struct session_limits limits = {.groups = 2000000, .sources = 100000};
	struct host_fixture *fixture = calloc(1, sizeof(*fixture));
	struct host_address own = {.prefix_length = family == AF_INET ? 24 : 64};

	fixture->family = family;
	fixture->now_ms = 1000000;
	host_config_default(&fixture->config);
	if (tune != NULL)
		tune(&fixture->config);
	fixture->host = host_open(family, &fixture->config, &ops, fixture, fixture->now_ms);
	cr_assert_not_null(fixture->host);
	address_parse(family == AF_INET ? "192.0.2.1" : "fe80::1", &own.addr);
	cr_assert_eq(host_set_addresses(fixture->host, &own, 1, fixture->now_ms), 0);
	for (unsigned i = 0; i < FIXTURE_SESSIONS; i++)
		fixture->sessions[i] = session_open(&limits, fixture);
	return fixture;
}

void fixture_close(struct host_fixture *fixture)
{
	for (unsigned i = 0; i < FIXTURE_SESSIONS; i++) {
		if (fixture->sessions[i] != NULL)
			session_close(fixture->sessions[i]);
	}
	host_close(fixture->host);
	for (unsigned i = 0; i < fixture->n_frames && !fixture->quiet; i++)
		free(fixture->frames[i].text);
	free(fixture->frames);
	free(fixture->taken);
	free(fixture);
}

void fixture_run(struct host_fixture *fixture, uint64_t ms)
{
	uint64_t until_ms = fixture->now_ms + ms;
	uint64_t next_ms;

	while ((next_ms = host_next_ms(fixture->host)) <= until_ms) {
		if (next_ms > fixture->now_ms)
			fixture->now_ms = next_ms;
		host_advance(fixture->host, fixture->now_ms);
		fixture->n_wakes++;
		cr_assert_gt(host_next_ms(fixture->host), fixture->now_ms, "it spins");
	}
	fixture->now_ms = until_ms;
}

static struct session *session_of(struct host_fixture *fixture, unsigned session)
{
	cr_assert_lt(session, FIXTURE_SESSIONS);
	return fixture->sessions[session];
}

int fixture_join(struct host_fixture *fixture, unsigned session, const char *group)
{
	struct sluice_addr addr = fixture_group(fixture, group);

	return member_join(session_of(fixture, session), fixture->host, &addr, NULL);
}

int fixture_leave(struct host_fixture *fixture, unsigned session, const char *group)
{
	struct sluice_addr addr = fixture_group(fixture, group);

	return member_leave(session_of(fixture, session), fixture->host, &addr);
}

typedef int delta_call(struct session *session, struct host *host, const struct sluice_addr *group,
	const struct sluice_addr *source);

static int delta(struct host_fixture *fixture, delta_call *call, unsigned session,
	const char *group, char source)
{
	struct sluice_addr addr = fixture_group(fixture, group);
	struct sluice_addr source_addr = fixture_source(fixture, source);

	return call(session_of(fixture, session), fixture->host, &addr, &source_addr);
}

int fixture_join_source(
	struct host_fixture *fixture, unsigned session, const char *group, char source)
{
	struct sluice_addr addr = fixture_group(fixture, group);
	struct sluice_addr source_addr = fixture_source(fixture, source);

	return member_join_source(
		session_of(fixture, session), fixture->host, &addr, &source_addr, NULL);
}

int fixture_leave_source(
	struct host_fixture *fixture, unsigned session, const char *group, char source)
{
	return delta(fixture, member_leave_source, session, group, source);
}

int fixture_block(struct host_fixture *fixture, unsigned session, const char *group, char source)
{
	return delta(fixture, member_block_source, session, group, source);
}

int fixture_unblock(struct host_fixture *fixture, unsigned session, const char *group, char source)
{
	return delta(fixture, member_unblock_source, session, group, source);
}

static int set_filter(struct host_fixture *fixture, unsigned session, const char *group,
	enum sluice_filter_mode mode, const char *names)
{
	struct sluice_addr addr = fixture_group(fixture, group);
	struct sluice_addr sources[64];
	unsigned n = fixture_sources(fixture, names, sources);

	return member_set_filter(session_of(fixture, session), fixture->host, &addr,
		&(struct sluice_source_filter){mode, n, sources}, NULL);
}

int fixture_include(
	struct host_fixture *fixture, unsigned session, const char *group, const char *sources)
{
	return set_filter(fixture, session, group, SLUICE_INCLUDE, sources);
}

int fixture_exclude(
	struct host_fixture *fixture, unsigned session, const char *group, const char *sources)
{
	return set_filter(fixture, session, group, SLUICE_EXCLUDE, sources);
}

void fixture_flush(struct host_fixture *fixture)
{
	host_flush(fixture->host, fixture->now_ms);
}

void fixture_join_many(struct host_fixture *fixture, unsigned first, unsigned n)
{
	char name[12];

	for (unsigned i = first; i < first + n; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(fixture_join(fixture, 0, name), 0);
	}
	fixture_settle(fixture);
}

void fixture_settle(struct host_fixture *fixture)
{
	fixture_flush(fixture);
	fixture_run(fixture, 20000);
	if (!fixture->quiet)
		fixture_take(fixture);
}

unsigned fixture_version(struct host_fixture *fixture)
{
	struct host_status status;

	host_status(fixture->host, &status);
	return status.version;
}

static int compare_delays(const void *a, const void *b)
{
	unsigned first = *(const unsigned *)a, second = *(const unsigned *)b;

	return (first > second) - (first < second);
}

void fixture_expect_uniform(unsigned *delays, unsigned n, unsigned max)
{
	double worst = 0;

	qsort(delays, n, sizeof(*delays), compare_delays);
	cr_assert(delays[0] > 0 && delays[n - 1] <= max);
	for (unsigned i = 0; i < n; i++)
		worst = fmax(worst, fabs((i + 0.5) / n - delays[i] / (double)max));
	// Kolmogorov-Smirnov: 1.63 / sqrt(n) is passed with p = 0.01.
	cr_assert_lt(worst, 1.63 / sqrt(n), "not uniform in (0, %u]", max);
}

const char *fixture_state(struct host_fixture *fixture, const char *group)
{
	static const char *const states[] = {
		[HOST_GROUP_PENDING] = "pending",
		[HOST_GROUP_JOINED] = "joined",
		[HOST_GROUP_LEAVING] = "leaving",
	};
	static char text[128];
	struct sluice_addr addr = fixture_group(fixture, group);
	struct sluice_addr sources[64];
	struct host_group_info info;
	char *end = text;

	if (host_group_get(fixture->host, &addr, &info, sources, 64) < 0)
		return "none";
	end += sprintf(end, "%s(", info.mode == SLUICE_INCLUDE ? "IN" : "EX");
	for (unsigned i = 0; i < info.n_sources && i < 64; i++)
		*end++ = sources[i].bytes[fixture->family == AF_INET ? 3 : 15];
	sprintf(end, ") %s %u", states[info.state], info.n_members);
	return text;
}
