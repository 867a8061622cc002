// SPDX-License-Identifier: BSD-3-Clause
// The merge of all members into the state of the interface: section STA.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

static const char *answer(struct host_fixture *fixture)
{
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 1000);
	return fixture_take(fixture);
}

BOTH(state, calls, "STA-1 STA-2: a filter replaces the earlier one, INCLUDE of nothing ends it")
{
	cr_assert_eq(fixture_include(fixture, 0, "1", "ab"), 0);
	cr_assert_str_eq(fixture->published, "IN(1:ab)");
	cr_assert_eq(fixture_exclude(fixture, 0, "1", "cb"), 0);
	cr_assert_str_eq(fixture->published, "EX(1:bc)");
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX(bc) pending 1");
	cr_assert_eq(fixture_include(fixture, 0, "1", ""), 0);
	cr_assert_str_eq(fixture->published, "IN(1:)");
	cr_assert_eq(session_members(fixture->sessions[0]), 0);
	cr_assert_eq(fixture_include(fixture, 0, "1", ""), 0);
	cr_assert_eq(fixture->n_published, 3);
	fixture_says(fixture, "");
}

static void expect_filter(struct host_fixture *fixture, enum sluice_filter_mode mode, unsigned n)
{
	struct sluice_addr group = fixture_group(fixture, "1");
	enum sluice_filter_mode found;
	unsigned n_found = 0;

	cr_assert_eq(member_get_filter(
			     fixture->sessions[0], fixture->host, &group, &found, NULL, &n_found),
		0);
	cr_expect_eq(found, mode);
	cr_expect_eq(n_found, n);
}

BOTH(state, limit, "STA-3 API-3 API-30: 64 sources are accepted, too many change nothing")
{
	struct sluice_addr group = fixture_group(fixture, "1");
	struct sluice_addr sources[1025];
	struct sluice_addr one;

	for (unsigned i = 0; i < 1025; i++)
		sources[i] = fixture_numbered(fixture, 1 + i);
	cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
			     &(struct sluice_source_filter){SLUICE_INCLUDE, 64, sources}, NULL),
		0);
	cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
			     &(struct sluice_source_filter){SLUICE_INCLUDE, 1024, sources}, NULL),
		0);
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
			     &(struct sluice_source_filter){SLUICE_INCLUDE, 1025, sources}, NULL),
		-ENOBUFS);
	one = sources[1024];
	cr_assert_eq(member_join_source(fixture->sessions[0], fixture->host, &group, &one, NULL),
		-ENOBUFS);
	fixture_says(fixture, "");
	expect_filter(fixture, SLUICE_INCLUDE, 1024);
	cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
			     &(struct sluice_source_filter){SLUICE_EXCLUDE, 1024, sources}, NULL),
		0);
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	cr_assert_eq(
		member_block_source(fixture->sessions[0], fixture->host, &group, &one), -ENOBUFS);
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "");
	expect_filter(fixture, SLUICE_EXCLUDE, 1024);
}

BOTH(state, exclude, "STA-4: the state excludes the sources that all exclude and none includes")
{
	fixture_exclude(fixture, 0, "1", "abcd");
	fixture_exclude(fixture, 1, "1", "bcde");
	fixture_include(fixture, 2, "1", "def");
	cr_assert_str_eq(answer(fixture), "IS_EX(1:bc)");
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX(bc) joined 3");
	fixture_exclude(fixture, 3, "1", "");
	cr_assert_str_eq(answer(fixture), "IS_EX(1:)");
	fixture_leave(fixture, 3, "1");
	cr_assert_str_eq(answer(fixture), "IS_EX(1:bc)");
	fixture_leave(fixture, 2, "1");
	cr_assert_str_eq(answer(fixture), "IS_EX(1:bcd)");
	fixture_leave(fixture, 0, "1");
	cr_assert_str_eq(answer(fixture), "IS_EX(1:bcde)");
}

BOTH(state, include,
	"STA-5 STA-6: if all include, the state is the union, and no EXCLUDE record is sent")
{
	fixture_include(fixture, 0, "1", "abc");
	fixture_include(fixture, 1, "1", "bcd");
	fixture_include(fixture, 2, "1", "ef");
	fixture_says(fixture, "ALLOW(1:abcdef)");
	cr_assert_str_eq(answer(fixture), "IS_IN(1:abcdef)");
	fixture_leave(fixture, 1, "1");
	fixture_says(fixture, "BLOCK(1:d)");
}

static bool refuse_all(size_t size)
{
	(void)size;
	return true;
}

static unsigned refuse_at;

static bool refuse_one(size_t size)
{
	(void)size;
	return refuse_at-- == 0;
}

extern bool (*memory_refuse)(size_t size);

