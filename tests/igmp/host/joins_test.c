// SPDX-License-Identifier: BSD-3-Clause
// The count of joins of a membership: n leaves undo n joins, whatever filter was set in between.
#include <errno.h>

#include "host_fixture.h"

static unsigned n_joins(struct host_fixture *fixture)
{
	struct sluice_addr group = fixture_group(fixture, "1");
	const struct member *member = member_find(fixture->sessions[0], fixture->host, &group);

	return member != NULL ? member_joins(member) : 0;
}

BOTH(joins, counted, "API-11 STA-9: joins are counted, the last leave ends the membership")
{
	struct sluice_addr group = fixture_group(fixture, "1");

	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(fixture_join(fixture, 0, "1"), 0);
	cr_assert_eq(fixture->n_published, 1);
	cr_assert_eq(member_joins(member_find(fixture->sessions[0], fixture->host, &group)), 3);
	fixture_says(fixture, "TO_EX(1:)");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "TO_IN(1:)");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, refused, "API-13 API-41: a refused filter does not change the count of joins")
{
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	fixture->publish_error = -ENOSPC;
	cr_assert_eq(fixture_exclude(fixture, 0, "1", "a"), -ENOSPC);
	fixture->publish_error = 0;
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "TO_IN(1:)");
}

BOTH(joins, block, "API-13: n leaves undo n joins, blocked sources stay until the last one")
{
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "1");
	fixture_block(fixture, 0, "1", 'a');
	fixture_says(fixture, "TO_EX(1:a)");
	cr_assert_eq(n_joins(fixture), 2);
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "");
	cr_assert_eq(n_joins(fixture), 1);
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX(a) joined 1");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "TO_IN(1:)");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, filter,
	"API-13 API-28: a filter on an existing membership leaves the count of joins alone")
{
	fixture_join(fixture, 0, "1");
	fixture_join(fixture, 0, "1");
	cr_assert_eq(fixture_exclude(fixture, 0, "1", "b"), 0);
	cr_assert_eq(fixture_join(fixture, 0, "1"), 0);
	cr_assert_eq(fixture_include(fixture, 0, "1", "ab"), 0);
	fixture_flush(fixture);
	fixture_take(fixture);
	for (unsigned n = 3; n > 1; n--) {
		cr_assert_eq(n_joins(fixture), n);
		cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
		fixture_says(fixture, "");
		cr_assert_str_eq(fixture_state(fixture, "1"), "IN(ab) joined 1");
	}
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	cr_assert_eq(fixture_leave(fixture, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, new_filter, "API-13 API-26: a filter that creates a membership counts as one join")
{
	fixture_exclude(fixture, 0, "1", "");
	cr_assert_eq(n_joins(fixture), 1);
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_take(fixture);
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "TO_IN(1:)");
}

BOTH(joins, end, "API-27 STA-2: INCLUDE{} ends a membership with any count of joins")
{
	for (unsigned i = 0; i < 3; i++)
		fixture_join(fixture, 0, "1");
	fixture_says(fixture, "TO_EX(1:)");
	cr_assert_eq(fixture_include(fixture, 0, "1", ""), 0);
	fixture_says(fixture, "TO_IN(1:)");
	cr_assert_eq(fixture_leave(fixture, 0, "1"), -EADDRNOTAVAIL);
	// Leaving the last source ends it, too.
	for (unsigned i = 0; i < 3; i++)
		fixture_join(fixture, 0, "1");
	cr_assert_eq(fixture_include(fixture, 0, "1", "a"), 0);
	cr_assert_eq(fixture_leave_source(fixture, 0, "1", 'a'), 0);
	cr_assert_eq(fixture_leave(fixture, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, sources, "API-13 API-14: joins of sources are not counted, one leave drops all sources")
{
	fixture_join_source(fixture, 0, "1", 'a');
	fixture_join_source(fixture, 0, "1", 'b');
	fixture_says(fixture, "ALLOW(1:ab)");
	cr_assert_eq(n_joins(fixture), 1);
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	fixture_says(fixture, "BLOCK(1:ab)");
}
