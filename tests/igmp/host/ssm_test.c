// SPDX-License-Identifier: BSD-3-Clause
// Source-specific multicast: section SSM.
#include <errno.h>
#include <stdio.h>

#include "host_fixture.h"

static bool is_ssm(struct lab *lab, const char *text)
{
	struct sluice_addr group;

	cr_assert(address_parse(text, &group));
	if (member_join(lab->sessions[0], lab->host, &group, NULL) == -EINVAL)
		return true;
	cr_assert_eq(member_leave(lab->sessions[0], lab->host, &group), 0);
	return false;
}

ONE(AF_INET, ssm, ipv4_range, "SSM-1 SSM-2: 232/8 takes no any-source join")
{
	cr_assert(is_ssm(lab, "232.0.0.1"));
	cr_assert(is_ssm(lab, "232.255.255.255"));
	cr_assert(!is_ssm(lab, "231.255.255.255"));
	cr_assert(!is_ssm(lab, "233.0.0.0"));
	cr_assert(!is_ssm(lab, "239.232.0.1"));
	lab_says(lab, "");
}

ONE(AF_INET6, ssm, ipv6_range, "SSM-1 SSM-2: FF3x::/32 takes no any-source join")
{
	struct sluice_addr group, source = lab_source(lab, 'a');
	char text[ADDRESS_TEXT_MAX];

	for (unsigned scope = 0; scope < 16; scope++) {
		sprintf(text, "ff3%x::8000:1", scope);
		cr_expect(is_ssm(lab, text), "%s", text);
		sprintf(text, "ff3%x:0:ffff::8000:1", scope);
		cr_expect(is_ssm(lab, text), "%s", text);
		sprintf(text, "ff3%x:1::8000:1", scope);
		cr_expect(!is_ssm(lab, text), "%s", text);
	}
	// The first after those that are reserved.
	address_parse("ff3e::4000:1", &group);
	cr_assert_eq(member_join_source(lab->sessions[0], lab->host, &group, &source, NULL), 0);
	cr_assert_eq(member_leave(lab->sessions[0], lab->host, &group), 0);
	cr_assert(!is_ssm(lab, "ff1e::8000:1"));
	lab_says(lab, "");
}

BOTH(ssm, refusals, "SSM-2 SSM-3 API-41: whatever would exclude is refused")
{
	cr_assert_eq(lab_join(lab, 0, "S1"), -EINVAL);
	cr_assert_eq(lab_exclude(lab, 0, "S1", "a"), -EINVAL);
	cr_assert_str_eq(lab_state(lab, "S1"), "none");
	lab_says(lab, "");
	cr_assert_eq(lab_join_source(lab, 0, "S1", 'a'), 0);
	cr_assert_eq(lab_exclude(lab, 0, "S1", "a"), -EINVAL);
	cr_assert_eq(lab_block(lab, 0, "S1", 'a'), -EINVAL);
	lab_says(lab, "ALLOW(S1:a)");
}

static void not_aware(struct host_config *config)
{
	config->ssm_aware = false;
}

BOTH_TUNED(ssm, unaware, not_aware, "SSM-2 DEC-4: the knob")
{
	cr_assert_eq(lab_join(lab, 0, "S1"), 0);
	lab_says(lab, "TO_EX(S1:)");
}

BOTH(ssm, records, "SSM-3 SSM-4 SSM-6: only IS_IN, ALLOW and BLOCK")
{
	lab_include(lab, 0, "S1", "abc");
	lab_says(lab, "ALLOW(S1:abc)");
	lab_run(lab, 3000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab), "S1", "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(S1:abc)");
	lab_query(lab, NEWEST(lab), "S1", "abz", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(S1:ab)");
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(S1:abc)");
	lab_leave(lab, 0, "S1");
	lab_says(lab, "BLOCK(S1:abc)");
}

BOTH(ssm, range_changes, "SSM-1 SSM-3 SSM-4: a group that a new range takes in leaves EXCLUDE")
{
	struct host_range range = {.prefix = lab_group(lab, "1"), .length = 16};
	struct host_config config = lab->config;

	lab_exclude(lab, 0, "1", "a");
	lab_include(lab, 1, "1", "b");
	lab_says(lab, "TO_EX(1:a)");
	lab_run(lab, 3000);
	lab_take(lab);
	config.ssm_ranges = &range;
	config.n_ssm_ranges = 1;
	cr_assert_eq(host_reconfigure(lab->host, &config, lab->now_ms), 0);
	lab_says(lab, "TO_IN(1:b)");
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 3000);
	cr_assert_null(strstr(lab_take(lab), "EX("));
	cr_assert_eq(lab_join(lab, 2, "1"), -EINVAL);
	cr_assert_eq(lab_join(lab, 2, "S1"), 0);
	config.ssm_ranges = NULL;
	config.n_ssm_ranges = 0;
	cr_assert_eq(host_reconfigure(lab->host, &config, lab->now_ms), 0);
	lab_flush(lab);
	cr_assert_not_null(strstr(lab_take(lab), "TO_EX(1:a)"));
}

BOTH(ssm, old_query, "SSM-5: an old query that names an SSM group is logged and answered")
{
	lab_include(lab, 0, "S1", "a");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab) - 1, "S1", "", 1000);
	cr_assert_not_null(strstr(lab->logged, "SSM"));
	lab_run(lab, 1000);
	lab_expect(lab, "IS_IN(S1:a)");
	lab_query(lab, NEWEST(lab) - 1, NULL, "", 1000);
	cr_assert_not_null(strstr(lab->logged, "source filters"));
}

BOTH(ssm, leave, "SSM-7: a leave is said only in an old version")
{
	lab_include(lab, 0, "S1", "a");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_leave(lab, 0, "S1");
	lab_says(lab, "BLOCK(S1:a)");
	lab_run(lab, 3000);
	lab_expect(lab, "BLOCK(S1:a)");
	lab_query(lab, NEWEST(lab) - 1, NULL, "", 1000);
	lab_include(lab, 0, "S1", "a");
	lab_flush(lab);
	lab_run(lab, 20000);
	lab_take(lab);
	lab_leave(lab, 0, "S1");
	lab_says(lab, "LEAVE(S1)");
}
