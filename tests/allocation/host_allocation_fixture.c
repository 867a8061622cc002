// SPDX-License-Identifier: BSD-3-Clause
#include "host_allocation_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_listing.h"
#include "injector.h"

#define SOURCES_MAX 2000
#define MANY 900

struct host_run host_run;

static char text[HOST_TEXT_SIZE];
static size_t n_text;

// ---- The host's surroundings --------------------------------------------------------------------

static int on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	(void)ctx;
	(void)dst;
	cr_assert_lt(host_run.n_wire + len + 16, HOST_WIRE_SIZE);
	memcpy(host_run.wire + host_run.n_wire, &host_run.now_ms, 8);
	memcpy(host_run.wire + host_run.n_wire + 8, &len, 8);
	memcpy(host_run.wire + host_run.n_wire + 16, packet, len);
	host_run.n_wire += 16 + len;
	return 0;
}

static int on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	host_run.n_published++;
	return 0;
}

static void on_joined(void *ctx, struct host *host, struct member *member)
{
	(void)ctx;
	(void)host;
	cr_assert_eq(member_state(member), MEMBER_JOINED);
}

static const struct host_ops ops = {.send = on_send, .publish = on_publish, .joined = on_joined};

static void run(uint64_t ms)
{
	uint64_t until_ms = host_run.now_ms + ms, next_ms;

	while (host_run.host != NULL && (next_ms = host_next_ms(host_run.host)) <= until_ms) {
		if (next_ms > host_run.now_ms)
			host_run.now_ms = next_ms;
		host_advance(host_run.host, host_run.now_ms);
	}
	host_run.now_ms = until_ms;
}

// ---- Steps ----------------------------------------------------------------------------------

int host_allocation_open(void)
{
	struct host_config config;

	host_config_default(&config);
	config.max_sources = 4 * SOURCES_MAX;
	host_run.host = host_open(host_run.fixture.family, &config, &ops, NULL, host_run.now_ms);
	return host_run.host != NULL ? 0 : -errno;
}

static int open_session(unsigned number)
{
	static const struct session_limits limits = {100000, 4 * SOURCES_MAX};

	host_run.sessions[number] = session_open(&limits, NULL);
	return host_run.sessions[number] != NULL ? 0 : -ENOMEM;
}

static int set_filter(const struct host_step *step, const struct sluice_addr *group)
{
	static struct sluice_addr sources[SOURCES_MAX];

	for (unsigned i = 0; i < step->n; i++)
		sources[i] = fixture_numbered(&host_run.fixture, step->source + i);
	return member_set_filter(host_run.sessions[step->session], host_run.host, group,
		&(struct sluice_source_filter){
			step->operation == INCLUDE ? SLUICE_INCLUDE : SLUICE_EXCLUDE, step->n,
			sources},
		NULL);
}

// Goes on with the one that failed.
static int change_many(const struct host_step *step)
{
	struct session *session = host_run.sessions[step->session];
	int rc = 0;

	for (; host_run.done < MANY; host_run.done++) {
		unsigned before = session_members(session);
		struct sluice_addr group;
		char name[16];

		sprintf(name, "%u", 1000 + host_run.done);
		group = fixture_group(&host_run.fixture, name);
		rc = step->operation == JOIN_MANY
			     ? member_join(session, host_run.host, &group, NULL)
			     : member_leave(session, host_run.host, &group);
		if (rc < 0) {
			cr_assert_eq(session_members(session), before);
			return rc;
		}
	}
	return rc;
}

static int set_addresses(unsigned n)
{
	struct host_address own[2] = {{.prefix_length = 24}, {.prefix_length = 24}};

	address_parse(host_run.fixture.family == AF_INET ? "192.0.2.1" : "fe80::1", &own[0].addr);
	address_parse(host_run.fixture.family == AF_INET ? "192.0.2.9" : "fe80::9", &own[1].addr);
	return host_set_addresses(host_run.host, own, n, host_run.now_ms);
}

static int reconfigure(unsigned mtu)
{
	struct host_config config;
	int rc;

	host_config_default(&config);
	config.max_sources = 4 * SOURCES_MAX;
	config.mtu = mtu;
	rc = host_reconfigure(host_run.host, &config, host_run.now_ms);
	while (!host_classify_some(host_run.host, 100))
		;
	return rc;
}

static int list(void)
{
	struct host_listing *listing = host_listing_open(host_run.host);
	struct host_status status;
	struct sluice_addr group;
	unsigned n = 0;

	if (listing == NULL)
		return -ENOMEM;
	while (host_listing_next(listing, &group))
		n++;
	host_listing_close(listing);
	host_status(host_run.host, &status);
	cr_assert_eq(n, status.n_groups + status.n_leaving);
	return 0;
}

static void hear(const struct host_step *step)
{
	char names[64] = "";
	struct host_fixture_packet packet;
	uint64_t before = injector_failed();

	for (unsigned i = 0; i < step->n; i++)
		sprintf(names + i, "%c", step->source + i);
	injector_pause();
	packet = fixture_query_packet(&host_run.fixture,
		NEWEST(&host_run.fixture) - (step->operation == OLD_QUERY), step->group, names,
		1000);
	injector_resume();
	host_input(host_run.host, packet.bytes, packet.len, host_run.now_ms);
	host_run.loose |= injector_failed() > before;
	host_run.asked = step->group;
	host_run.asked_at = host_run.n_wire;
}