BOTH(state, no_memory, "STA-7 API-41: without memory a call fails and changes nothing")
{
	unsigned n_failed = 0;
	size_t memory;
	struct host_status status;

	fixture_exclude(fixture, 0, "1", "abc");
	fixture_include(fixture, 1, "1", "cd");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	// Every allocation of every call fails once.
	for (unsigned at = 0; at < 12; at++) {
		struct sluice_addr many[500];
		struct sluice_addr group = fixture_group(fixture, "1");
		unsigned n_published = fixture->n_published;
		int rc[6];

		for (unsigned i = 0; i < 500; i++)
			many[i] = fixture_numbered(fixture, 5000 + i);
		memory_refuse = refuse_one;
		refuse_at = at;
		rc[0] = member_set_filter(fixture->sessions[1], fixture->host, &group,
			&(struct sluice_source_filter){SLUICE_INCLUDE, 500, many}, NULL);
		refuse_at = at;
		rc[1] = fixture_exclude(fixture, 2, "7", "abc");
		refuse_at = at;
		rc[2] = fixture_include(fixture, 3, "1", "xyz");
		refuse_at = at;
		rc[3] = fixture_join(fixture, 4, "9");
		refuse_at = at;
		rc[4] = fixture_block(fixture, 0, "1", 'e');
		refuse_at = at;
		rc[5] = fixture_join_source(fixture, 1, "1", 'a');
		memory_refuse = NULL;
		for (unsigned i = 0; i < 6; i++) {
			cr_assert(rc[i] == 0 || rc[i] == -ENOMEM);
			n_failed += rc[i] != 0;
			n_published += rc[i] == 0;
		}
		cr_assert_eq(fixture->n_published, n_published, "the data plane was called");
		if (rc[5] == 0)
			fixture_leave_source(fixture, 1, "1", 'a');
		if (rc[4] == 0)
			fixture_unblock(fixture, 0, "1", 'e');
		if (rc[0] == 0)
			fixture_include(fixture, 1, "1", "cd");
		if (rc[1] == 0)
			fixture_leave(fixture, 2, "7");
		if (rc[2] == 0)
			fixture_leave(fixture, 3, "1");
		if (rc[3] == 0)
			fixture_leave(fixture, 4, "9");
		fixture_says(fixture, "");
		cr_assert_str_eq(fixture_state(fixture, "1"), "EX(ab) joined 2");
		cr_assert_str_eq(fixture_state(fixture, "7"), "none");
		cr_assert_str_eq(fixture_state(fixture, "9"), "none");
	}
	cr_assert_gt(n_failed, 4);
	host_status(fixture->host, &status);
	memory = status.memory;
	memory_refuse = refuse_all;
	cr_assert_eq(fixture_leave(fixture, 0, "1"), 0);
	cr_assert_eq(fixture_leave(fixture, 1, "1"), 0);
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	memory_refuse = NULL;
	host_status(fixture->host, &status);
	cr_assert_leq(status.memory, memory);
}

BOTH(state, refused, "STA-7 API-41: a change that the data plane refuses is not made")
{
	fixture_exclude(fixture, 0, "1", "ab");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture->publish_error = -ENOSPC;
	cr_assert_eq(fixture_join(fixture, 1, "2"), -ENOSPC);
	cr_assert_eq(fixture_join_source(fixture, 1, "1", 'a'), -ENOSPC);
	cr_assert_eq(fixture_unblock(fixture, 0, "1", 'a'), -ENOSPC);
	cr_assert_eq(fixture_block(fixture, 0, "1", 'c'), -ENOSPC);
	cr_assert_eq(fixture_exclude(fixture, 0, "1", ""), -ENOSPC);
	fixture->publish_error = 0;
	fixture_says(fixture, "");
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX(ab) joined 1");
	cr_assert_str_eq(fixture_state(fixture, "2"), "none");
}

