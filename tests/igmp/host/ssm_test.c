// SPDX-License-Identifier: BSD-3-Clause
// Source-specific multicast: section SSM.
#include <errno.h>
#include <stdio.h>

#include "host_fixture.h"

static bool is_ssm(struct host_fixture *fixture, const char *text)
{
	struct sluice_addr group;

	cr_assert(address_parse(text, &group));
	if (member_join(fixture->sessions[0], fixture->host, &group, NULL) == -EINVAL)
		return true;
	cr_assert_eq(member_leave(fixture->sessions[0], fixture->host, &group), 0);
	return false;
}

ONE(AF_INET, ssm, ipv4_range, "SSM-1 SSM-2: 232/8 takes no any-source join")
{
	cr_assert(is_ssm(fixture, "232.0.0.1"));
	cr_assert(is_ssm(fixture, "232.255.255.255"));
	cr_assert(!is_ssm(fixture, "231.255.255.255"));
	cr_assert(!is_ssm(fixture, "233.0.0.0"));
	cr_assert(!is_ssm(fixture, "239.232.0.1"));
	fixture_says(fixture, "");
}

ONE(AF_INET6, ssm, ipv6_range, "SSM-1 SSM-2: FF3x::/32 takes no any-source join")
{
	struct sluice_addr group, source = fixture_source(fixture, 'a');
	char text[ADDRESS_TEXT_MAX];

	for (unsigned scope = 0; scope < 16; scope++) {
		sprintf(text, "ff3%x::8000:1", scope);
		cr_expect(is_ssm(fixture, text), "%s", text);
		sprintf(text, "ff3%x:0:ffff::8000:1", scope);
		cr_expect(is_ssm(fixture, text), "%s", text);
		sprintf(text, "ff3%x:1::8000:1", scope);
		cr_expect(!is_ssm(fixture, text), "%s", text);
	}
	// The first group after the reserved ones.
	address_parse("ff3e::4000:1", &group);
	cr_assert_eq(
		member_join_source(fixture->sessions[0], fixture->host, &group, &source, NULL), 0);
	cr_assert_eq(member_leave(fixture->sessions[0], fixture->host, &group), 0);
	cr_assert(!is_ssm(fixture, "ff1e::8000:1"));
	fixture_says(fixture, "");
}

BOTH(ssm, refusals, "SSM-2 SSM-3 API-41: calls that would lead to EXCLUDE are refused")
{
	cr_assert_eq(fixture_join(fixture, 0, "S1"), -EINVAL);
	cr_assert_eq(fixture_exclude(fixture, 0, "S1", "a"), -EINVAL);
	cr_assert_str_eq(fixture_state(fixture, "S1"), "none");
	fixture_says(fixture, "");
	cr_assert_eq(fixture_join_source(fixture, 0, "S1", 'a'), 0);
	cr_assert_eq(fixture_exclude(fixture, 0, "S1", "a"), -EINVAL);
	cr_assert_eq(fixture_block(fixture, 0, "S1", 'a'), -EINVAL);
	fixture_says(fixture, "ALLOW(S1:a)");
}

static void not_aware(struct host_config *config)
{
	config->ssm_aware = false;
}

BOTH_TUNED(ssm, unaware, not_aware, "SSM-2 DEC-4: the knob")
{
	cr_assert_eq(fixture_join(fixture, 0, "S1"), 0);
	fixture_says(fixture, "TO_EX(S1:)");
}

BOTH(ssm, records, "SSM-3 SSM-4 SSM-6: only IS_IN, ALLOW and BLOCK")
{
	fixture_include(fixture, 0, "S1", "abc");
	fixture_says(fixture, "ALLOW(S1:abc)");
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_query(fixture, NEWEST(fixture), "S1", "", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(S1:abc)");
	fixture_query(fixture, NEWEST(fixture), "S1", "abz", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(S1:ab)");
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(S1:abc)");
	fixture_leave(fixture, 0, "S1");
	fixture_says(fixture, "BLOCK(S1:abc)");
}

static void reconfigure(struct host_fixture *fixture, const struct host_config *config)
{
	cr_assert_eq(host_reconfigure(fixture->host, config, fixture->now_ms), 0);
	while (!host_classify_some(fixture->host, 1))
		;
}

BOTH(ssm, range_changes, "SSM-1 SSM-3 SSM-4: a group in a new SSM range leaves EXCLUDE")
{
	struct host_range range = {.prefix = fixture_group(fixture, "1"), .length = 16};
	struct host_config config = fixture->config;

	fixture_exclude(fixture, 0, "1", "a");
	fixture_include(fixture, 1, "1", "b");
	fixture_says(fixture, "TO_EX(1:a)");
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	config.ssm_ranges = &range;
	config.n_ssm_ranges = 1;
	reconfigure(fixture, &config);
	fixture_says(fixture, "TO_IN(1:b)");
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 3000);
	cr_assert_null(strstr(fixture_take(fixture), "EX("));
	cr_assert_eq(fixture_join(fixture, 2, "1"), -EINVAL);
	cr_assert_eq(fixture_join(fixture, 2, "S1"), 0);
	config.ssm_ranges = NULL;
	config.n_ssm_ranges = 0;
	reconfigure(fixture, &config);
	fixture_flush(fixture);
	cr_assert_not_null(strstr(fixture_take(fixture), "TO_EX(1:a)"));
}

BOTH(ssm, old_query, "SSM-5: an older query of an SSM group is logged and answered")
{
	fixture_include(fixture, 0, "S1", "a");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_query(fixture, NEWEST(fixture) - 1, "S1", "", 1000);
	cr_assert_not_null(strstr(fixture->logged, "SSM"));
	fixture_run(fixture, 1000);
	fixture_expect(fixture, "IS_IN(S1:a)");
	fixture_query(fixture, NEWEST(fixture) - 1, NULL, "", 1000);
	cr_assert_not_null(strstr(fixture->logged, "source filters"));
}

BOTH(ssm, leave, "SSM-7: a leave message is sent only in an older version")
{
	fixture_include(fixture, 0, "S1", "a");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_leave(fixture, 0, "S1");
	fixture_says(fixture, "BLOCK(S1:a)");
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "BLOCK(S1:a)");
	fixture_query(fixture, NEWEST(fixture) - 1, NULL, "", 1000);
	fixture_include(fixture, 0, "S1", "a");
	fixture_flush(fixture);
	fixture_run(fixture, 20000);
	fixture_take(fixture);
	fixture_leave(fixture, 0, "S1");
	fixture_says(fixture, "LEAVE(S1)");
}
