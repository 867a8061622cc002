// SPDX-License-Identifier: BSD-3-Clause
// Values that a configuration may have although they look odd.
#include <criterion/criterion.h>
#include <stdio.h>

#include "config_fixture.h"

// Links of two addresses have no address of the network (RFC 3021, RFC 6164).
Test(config_accept, host_addresses)
{
	struct reports reports;
	struct config *config = config_fixture_load(BASE
		"  - {name: a, port: in0, vlan: 7, addresses: [10.9.0.0/31, 10.9.0.3/31, "
		"10.9.1.0/32]}\n"
		"  - {name: b, port: in0, vlan: 8, addresses: [\"2001:db8::/127\", "
		"\"2001:db8:1::ff/120\"]}\n",
		&reports);

	cr_assert_not_null(config, "%s", reports.lines[0]);
	cr_expect_eq(config->interfaces[1].n_addresses, 3);
	cr_expect_eq(config->interfaces[2].n_addresses, 2);
	config_free(config);
}

Test(config_accept, empty_sources,
	.description = "an empty list of sources joins nothing, and warns")
{
	struct reports reports;
	struct config *config =
		config_fixture_load(BASE "memberships:\n"
					 "  - {group: 239.1.1.1, sources: []}\n"
					 "  - {group: 239.1.1.2, exclude: []}\n"
					 "  - {group: 232.1.1.1, sources: []}\n"
					 "  - {group: 239.1.1.3, sources: [10.0.0.1]}\n",
			&reports);

	cr_assert_not_null(config, "%s", reports.lines[0]);
	cr_assert_eq(reports.n, 2);
	cr_expect_str_eq(reports.lines[0],
		"f:6: warning: memberships[0].sources: is empty, so that nothing is joined");
	cr_expect_str_eq(reports.lines[1],
		"f:8: warning: memberships[2].sources: is empty, so that nothing is joined");
	cr_assert_eq(config->n_memberships, 2);
	cr_expect_eq(config->memberships[0].filter.mode, SLUICE_EXCLUDE);
	cr_expect_eq(config->memberships[1].filter.mode, SLUICE_INCLUDE);
	cr_expect_eq(config->memberships[1].filter.n_sources, 1);
	config_free(config);
}

Test(config_accept, spelling_of_booleans)
{
	struct reports reports;
	struct config *config = config_fixture_load(
		BASE "protocol: {strict_ttl: True, ssm_aware: FALSE}\n", &reports);

	cr_assert_not_null(config, "%s", reports.lines[0]);
	cr_expect(config->protocol.strict_ttl);
	cr_expect_not(config->protocol.ssm_aware);
	config_free(config);
}
