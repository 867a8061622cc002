// SPDX-License-Identifier: BSD-3-Clause
#include <sluice/nasl.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "library_double_fixture.h"

static void one_interface(void)
{
	unsetenv("SLUICE_SOCKET");
	unsetenv("SLUICE_INTERFACE");
	library_double_interface_add("tv", "10.9.0.2", "fe80::2");
}

TestSuite(nasl, .init = one_interface);

static void expect_error(const struct tree_cell *cell, enum nasl_error error, const char *text)
{
	cr_expect_null(cell);
	cr_expect_eq(nasl_last_error(), error);
	cr_expect_str_eq(nasl_last_error_text(), text);
}

static void expect_one(const struct tree_cell *cell)
{
	cr_assert(cell);
	cr_expect_eq(cell->i_val, 1);
	cr_expect_eq(nasl_last_error(), NASL_OK);
	cr_expect_str_empty(nasl_last_error_text());
}

Test(nasl, example, .description = "join, join, leave, leave: one report, one leave")
{
	expect_one(join_multicast_group("239.1.1.1"));
	cr_expect_str_eq(library_double_log(),
		"session_open /run/sluice/sluice.sock 0;join 0 239.1.1.1;+239.1.1.1;");
	expect_one(join_multicast_group("239.1.1.1"));
	cr_expect_str_eq(library_double_log(), "join 0 239.1.1.1;");
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
	cr_expect_str_eq(library_double_log(), "leave 0 239.1.1.1;");
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
	cr_expect_str_eq(library_double_log(), "leave 0 239.1.1.1;-239.1.1.1;");
	expect_error(leave_multicast_group("239.1.1.1"), NASL_NEVER_JOINED,
		"leave_multicast_group: never joined group 239.1.1.1");
	cr_expect_str_empty(library_double_log());
}

Test(nasl, ipv6)
{
	expect_one(join_multicast_group("ff0e::1:2"));
	cr_expect_eq(leave_multicast_group("FF0E:0::1:2"), FAKE_CELL);
	expect_error(leave_multicast_group("ff0e::1:2"), NASL_NEVER_JOINED,
		"leave_multicast_group: never joined group ff0e::1:2");
}

Test(nasl, bad_parameters, .description = "API-41: each has its own error and changes no state")
{
	static const char *const invalid[] = {"", "host.example", "10.0.0.1", "239.1.1",
		"239.1.1.1 ", "239.1.1.256", "fe80::1", "ff02::1%tv", "255.255.255.255"};
	char text[128];

	expect_one(join_multicast_group("239.1.1.1"));
	library_double_log();
	expect_error(join_multicast_group(NULL), NASL_MISSING_PARAMETER,
		"join_multicast_group: missing parameter");
	expect_error(leave_multicast_group(NULL), NASL_MISSING_PARAMETER,
		"leave_multicast_group: missing parameter");
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		snprintf(text, sizeof(text), "join_multicast_group: invalid parameter '%s'",
			invalid[i]);
		expect_error(join_multicast_group(invalid[i]), NASL_INVALID_PARAMETER, text);
		snprintf(text, sizeof(text), "leave_multicast_group: invalid parameter '%s'",
			invalid[i]);
		expect_error(leave_multicast_group(invalid[i]), NASL_INVALID_PARAMETER, text);
	}
	cr_expect_str_empty(library_double_log());
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
}

Test(nasl, system_errors)
{
	library_double_fail("session_open", -ECONNREFUSED);
	expect_error(join_multicast_group("239.1.1.1"), NASL_SYSTEM_ERROR,
		"join_multicast_group: 239.1.1.1: Connection refused");
	expect_one(join_multicast_group("239.1.1.1"));
	library_double_fail("join", -ENOBUFS);
	expect_error(join_multicast_group("239.1.1.2"), NASL_SYSTEM_ERROR,
		"join_multicast_group: 239.1.1.2: No buffer space available");
	library_double_fail("leave", -EPIPE);
	expect_error(leave_multicast_group("239.1.1.1"), NASL_SYSTEM_ERROR,
		"leave_multicast_group: 239.1.1.1: Broken pipe");
	cr_expect_eq(library_double_sessions(), 0);
	expect_one(join_multicast_group("239.1.1.1"));
	cr_expect_eq(library_double_sessions(), 1, "another session");
}

Test(nasl, interface_and_socket,
	.description = "the environment selects the interface; sluice_nasl_attach() has priority")
{
	library_double_interface_add("tv20", "10.20.0.2", NULL);
	expect_error(join_multicast_group("239.1.1.1"), NASL_SYSTEM_ERROR,
		"join_multicast_group: 239.1.1.1: No such device");
	sluice_nasl_detach();
	setenv("SLUICE_SOCKET", "/tmp/environment", 1);
	setenv("SLUICE_INTERFACE", "tv20", 1);
	library_double_log();
	expect_one(join_multicast_group("239.1.1.1"));
	cr_expect_str_eq(library_double_log(),
		"session_open /tmp/environment 0;join 2 239.1.1.1;+239.1.1.1;");
	cr_expect_eq(sluice_nasl_attach(NULL, NULL, NULL), -EBUSY);
	sluice_nasl_detach();
	cr_expect_str_eq(library_double_log(), "session_close;-239.1.1.1;");

	cr_expect_eq(sluice_nasl_attach(NULL, "/tmp/attached", "tv"), 0);
	expect_one(join_multicast_group("239.1.1.1"));
	cr_expect_str_eq(
		library_double_log(), "session_open /tmp/attached 0;join 1 239.1.1.1;+239.1.1.1;");
	sluice_nasl_detach();

	cr_expect_eq(sluice_nasl_attach(NULL, "/tmp/attached", "nowhere"), 0);
	expect_error(join_multicast_group("239.1.1.1"), NASL_SYSTEM_ERROR,
		"join_multicast_group: 239.1.1.1: No such device");
	cr_expect_eq(library_double_sessions(), 0);

	cr_expect_eq(sluice_nasl_attach((struct sluice *)&library_double_session, NULL, "tv"), 0);
	library_double_log();
	expect_one(join_multicast_group("239.1.1.1"));
	cr_expect_str_eq(
		library_double_log(), "session_open engine 0;join 1 239.1.1.1;+239.1.1.1;");
}
