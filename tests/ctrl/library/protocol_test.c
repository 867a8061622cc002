// SPDX-License-Identifier: BSD-3-Clause
// The protocol section of the configuration determines how the interface behaves.
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include "library_fixture.h"

#define PATIENCE_S 60

TestSuite(protocol, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;

static void open_with(const char *protocol)
{
	library_fixture_open_protocol(&fixture, protocol);
	session = library_fixture_session(&fixture);
}

static int join(const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	return sluice_join(session, 1, &addr);
}

// ---- Queries -------------------------------------------------------------------------------

// General queries, each of which one setting refuses. The TTL of the fixture is not 1.
static const struct refused_query {
	const char *setting;
	const char *source;
	bool router_alert;
	uint8_t len; // 8 is IGMPv2
	const char *reason; // why it is refused
} queries[] = {
	{"require_router_alert: true", "10.9.0.1", false, 12, "rx_no_router_alert"},
	{"strict_ttl: true", "10.9.0.1", true, 12, "rx_bad_ttl"},
	{"ignore_off_subnet: true", "10.8.0.1", true, 12, "rx_bad_source"},
	{"ignore_older_versions: true", "10.9.0.1", true, 8, "rx_old_ignored"},
};

#define QUERIES (sizeof(queries) / sizeof(queries[0]))

static void put_query(const struct refused_query *query)
{
	static const uint8_t router_alert[] = {0x94, 4, 0, 0};
	// Both lengths have the same checksum, because the rest is zero.
	static const uint8_t message[12] = {0x11, 100, 0xee, 0x9b};

	library_fixture_put(&fixture, 0,
		&(struct frame_spec){
			.group = "224.0.0.1",
			.source = query->source,
			.protocol = 2,
			.options = router_alert,
			.options_len = query->router_alert ? sizeof(router_alert) : 0,
			.payload = message,
			.payload_len = query->len,
		});
}

static uint64_t dropped(const char *reason)
{
	static struct sluice_drop_stats drops[256];
	int n = sluice_stats_drops(session, drops, 256);
	uint64_t sum = 0;

	cr_assert(n > 0 && n <= 256);
	for (int i = 0; i < n; i++)
		if (drops[i].ifindex == 1 && strcmp(drops[i].reason, reason) == 0)
			sum += drops[i].count;
	return sum;
}

static struct sluice_interface_stats interface_stats(void)
{
	struct sluice_interface_stats stats;

	cr_assert_eq(sluice_stats_interface(session, 1, &stats), 0);
	return stats;
}

Test(protocol, lenient,
	.description = "VAL-5 VAL-6 VAL-18 CMP-17: by default all queries are accepted")
{
	time_t until = time(NULL) + PATIENCE_S;

	open_with("{}");
	for (unsigned i = 0; i < QUERIES; i++)
		put_query(&queries[i]);
	while (interface_stats().rx_queries < QUERIES) {
		cr_assert(time(NULL) < until, "%lu heard",
			(unsigned long)interface_stats().rx_queries);
		sched_yield();
	}
	cr_expect_eq(interface_stats().igmp_version, 2);
	library_fixture_close(&fixture);
}

ParameterizedTestParameters(protocol, strict)
{
	static unsigned indices[QUERIES];

	for (unsigned i = 0; i < QUERIES; i++)
		indices[i] = i;
	return cr_make_param_array(unsigned, indices, QUERIES);
}

ParameterizedTest(unsigned *index, protocol, strict,
	.description = "VAL-5 VAL-6 VAL-18 CMP-17 SEC-4 TMR-12: each setting refuses its query")
{
	const struct refused_query *query = &queries[*index];
	time_t until = time(NULL) + PATIENCE_S;
	char protocol[64];

	snprintf(protocol, sizeof(protocol), "{%s}", query->setting);
	open_with(protocol);
	put_query(query);
	while (dropped(query->reason) == 0) {
		cr_assert(time(NULL) < until, "%s has no effect", query->setting);
		sched_yield();
	}
	cr_expect_eq(interface_stats().rx_queries, 0);
	cr_expect_eq(interface_stats().igmp_version, 3);
	library_fixture_close(&fixture);
}

// ---- Reports -------------------------------------------------------------------------------

Test(protocol, copies, .description = "TMR-1 TMR-4 TMR-12: a change is reported robustness times")
{
	time_t until = time(NULL) + PATIENCE_S;

	open_with("{robustness: 4, unsolicited_report_interval: 0.01}");
	cr_expect_eq(join("239.1.1.1"), 0);
	while (library_fixture_heard(&fixture, FIXTURE_TO_EX, "239.1.1.1") < 4) {
		cr_assert(time(NULL) < until, "not repeated");
		sched_yield();
	}
	library_fixture_close(&fixture);
}

Test(protocol, link_local, .description = "IGMP-13: reports of 224.0.0.0/24 can be disabled")
{
	open_with("{robustness: 1, report_link_local: false}");
	cr_expect_eq(join("224.0.0.251"), 0);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "224.0.0.251"), 0);
	library_fixture_close(&fixture);
}

Test(protocol, ssm_unaware, .description = "SSM-2: SSM awareness can be disabled")
{
	open_with("{robustness: 1, ssm_aware: false}");
	cr_expect_eq(join("232.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "232.1.1.1");
	library_fixture_close(&fixture);
}

Test(protocol, ssm_ranges, .description = "SSM-1 SSM-2: the operator sets the ranges")
{
	open_with("{robustness: 1, ssm_ranges: [239.9.0.0/16]}");
	cr_expect_eq(join("239.9.1.1"), -EINVAL);
	cr_expect_eq(join("ff3e::8000:1"), -EINVAL, "no IPv6 range is configured");
	cr_expect_eq(join("232.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "232.1.1.1");
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.9.1.1"), 0);
	library_fixture_close(&fixture);
}
