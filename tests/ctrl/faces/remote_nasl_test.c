// SPDX-License-Identifier: BSD-3-Clause
// The NASL face as a client of a sluiced in another process.
#include <sluice/nasl.h>
#include <criterion/criterion.h>
#include <sched.h>
#include "daemon_fixture.h"

static struct daemon_process served;

static void client(void)
{
	daemon_fork(&served);
	library_fixture_eal();
	cr_assert_eq(sluice_nasl_attach(NULL, served.path, "tv"), 0);
	cr_assert_eq(join_multicast_group("239.1.1.1")->i_val, 1);
}

TestSuite(nasl_remote, .init = client, .timeout = 300);

Test(nasl_remote, lost, .description = "a removed device is reported as a system error")
{
	daemon_remove(&served);
	// When a join fails, the daemon has noticed the removal.
	while (join_multicast_group("239.1.1.2") != NULL)
		sched_yield();
	cr_expect_eq(nasl_last_error(), NASL_SYSTEM_ERROR);
	cr_expect_str_eq(
		nasl_last_error_text(), "join_multicast_group: 239.1.1.2: Network is down");
	cr_expect_eq(leave_multicast_group("239.1.1.1"), FAKE_CELL);
	sluice_nasl_detach();
	daemon_end(&served, true);
}

Test(nasl_remote, gone,
	.description = "the death of the daemon is reported, and the next daemon is used")
{
	daemon_end(&served, false);
	cr_expect_null(join_multicast_group("239.1.1.2"));
	cr_expect_str_eq(nasl_last_error_text(), "join_multicast_group: 239.1.1.2: Broken pipe");
	cr_expect_null(join_multicast_group("239.1.1.2"));
	cr_expect_str_eq(nasl_last_error_text(),
		"join_multicast_group: 239.1.1.2: No such file or directory");
	sluice_nasl_detach();
}
