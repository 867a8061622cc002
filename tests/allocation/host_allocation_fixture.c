// SPDX-License-Identifier: BSD-3-Clause
#include "host_allocation_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_listing.h"
#include "injector.h"

#define SOURCES_MAX 2000
#define MANY 900

struct host_lab lab;

static char text[LAB_TEXT_SIZE];
static size_t n_text;

// ---- The host's surroundings --------------------------------------------------------------------

static int on_send(void *ctx, const uint8_t *packet, size_t len, const struct sluice_addr *dst)
{
	(void)ctx;
	(void)dst;
	cr_assert_lt(lab.n_wire + len + 16, LAB_WIRE_SIZE);
	memcpy(lab.wire + lab.n_wire, &lab.now_ms, 8);
	memcpy(lab.wire + lab.n_wire + 8, &len, 8);
	memcpy(lab.wire + lab.n_wire + 16, packet, len);
	lab.n_wire += 16 + len;
	return 0;
}

static int on_publish(void *ctx, struct host *host, const struct member_change *change)
{
	(void)ctx;
	(void)host;
	(void)change;
	lab.n_published++;
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
	uint64_t until_ms = lab.now_ms + ms, next_ms;

	while (lab.host != NULL && (next_ms = host_next_ms(lab.host)) <= until_ms) {
		if (next_ms > lab.now_ms)
			lab.now_ms = next_ms;
		host_advance(lab.host, lab.now_ms);
	}
	lab.now_ms = until_ms;
}

// ---- Steps ----------------------------------------------------------------------------------

int lab_open_host(void)
{
	struct host_config config;

	host_config_default(&config);
	config.max_sources = 4 * SOURCES_MAX;
	lab.host = host_open(lab.fixture.family, &config, &ops, NULL, lab.now_ms);
	return lab.host != NULL ? 0 : -errno;
}

static int open_session(unsigned number)
{
	static const struct session_limits limits = {100000, 4 * SOURCES_MAX};

	lab.sessions[number] = session_open(&limits, NULL);
	return lab.sessions[number] != NULL ? 0 : -ENOMEM;
}

static int set_filter(const struct host_step *step, const struct sluice_addr *group)
{
	static struct sluice_addr sources[SOURCES_MAX];

	for (unsigned i = 0; i < step->n; i++)
		sources[i] = fixture_numbered(&lab.fixture, step->source + i);
	return member_set_filter(lab.sessions[step->session], lab.host, group,
		&(struct sluice_source_filter){
			step->operation == INCLUDE ? SLUICE_INCLUDE : SLUICE_EXCLUDE, step->n,
			sources},
		NULL);
}

