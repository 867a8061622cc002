// SPDX-License-Identifier: BSD-3-Clause
// The count of joins of a membership: n leaves undo n joins, whatever filter was set in between.
#include <errno.h>

#include "host_fixture.h"

static unsigned n_joins(struct lab *lab)
{
	struct sluice_addr group = lab_group(lab, "1");
	const struct member *member = member_find(lab->sessions[0], lab->host, &group);

	return member != NULL ? member_joins(member) : 0;
}

BOTH(joins, counted, "API-11 STA-9: joins are counted, the last leave counts")
{
	struct sluice_addr group = lab_group(lab, "1");

	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(lab_join(lab, 0, "1"), 0);
	cr_assert_eq(lab->n_published, 1);
	cr_assert_eq(member_joins(member_find(lab->sessions[0], lab->host, &group)), 3);
	lab_says(lab, "TO_EX(1:)");
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "");
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "TO_IN(1:)");
	cr_assert_eq(lab_leave(lab, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, refused, "API-13 API-41: a filter that is refused leaves the joins counted")
{
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab->publish_error = -ENOSPC;
	cr_assert_eq(lab_exclude(lab, 0, "1", "a"), -ENOSPC);
	lab->publish_error = 0;
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "");
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "TO_IN(1:)");
}

BOTH(joins, block, "API-13: n leaves undo n joins, blocked sources stay until the last one")
{
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "1");
	lab_block(lab, 0, "1", 'a');
	lab_says(lab, "TO_EX(1:a)");
	cr_assert_eq(n_joins(lab), 2);
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "");
	cr_assert_eq(n_joins(lab), 1);
	cr_assert_str_eq(lab_state(lab, "1"), "EX(a) joined 1");
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "TO_IN(1:)");
	cr_assert_eq(lab_leave(lab, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, filter,
	"API-13 API-28: a filter on an existing membership leaves the count of joins alone")
{
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "1");
	cr_assert_eq(lab_exclude(lab, 0, "1", "b"), 0);
	cr_assert_eq(lab_join(lab, 0, "1"), 0);
	cr_assert_eq(lab_include(lab, 0, "1", "ab"), 0);
	lab_flush(lab);
	lab_take(lab);
	for (unsigned n = 3; n > 1; n--) {
		cr_assert_eq(n_joins(lab), n);
		cr_assert_eq(lab_leave(lab, 0, "1"), 0);
		lab_says(lab, "");
		cr_assert_str_eq(lab_state(lab, "1"), "IN(ab) joined 1");
	}
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	cr_assert_eq(lab_leave(lab, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, new_filter, "API-13 API-26: a filter that creates a membership counts as one join")
{
	lab_exclude(lab, 0, "1", "");
	cr_assert_eq(n_joins(lab), 1);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_take(lab);
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "");
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "TO_IN(1:)");
}

BOTH(joins, end, "API-27 STA-2: INCLUDE{} ends a membership whatever its count of joins")
{
	for (unsigned i = 0; i < 3; i++)
		lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	cr_assert_eq(lab_include(lab, 0, "1", ""), 0);
	lab_says(lab, "TO_IN(1:)");
	cr_assert_eq(lab_leave(lab, 0, "1"), -EADDRNOTAVAIL);
	// So does leaving its last source.
	for (unsigned i = 0; i < 3; i++)
		lab_join(lab, 0, "1");
	cr_assert_eq(lab_include(lab, 0, "1", "a"), 0);
	cr_assert_eq(lab_leave_source(lab, 0, "1", 'a'), 0);
	cr_assert_eq(lab_leave(lab, 0, "1"), -EADDRNOTAVAIL);
}

BOTH(joins, sources, "API-13 API-14: joins of sources are not counted, one leave drops all sources")
{
	lab_join_source(lab, 0, "1", 'a');
	lab_join_source(lab, 0, "1", 'b');
	lab_says(lab, "ALLOW(1:ab)");
	cr_assert_eq(n_joins(lab), 1);
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	lab_says(lab, "BLOCK(1:ab)");
}
