// SPDX-License-Identifier: BSD-3-Clause
#include "race_fixture.h"
#include <criterion/criterion.h>
#include <sys/socket.h>

Test(group_table_race, ipv4,
	.description = "promise 6: updates never make a lookup miss an IPv4 group that stays")
{
	race_run(AF_INET);
}

Test(group_table_race, ipv6,
	.description = "promise 6: updates never make a lookup miss an IPv6 group that stays")
{
	race_run(AF_INET6);
}

Test(group_table_race, filters_ipv4,
	.description = "promise 5: no subscriber gets an unwanted frame while IPv4 filters change")
{
	race_filters_run(AF_INET);
}

Test(group_table_race, filters_ipv6,
	.description = "promise 5: no subscriber gets an unwanted frame while IPv6 filters change")
{
	race_filters_run(AF_INET6);
}