// Goes on with the one that failed.
static int change_many(const struct host_step *step)
{
	struct session *session = lab.sessions[step->session];
	int rc = 0;

	for (; lab.done < MANY; lab.done++) {
		unsigned before = session_members(session);
		struct sluice_addr group;
		char name[16];

		sprintf(name, "%u", 1000 + lab.done);
		group = fixture_group(&lab.fixture, name);
		rc = step->operation == JOIN_MANY ? member_join(session, lab.host, &group, NULL)
						  : member_leave(session, lab.host, &group);
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

	address_parse(lab.fixture.family == AF_INET ? "192.0.2.1" : "fe80::1", &own[0].addr);
	address_parse(lab.fixture.family == AF_INET ? "192.0.2.9" : "fe80::9", &own[1].addr);
	return host_set_addresses(lab.host, own, n, lab.now_ms);
}

static int reconfigure(unsigned mtu)
{
	struct host_config config;
	int rc;

	host_config_default(&config);
	config.max_sources = 4 * SOURCES_MAX;
	config.mtu = mtu;
	rc = host_reconfigure(lab.host, &config, lab.now_ms);
	while (!host_classify_some(lab.host, 100))
		;
	return rc;
}

static int list(void)
{
	struct host_listing *listing = host_listing_open(lab.host);
	struct host_status status;
	struct sluice_addr group;
	unsigned n = 0;

	if (listing == NULL)
		return -ENOMEM;
	while (host_listing_next(listing, &group))
		n++;
	host_listing_close(listing);
	host_status(lab.host, &status);
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
	packet = fixture_query_packet(&lab.fixture,
		NEWEST(&lab.fixture) - (step->operation == OLD_QUERY), step->group, names, 1000);
	injector_resume();
	host_input(lab.host, packet.bytes, packet.len, lab.now_ms);
	lab.loose |= injector_failed() > before;
	lab.asked = step->group;
	lab.asked_at = lab.n_wire;
}

// A response names the group of the query.
static void expect_response(void)
{
	struct sluice_addr group;
	unsigned len = lab.fixture.family == AF_INET ? 4 : 16;

	if (lab.asked == NULL)
		return;
	group = fixture_group(&lab.fixture, lab.asked);
	cr_assert_not_null(
		memmem(lab.wire + lab.asked_at, lab.n_wire - lab.asked_at, group.bytes, len),
		"no response for group %s", lab.asked);
	lab.asked = NULL;
}

int lab_call(const struct host_step *step)
{
	struct session *session = lab.sessions[step->session];
	struct sluice_addr source = fixture_numbered(&lab.fixture, step->source);
	struct sluice_addr group = {AF_UNSPEC};

	if (step->group != NULL)
		group = fixture_group(&lab.fixture, step->group);
	switch (step->operation) {
	case OPEN:
		return open_session(step->session);
	case CLOSE:
		session_close(session);
		lab.sessions[step->session] = NULL;
		return 0;
	case JOIN:
		return member_join(session, lab.host, &group, NULL);
	case LEAVE:
		return member_leave(session, lab.host, &group);
	case JOIN_MANY:
	case LEAVE_MANY:
		return change_many(step);
	case JOIN_SOURCE:
		return member_join_source(session, lab.host, &group, &source, NULL);
	case LEAVE_SOURCE:
		return member_leave_source(session, lab.host, &group, &source);
	case BLOCK:
		return member_block_source(session, lab.host, &group, &source);
	case UNBLOCK:
		return member_unblock_source(session, lab.host, &group, &source);
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
		host_set_link(lab.host, step->n > 0, lab.now_ms);
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
	n_text += vsnprintf(text + n_text, LAB_TEXT_SIZE - n_text, format, args);
	va_end(args);
	cr_assert_lt(n_text, LAB_TEXT_SIZE);
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
	say("  %s: %s, %u joins,", fixture_name(&lab.fixture, &group),
		filter.mode == SLUICE_INCLUDE ? "include" : "exclude", member_joins(member));
	say_sources(filter.sources, filter.n_sources);
	cr_assert_eq(host_group_get(lab.host, &group, &info, merged, 4 * SOURCES_MAX), 0);
	say("; %s, %s, %u members", info.mode == SLUICE_INCLUDE ? "include" : "exclude",
		lab.loose ? "" : states[info.state], info.n_members);
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
const char *lab_describe(void)
{
	struct host_status status;
	struct member *member;

	n_text = 0;
	text[0] = '\0';
	if (lab.host == NULL)
		return text;
	host_status(lab.host, &status);
	say("version %u, %u groups, %u leaving\n", status.version, status.n_groups,
		lab.loose ? 0 : status.n_leaving);
	if (!lab.loose)
		say_counters(lab.host);
	for (unsigned i = 0; i < LAB_SESSIONS; i++) {
		if (lab.sessions[i] == NULL)
			continue;
		say("session %u: %u members\n", i, session_members(lab.sessions[i]));
		member = session_first_member(lab.sessions[i]);
		for (; member != NULL; member = session_next_member(member))
			say_member(member);
	}
	return text;
}

// ---- Life -----------------------------------------------------------------------------------

void lab_begin(int family)
{
	lab.fixture = (struct host_fixture){.family = family};
	lab.now_ms = 1000000;
	lab.n_wire = 0;
	lab.loose = false;
	lab.asked = NULL;
	lab.n_published = 0;
}

void lab_finish(void)
{
	for (unsigned i = 0; i < LAB_SESSIONS; i++) {
		if (lab.sessions[i] != NULL)
			session_close(lab.sessions[i]);
		lab.sessions[i] = NULL;
	}
	if (lab.host != NULL)
		host_close(lab.host);
	lab.host = NULL;
}
