// SPDX-License-Identifier: BSD-3-Clause
// The memberships of a session, compared with a naive model.
#include <errno.h>
#include <stdlib.h>

#include "host_fixture.h"

#define GROUPS 3000
#define SESSIONS 3

// The groups of a session in the order of joining.
struct session_twin {
	unsigned groups[GROUPS];
	unsigned n;
};

static struct sluice_addr numbered(const struct host_fixture *fixture, unsigned number)
{
	struct sluice_addr group = fixture_group(fixture, "1");
	unsigned at = sluice_addr_len(&group) - 2;

	group.bytes[at] = number >> 8;
	group.bytes[at + 1] = number;
	return group;
}

static unsigned twin_find(const struct session_twin *twin, unsigned group)
{
	unsigned at = 0;

	while (at < twin->n && twin->groups[at] != group)
		at++;
	return at;
}

static void twin_remove(struct session_twin *twin, unsigned at)
{
	memmove(&twin->groups[at], &twin->groups[at + 1],
		(--twin->n - at) * sizeof(twin->groups[0]));
}

// The newest comes first.
static void compare(const struct host_fixture *fixture, struct session *session,
	const struct session_twin *twin)
{
	const struct member *member = session_first_member(session);

	cr_assert_eq(session_members(session), twin->n);
	for (unsigned i = twin->n; i-- > 0; member = session_next_member(member)) {
		struct sluice_addr wanted = numbered(fixture, twin->groups[i]), group;

		cr_assert_not_null(member);
		member_group(member, &group);
		cr_assert(sluice_addr_equal(&group, &wanted));
		cr_assert_eq(member_session(member), session);
	}
	cr_assert_null(member);
}

// Leaves every second group during a walk.
static void leave_half(
	struct host_fixture *fixture, struct session *session, struct session_twin *twin)
{
	struct member *member = session_first_member(session), *next;

	for (unsigned i = twin->n; i-- > 0; member = next) {
		struct sluice_addr group;

		next = session_next_member(member);
		if (i % 2 == 0)
			continue;
		member_group(member, &group);
		cr_assert_eq(member_leave(session, fixture->host, &group), 0);
		twin_remove(twin, i);
	}
	compare(fixture, session, twin);
}

BOTH(session, order, "API-42: a session lists its memberships after any joins and leaves")
{
	static struct session_twin twins[SESSIONS];

	srand(17);
	fixture->quiet = true;
	memset(twins, 0, sizeof(twins));
	for (unsigned round = 0; round < 60000; round++) {
		unsigned s = rand() % SESSIONS, number = 1 + rand() % GROUPS;
		// The list fills and drains twice.
		bool fill = rand() % 100 < (round / 15000 % 2 == 0 ? 80 : 15);
		struct sluice_addr group = numbered(fixture, number);
		struct session_twin *twin = &twins[s];
		unsigned at = twin_find(twin, number);

		if (fill && at == twin->n) {
			cr_assert_eq(
				member_join(fixture->sessions[s], fixture->host, &group, NULL), 0);
			twin->groups[twin->n++] = number;
		} else if (!fill && at < twin->n) {
			cr_assert_eq(member_leave(fixture->sessions[s], fixture->host, &group), 0);
			twin_remove(twin, at);
		}
		if (round % 97 == 0)
			compare(fixture, fixture->sessions[s], twin);
		if (round % 7919 == 0)
			leave_half(fixture, fixture->sessions[s], twin);
		if (round % 50 == 0)
			fixture_run(fixture, rand() % 500);
	}
}

// Groups are found by hash. No group may be taken for another.
BOTH(session, others, "STA-10: among many groups only the joined ones are found")
{
	struct host_group_info info;

	fixture->quiet = true;
	for (unsigned i = 1; i < 60000; i += 4) {
		struct sluice_addr group = numbered(fixture, i);

		cr_assert_eq(member_join(fixture->sessions[0], fixture->host, &group, NULL), 0);
	}
	for (unsigned other = 0; other < 256; other += 5) {
		for (unsigned i = 0; i < 60000; i++) {
			struct sluice_addr group = numbered(fixture, i);
			bool joined = other == 0 && i % 4 == 1;

			group.bytes[sluice_addr_len(&group) - 3] ^= other;
			cr_assert_eq(host_group_get(fixture->host, &group, &info, NULL, 0),
				joined ? 0 : -ENOENT);
		}
	}
}