BOTH(state, silent_merge, "STA-9: a change that does not change the merge sends nothing")
{
	fixture_join(fixture, 0, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_join(fixture, 1, "1");
	fixture_says(fixture, "");
	cr_assert_eq(fixture->n_joined, 2);
	fixture_leave(fixture, 0, "1");
	fixture_says(fixture, "");
	fixture_run(fixture, 3000);
	fixture_expect(fixture, "");
	fixture_leave(fixture, 1, "1");
	fixture_says(fixture, "TO_IN(1:)");
}

BOTH(state, duplicates, "STA-10 API-32: a source named twice counts once")
{
	fixture_exclude(fixture, 0, "1", "aab");
	fixture_says(fixture, "TO_EX(1:ab)");
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX(ab) joined 1");
	fixture_unblock(fixture, 0, "1", 'a');
	fixture_run(fixture, 3000);
	cr_assert_str_eq(answer(fixture), "IS_EX(1:b)");
}

// A naive model: the members' filters are sets of bits, merged anew each time.
struct twin {
	bool member[FIXTURE_SESSIONS];
	bool exclude[FIXTURE_SESSIONS];
	unsigned sources[FIXTURE_SESSIONS];
};

static void twin_state(const struct twin *twin, bool *exclude, unsigned *sources)
{
	unsigned all_exclude = ~0u;
	unsigned any_include = 0;

	*exclude = false;
	for (unsigned i = 0; i < FIXTURE_SESSIONS; i++) {
		if (twin->member[i] && twin->exclude[i]) {
			*exclude = true;
			all_exclude &= twin->sources[i];
		} else if (twin->member[i]) {
			any_include |= twin->sources[i];
		}
	}
	*sources = *exclude ? all_exclude & ~any_include : any_include;
}

static void names_of(unsigned sources, char names[9])
{
	for (unsigned i = 0; i < 8; i++) {
		if (sources >> i & 1)
			*names++ = 'a' + i;
	}
	*names = '\0';
}

// How a router processes the reports: RFC 9776 section 6.4, as far as a lossless link needs it.
static void router_hear(const char *text, bool *exclude, unsigned *sources)
{
	for (; text != NULL; text = strchr(text + 1, ' ')) {
		char type[8];
		char names[16] = "";
		unsigned set = 0;

		text += *text == ' ';
		cr_assert_geq(sscanf(text, "%5s", type), 1);
		sscanf(strchr(text, ':') + 1, "%15[a-h]", names);
		for (char *name = names; *name != '\0'; name++)
			set |= 1u << (*name - 'a');
		if (type[0] == 'T') {
			*exclude = type[3] == 'E';
			*sources = set;
		} else if ((type[0] == 'A') != *exclude) {
			*sources |= set;
		} else {
			*sources &= ~set;
		}
	}
}

BOTH(state, random_merge,
	"STA-4 STA-5 STA-10 CHG-1: after any calls the state is the merge and reports lead to it")
{
	struct twin twin = {.member = {false}};
	bool heard_exclude = false;
	unsigned heard_sources = 0;

	srand(7);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned session = rand() % FIXTURE_SESSIONS;
		bool exclude = rand() % 3 == 0;
		unsigned sources = rand() % 4 == 0 ? 0 : rand() & 0xff;
		char names[9], expected[64];

		names_of(sources, names);
		twin.exclude[session] = exclude;
		twin.sources[session] = sources;
		twin.member[session] = exclude || sources != 0;
		cr_assert_eq(exclude ? fixture_exclude(fixture, session, "1", names)
				     : fixture_include(fixture, session, "1", names),
			0);
		if (rand() % 2 == 0)
			fixture_flush(fixture);
		if (rand() % 4 == 0)
			fixture_run(fixture, rand() % 1500);
		if (round % 10 != 9)
			continue;
		fixture_flush(fixture);
		for (; fixture->n_taken < fixture->n_frames; fixture->n_taken++)
			router_hear(fixture->frames[fixture->n_taken].text, &heard_exclude,
				&heard_sources);
		twin_state(&twin, &exclude, &sources);
		names_of(sources, names);
		sprintf(expected, "%s(%s) ", exclude ? "EX" : "IN", names);
		if (exclude || sources != 0)
			cr_assert_eq(
				strncmp(fixture_state(fixture, "1"), expected, strlen(expected)), 0,
				"%s is not %s", fixture_state(fixture, "1"), expected);
		cr_assert_eq(heard_exclude, exclude);
		cr_assert_eq(heard_sources, sources, "round %u: routers believe %x, not %x", round,
			heard_sources, sources);
	}
}

static void expect_change(struct host_fixture *fixture, const struct member *member, bool is_new,
	bool first, bool last)
{
	cr_assert_eq(fixture->change.member, member);
	cr_assert_eq(fixture->change.is_new, is_new);
	cr_assert_eq(fixture->change.first, first);
	cr_assert_eq(fixture->change.last, last);
}

BOTH(state, published,
	"STA-8: the data plane is given the member, and whether it is the first or last of its "
	"group")
{
	struct sluice_addr group = fixture_group(fixture, "1");
	struct sluice_addr source = fixture_source(fixture, 'a');
	struct member *first, *second;
	int args[3];

	cr_assert_eq(member_join(fixture->sessions[0], fixture->host, &group, &args[0]), 0);
	first = member_find(fixture->sessions[0], fixture->host, &group);
	expect_change(fixture, first, true, true, false);
	cr_assert_eq(
		member_join_source(fixture->sessions[1], fixture->host, &group, &source, &args[1]),
		0);
	second = member_find(fixture->sessions[1], fixture->host, &group);
	expect_change(fixture, second, true, false, false);
	cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
			     &(struct sluice_source_filter){SLUICE_EXCLUDE, 1, &source}, &args[2]),
		0);
	expect_change(fixture, first, false, false, false);
	cr_assert_eq(fixture->change.arg, &args[2]);
	cr_assert_eq(member_user(first), &args[0]);
	cr_assert_eq(member_user(second), &args[1]);
	fixture_leave(fixture, 0, "1");
	expect_change(fixture, first, false, false, false);
	fixture_leave_source(fixture, 1, "1", 'a');
	expect_change(fixture, second, false, false, true);
}
