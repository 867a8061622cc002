// SPDX-License-Identifier: BSD-3-Clause
// The NASL face on the real library: the messages on the wire.
#include <sluice/nasl.h>
#include <criterion/criterion.h>
#include <sched.h>
#include "library_fixture.h"

static struct library_fixture fixture;

static void engine(void)
{
	library_fixture_eal();
	library_fixture_open(&fixture);
	cr_assert_eq(sluice_nasl_attach(fixture.sluice, NULL, NULL), 0);
}

static void close_all(void)
{
	sluice_nasl_detach();
	library_fixture_close(&fixture);
}

TestSuite(nasl_wire, .init = engine, .fini = close_all, .timeout = 300);

static void expect_example(const char *group)
{
	cr_expect_eq(join_multicast_group(group)->i_val, 1);
	cr_expect_eq(join_multicast_group(group)->i_val, 1);
	cr_expect_eq(leave_multicast_group(group), FAKE_CELL);
	cr_expect_eq(leave_multicast_group(group), FAKE_CELL);
	cr_expect_null(leave_multicast_group(group));
	cr_expect_eq(nasl_last_error(), NASL_NEVER_JOINED);
}

Test(nasl_wire, example, .description = "one report at the first join, one leave at the last leave")
{
	cr_expect_eq(join_multicast_group("239.1.1.1")->i_val, 1);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	cr_expect_eq(join_multicast_group("239.1.1.1")->i_val, 1);
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
	// Messages of the two calls would have been sent before this.
	cr_expect_eq(join_multicast_group("239.9.9.9")->i_val, 1);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.9.9.9");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 1);
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 2);
	cr_expect_null(leave_multicast_group("239.1.1.1"));
	cr_expect_str_eq(
		nasl_last_error_text(), "leave_multicast_group: never joined group 239.1.1.1");
}

Test(nasl_wire, all_systems,
	.description = "IGMP-12: joins of 224.0.0.1 are counted but never reported")
{
	expect_example("224.0.0.1");
	expect_example("ff02::1");
	expect_example("239.9.9.9");
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.9.9.9");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "224.0.0.1"), 0);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "ff02::1"), 0);
}

Test(nasl_wire, errors, .description = "API-41: errors change neither state nor wire")
{
	cr_expect_null(join_multicast_group(NULL));
	cr_expect_null(join_multicast_group(""));
	cr_expect_null(join_multicast_group("host.example"));
	cr_expect_null(join_multicast_group("10.9.0.50"));
	cr_expect_null(join_multicast_group("232.1.1.1"));
	cr_expect_eq(nasl_last_error(), NASL_SYSTEM_ERROR);
	cr_expect_str_eq(
		nasl_last_error_text(), "join_multicast_group: 232.1.1.1: Invalid argument");
	expect_example("239.9.9.9");
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.9.9.9");
	cr_expect_eq(fixture.n_records, 2);
}

Test(nasl_wire, lost, .description = "a removed device is reported as a system error")
{
	cr_expect_eq(join_multicast_group("239.1.1.1")->i_val, 1);
	library_fixture_remove(&fixture, 0);
	// When a join fails, the control thread has noticed the removal.
	while (join_multicast_group("239.1.1.2") != NULL)
		sched_yield();
	cr_expect_eq(nasl_last_error(), NASL_SYSTEM_ERROR);
	cr_expect_str_eq(
		nasl_last_error_text(), "join_multicast_group: 239.1.1.2: Network is down");
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
}
