// SPDX-License-Identifier: BSD-3-Clause
// A list of groups is read in parts while groups are joined and left.
#include <malloc.h>
#include <stdlib.h>

#include "host_fixture.h"
#include "host_listing.h"

#define MANY 20000

static size_t held(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static unsigned read_all(struct host_listing *listing)
{
	struct sluice_addr group;
	unsigned n = 0;

	while (host_listing_next(listing, &group))
		n++;
	return n;
}

static void change(struct host_fixture *fixture, bool join, unsigned number)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	cr_assert_eq(join ? fixture_join(fixture, 0, name) : fixture_leave(fixture, 0, name), 0);
}

BOTH(listing, all, "each group is listed once")
{
	struct host_listing *listing;

	fixture_join_many(fixture, 1, MANY);
	listing = host_listing_open(fixture->host);
	cr_expect_eq(read_all(listing), MANY);
	cr_expect_eq(read_all(listing), 0);
	host_listing_close(listing);
}

BOTH(listing, none, "a host without groups has an empty list")
{
	struct host_listing *listing = host_listing_open(fixture->host);

	cr_expect_eq(read_all(listing), 0);
	change(fixture, true, 1);
	cr_expect_eq(read_all(listing), 0);
	host_listing_close(listing);
}

BOTH(listing, beginning_is_cheap, "a list takes some bits per group, not a copy of the groups")
{
	struct host_listing *listing;
	size_t before;

	fixture_join_many(fixture, 1, MANY);
	before = held();
	listing = host_listing_open(fixture->host);
	cr_expect_leq(held() - before, MANY / 2, "%zu bytes", held() - before);
	host_listing_close(listing);
}

BOTH(listing, groups_come_and_go, "groups that stay are listed once, groups joined since are not")
{
	struct host_listing *listing;
	struct sluice_addr group;
	unsigned seen[1200] = {0};

	fixture_join_many(fixture, 1, 1000);
	fixture_settle(fixture);
	listing = host_listing_open(fixture->host);
	for (unsigned n = 0; n < 1000 && host_listing_next(listing, &group); n++) {
		seen[atoi(fixture_name(fixture, &group)) % 1200]++;
		if (n != 300)
			continue;
		for (unsigned i = 1; i <= 1000; i += 2)
			change(fixture, false, i);
		fixture_flush(fixture);
		fixture_settle(fixture);
		for (unsigned i = 1001; i < 1200; i++)
			change(fixture, true, i);
	}
	for (unsigned i = 2; i <= 1000; i += 2)
		cr_expect_eq(seen[i], 1, "group %u stayed", i);
	for (unsigned i = 1; i <= 1000; i += 2)
		cr_expect_leq(seen[i], 1, "group %u was left", i);
	for (unsigned i = 1001; i < 1200; i++)
		cr_expect_eq(seen[i], 0, "group %u was joined since", i);
	cr_expect_eq(read_all(listing), 0);
	host_listing_close(listing);
}