// A response names the group of the query.
static void expect_response(void)
{
	struct sluice_addr group;
	unsigned len = host_run.fixture.family == AF_INET ? 4 : 16;

	if (host_run.asked == NULL)
		return;
	group = fixture_group(&host_run.fixture, host_run.asked);
	cr_assert_not_null(memmem(host_run.wire + host_run.asked_at,
				   host_run.n_wire - host_run.asked_at, group.bytes, len),
		"no response for group %s", host_run.asked);
	host_run.asked = NULL;
}

int host_allocation_call(const struct host_step *step)
{
	struct session *session = host_run.sessions[step->session];
	struct sluice_addr source = fixture_numbered(&host_run.fixture, step->source);
	struct sluice_addr group = {AF_UNSPEC};

	if (step->group != NULL)
		group = fixture_group(&host_run.fixture, step->group);
	switch (step->operation) {
	case OPEN:
		return open_session(step->session);
	case CLOSE:
		session_close(session);
		host_run.sessions[step->session] = NULL;
		return 0;
	case JOIN:
		return member_join(session, host_run.host, &group, NULL);
	case LEAVE:
		return member_leave(session, host_run.host, &group);
	case JOIN_MANY:
	case LEAVE_MANY:
		return change_many(step);
	case JOIN_SOURCE:
		return member_join_source(session, host_run.host, &group, &source, NULL);
	case LEAVE_SOURCE:
		return member_leave_source(session, host_run.host, &group, &source);
	case BLOCK:
		return member_block_source(session, host_run.host, &group, &source);
	case UNBLOCK:
		return member_unblock_source(session, host_run.host, &group, &source);
	case INCLUDE:
	case EXCLUDE:
		return set_filter(step, &group);
	case ADDRESSES:
		return set_addresses(step->n);
	case RECONFIGURE:
		return reconfigure(step->n);
	case LIST:
		return list();
	case QUERY:
	case OLD_QUERY:
		hear(step);
		return 0;
	case LINK:
		host_set_link(host_run.host, step->n > 0, host_run.now_ms);
		return 0;
	case RUN:
		run(step->n);
		expect_response();
		return 0;
	case END:
		break;
	}
	return -EINVAL;
}

// ---- The state as text ------------------------------------------------------------------------

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	n_text += vsnprintf(text + n_text, HOST_TEXT_SIZE - n_text, format, args);
	va_end(args);
	cr_assert_lt(n_text, HOST_TEXT_SIZE);
}

static void say_sources(const struct sluice_addr *sources, unsigned n)
{
	uint32_t hash = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 16; k++)
			hash = (hash ^ sources[i].bytes[k]) * 16777619;
	say(" %u sources %08x", n, hash);
}

static void say_member(const struct member *member)
{
	static const char *const states[] = {"pending", "joined", "leaving"};
	static struct sluice_addr merged[4 * SOURCES_MAX];
	const struct sluice_source_filter filter = member_filter(member);
	struct host_group_info info;
	struct sluice_addr group;

	member_group(member, &group);
	say("  %s: %s, %u joins,", fixture_name(&host_run.fixture, &group),
		filter.mode == SLUICE_INCLUDE ? "include" : "exclude", member_joins(member));
	say_sources(filter.sources, filter.n_sources);
	cr_assert_eq(host_group_get(host_run.host, &group, &info, merged, 4 * SOURCES_MAX), 0);
	say("; %s, %s, %u members", info.mode == SLUICE_INCLUDE ? "include" : "exclude",
		host_run.loose ? "" : states[info.state], info.n_members);
	say_sources(merged, info.n_sources);
	say("\n");
}

static void say_counters(const struct host *host)
{
	const struct host_counters *counters = host_counters(host);

#define SAY(type, member, json, ...) say("%s %lu, ", json, (unsigned long)counters->member);
	SLUICE_HOST_COUNTERS(SAY)
#undef SAY
	for (unsigned i = HOST_DROP_NONE + 1; i < HOST_DROPS; i++)
		say("%s %lu, ", host_drop_name(i), (unsigned long)host_drop_count(host, i));
}

// Counters of the wire only count while the frames are the same.
const char *host_allocation_describe(void)
{
	struct host_status status;
	struct member *member;

	n_text = 0;
	text[0] = '\0';
	if (host_run.host == NULL)
		return text;
	host_status(host_run.host, &status);
	say("version %u, %u groups, %u leaving\n", status.version, status.n_groups,
		host_run.loose ? 0 : status.n_leaving);
	if (!host_run.loose)
		say_counters(host_run.host);
	for (unsigned i = 0; i < HOST_SESSIONS; i++) {
		if (host_run.sessions[i] == NULL)
			continue;
		say("session %u: %u members\n", i, session_members(host_run.sessions[i]));
		member = session_first_member(host_run.sessions[i]);
		for (; member != NULL; member = session_next_member(member))
			say_member(member);
	}
	return text;
}

// ---- Life -----------------------------------------------------------------------------------

void host_allocation_begin(int family)
{
	host_run.fixture = (struct host_fixture){.family = family};
	host_run.now_ms = 1000000;
	host_run.n_wire = 0;
	host_run.loose = false;
	host_run.asked = NULL;
	host_run.n_published = 0;
}

void host_allocation_finish(void)
{
	for (unsigned i = 0; i < HOST_SESSIONS; i++) {
		if (host_run.sessions[i] != NULL)
			session_close(host_run.sessions[i]);
		host_run.sessions[i] = NULL;
	}
	if (host_run.host != NULL)
		host_close(host_run.host);
	host_run.host = NULL;
}
