// SPDX-License-Identifier: BSD-3-Clause
// The merge of all members into the state of the interface: section STA.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

static const char *answer(struct lab *lab)
{
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 1000);
	return lab_take(lab);
}

BOTH(state, calls, "STA-1 STA-2: a filter replaces the earlier one, INCLUDE of nothing ends it")
{
	cr_assert_eq(lab_include(lab, 0, "1", "ab"), 0);
	cr_assert_str_eq(lab->published, "IN(1:ab)");
	cr_assert_eq(lab_exclude(lab, 0, "1", "cb"), 0);
	cr_assert_str_eq(lab->published, "EX(1:bc)");
	cr_assert_str_eq(lab_state(lab, "1"), "EX(bc) pending 1");
	cr_assert_eq(lab_include(lab, 0, "1", ""), 0);
	cr_assert_str_eq(lab->published, "IN(1:)");
	cr_assert_eq(session_members(lab->sessions[0]), 0);
	cr_assert_eq(lab_include(lab, 0, "1", ""), 0);
	cr_assert_eq(lab->n_published, 3);
	lab_says(lab, "");
}

static void expect_filter(struct lab *lab, enum sluice_filter_mode mode, unsigned n)
{
	struct sluice_addr group = lab_group(lab, "1");
	enum sluice_filter_mode found;
	unsigned n_found = 0;

	cr_assert_eq(
		member_get_filter(lab->sessions[0], lab->host, &group, &found, NULL, &n_found), 0);
	cr_expect_eq(found, mode);
	cr_expect_eq(n_found, n);
}

BOTH(state, limit,
	"STA-3 API-3 API-30: 64 sources are accepted, too many are refused without a trace")
{
	struct sluice_addr group = lab_group(lab, "1");
	struct sluice_addr sources[1025];
	struct sluice_addr one;

	for (unsigned i = 0; i < 1025; i++)
		sources[i] = lab_numbered(lab, 1 + i);
	cr_assert_eq(member_set_filter(lab->sessions[0], lab->host, &group, SLUICE_INCLUDE, sources,
			     64, NULL),
		0);
	cr_assert_eq(member_set_filter(lab->sessions[0], lab->host, &group, SLUICE_INCLUDE, sources,
			     1024, NULL),
		0);
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	cr_assert_eq(member_set_filter(lab->sessions[0], lab->host, &group, SLUICE_INCLUDE, sources,
			     1025, NULL),
		-ENOBUFS);
	one = sources[1024];
	cr_assert_eq(member_join_source(lab->sessions[0], lab->host, &group, &one, NULL), -ENOBUFS);
	lab_says(lab, "");
	expect_filter(lab, SLUICE_INCLUDE, 1024);
	cr_assert_eq(member_set_filter(lab->sessions[0], lab->host, &group, SLUICE_EXCLUDE, sources,
			     1024, NULL),
		0);
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	cr_assert_eq(member_block_source(lab->sessions[0], lab->host, &group, &one), -ENOBUFS);
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_expect(lab, "");
	expect_filter(lab, SLUICE_EXCLUDE, 1024);
}

BOTH(state, exclude, "STA-4: the sources all exclude and none includes")
{
	lab_exclude(lab, 0, "1", "abcd");
	lab_exclude(lab, 1, "1", "bcde");
	lab_include(lab, 2, "1", "def");
	cr_assert_str_eq(answer(lab), "IS_EX(1:bc)");
	cr_assert_str_eq(lab_state(lab, "1"), "EX(bc) joined 3");
	lab_exclude(lab, 3, "1", "");
	cr_assert_str_eq(answer(lab), "IS_EX(1:)");
	lab_leave(lab, 3, "1");
	cr_assert_str_eq(answer(lab), "IS_EX(1:bc)");
	lab_leave(lab, 2, "1");
	cr_assert_str_eq(answer(lab), "IS_EX(1:bcd)");
	lab_leave(lab, 0, "1");
	cr_assert_str_eq(answer(lab), "IS_EX(1:bcde)");
}

BOTH(state, include, "STA-5 STA-6: all include: the union, and never an EXCLUDE record")
{
	lab_include(lab, 0, "1", "abc");
	lab_include(lab, 1, "1", "bcd");
	lab_include(lab, 2, "1", "ef");
	lab_says(lab, "ALLOW(1:abcdef)");
	cr_assert_str_eq(answer(lab), "IS_IN(1:abcdef)");
	lab_leave(lab, 1, "1");
	lab_says(lab, "BLOCK(1:d)");
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

	lab_exclude(lab, 0, "1", "abc");
	lab_include(lab, 1, "1", "cd");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	// Each allocation of each call fails once.
	for (unsigned at = 0; at < 12; at++) {
		struct sluice_addr many[500];
		struct sluice_addr group = lab_group(lab, "1");
		unsigned n_published = lab->n_published;
		int rc[6];

		for (unsigned i = 0; i < 500; i++)
			many[i] = lab_numbered(lab, 5000 + i);
		memory_refuse = refuse_one;
		refuse_at = at;
		rc[0] = member_set_filter(
			lab->sessions[1], lab->host, &group, SLUICE_INCLUDE, many, 500, NULL);
		refuse_at = at;
		rc[1] = lab_exclude(lab, 2, "7", "abc");
		refuse_at = at;
		rc[2] = lab_include(lab, 3, "1", "xyz");
		refuse_at = at;
		rc[3] = lab_join(lab, 4, "9");
		refuse_at = at;
		rc[4] = lab_block(lab, 0, "1", 'e');
		refuse_at = at;
		rc[5] = lab_join_source(lab, 1, "1", 'a');
		memory_refuse = NULL;
		for (unsigned i = 0; i < 6; i++) {
			cr_assert(rc[i] == 0 || rc[i] == -ENOMEM);
			n_failed += rc[i] != 0;
			n_published += rc[i] == 0;
		}
		cr_assert_eq(lab->n_published, n_published, "the data plane was told");
		if (rc[5] == 0)
			lab_leave_source(lab, 1, "1", 'a');
		if (rc[4] == 0)
			lab_unblock(lab, 0, "1", 'e');
		if (rc[0] == 0)
			lab_include(lab, 1, "1", "cd");
		if (rc[1] == 0)
			lab_leave(lab, 2, "7");
		if (rc[2] == 0)
			lab_leave(lab, 3, "1");
		if (rc[3] == 0)
			lab_leave(lab, 4, "9");
		lab_says(lab, "");
		cr_assert_str_eq(lab_state(lab, "1"), "EX(ab) joined 2");
		cr_assert_str_eq(lab_state(lab, "7"), "none");
		cr_assert_str_eq(lab_state(lab, "9"), "none");
	}
	cr_assert_gt(n_failed, 4);
	host_status(lab->host, &status);
	memory = status.memory;
	memory_refuse = refuse_all;
	cr_assert_eq(lab_leave(lab, 0, "1"), 0);
	cr_assert_eq(lab_leave(lab, 1, "1"), 0);
	lab_flush(lab);
	lab_run(lab, 3000);
	memory_refuse = NULL;
	host_status(lab->host, &status);
	cr_assert_leq(status.memory, memory);
}

BOTH(state, refused, "STA-7 API-41: what the data plane refuses is not done")
{
	lab_exclude(lab, 0, "1", "ab");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab->publish_error = -ENOSPC;
	cr_assert_eq(lab_join(lab, 1, "2"), -ENOSPC);
	cr_assert_eq(lab_join_source(lab, 1, "1", 'a'), -ENOSPC);
	cr_assert_eq(lab_unblock(lab, 0, "1", 'a'), -ENOSPC);
	cr_assert_eq(lab_block(lab, 0, "1", 'c'), -ENOSPC);
	cr_assert_eq(lab_exclude(lab, 0, "1", ""), -ENOSPC);
	lab->publish_error = 0;
	lab_says(lab, "");
	cr_assert_str_eq(lab_state(lab, "1"), "EX(ab) joined 1");
	cr_assert_str_eq(lab_state(lab, "2"), "none");
}

BOTH(state, silent_merge, "STA-9: a change that leaves the merge equal says nothing")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_join(lab, 1, "1");
	lab_says(lab, "");
	cr_assert_eq(lab->n_joined, 2);
	lab_leave(lab, 0, "1");
	lab_says(lab, "");
	lab_run(lab, 3000);
	lab_expect(lab, "");
	lab_leave(lab, 1, "1");
	lab_says(lab, "TO_IN(1:)");
}

BOTH(state, duplicates, "STA-10 API-32: a source named twice counts once")
{
	lab_exclude(lab, 0, "1", "aab");
	lab_says(lab, "TO_EX(1:ab)");
	cr_assert_str_eq(lab_state(lab, "1"), "EX(ab) joined 1");
	lab_unblock(lab, 0, "1", 'a');
	lab_run(lab, 3000);
	cr_assert_str_eq(answer(lab), "IS_EX(1:b)");
}

// A twin that merges from nothing: the members' filters as sets of bits.
struct twin {
	bool member[LAB_SESSIONS];
	bool exclude[LAB_SESSIONS];
	unsigned sources[LAB_SESSIONS];
};

static void twin_state(const struct twin *twin, bool *exclude, unsigned *sources)
{
	unsigned all_exclude = ~0u;
	unsigned any_include = 0;

	*exclude = false;
	for (unsigned i = 0; i < LAB_SESSIONS; i++) {
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

// What a router makes of the reports: RFC 9776, section 6.4, as far as a lossless link needs it.
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
		unsigned session = rand() % LAB_SESSIONS;
		bool exclude = rand() % 3 == 0;
		unsigned sources = rand() % 4 == 0 ? 0 : rand() & 0xff;
		char names[9], expected[64];

		names_of(sources, names);
		twin.exclude[session] = exclude;
		twin.sources[session] = sources;
		twin.member[session] = exclude || sources != 0;
		cr_assert_eq(exclude ? lab_exclude(lab, session, "1", names)
				     : lab_include(lab, session, "1", names),
			0);
		if (rand() % 2 == 0)
			lab_flush(lab);
		if (rand() % 4 == 0)
			lab_run(lab, rand() % 1500);
		if (round % 10 != 9)
			continue;
		lab_flush(lab);
		for (; lab->n_taken < lab->n_frames; lab->n_taken++)
			router_hear(lab->frames[lab->n_taken].text, &heard_exclude, &heard_sources);
		twin_state(&twin, &exclude, &sources);
		names_of(sources, names);
		sprintf(expected, "%s(%s) ", exclude ? "EX" : "IN", names);
		if (exclude || sources != 0)
			cr_assert_eq(strncmp(lab_state(lab, "1"), expected, strlen(expected)), 0,
				"%s is not %s", lab_state(lab, "1"), expected);
		cr_assert_eq(heard_exclude, exclude);
		cr_assert_eq(heard_sources, sources, "round %u: routers believe %x, not %x", round,
			heard_sources, sources);
	}
}

static void expect_change(
	struct lab *lab, const struct member *member, bool is_new, bool first, bool last)
{
	cr_assert_eq(lab->change.member, member);
	cr_assert_eq(lab->change.is_new, is_new);
	cr_assert_eq(lab->change.first, first);
	cr_assert_eq(lab->change.last, last);
}

BOTH(state, published,
	"STA-8: the data plane is given the member, and whether it is the first or last of its "
	"group")
{
	struct sluice_addr group = lab_group(lab, "1");
	struct sluice_addr source = lab_source(lab, 'a');
	struct member *first, *second;
	int args[3];

	cr_assert_eq(member_join(lab->sessions[0], lab->host, &group, &args[0]), 0);
	first = member_find(lab->sessions[0], lab->host, &group);
	expect_change(lab, first, true, true, false);
	cr_assert_eq(member_join_source(lab->sessions[1], lab->host, &group, &source, &args[1]), 0);
	second = member_find(lab->sessions[1], lab->host, &group);
	expect_change(lab, second, true, false, false);
	cr_assert_eq(member_set_filter(lab->sessions[0], lab->host, &group, SLUICE_EXCLUDE, &source,
			     1, &args[2]),
		0);
	expect_change(lab, first, false, false, false);
	cr_assert_eq(lab->change.arg, &args[2]);
	cr_assert_eq(member_user(first), &args[0]);
	cr_assert_eq(member_user(second), &args[1]);
	lab_leave(lab, 0, "1");
	expect_change(lab, first, false, false, false);
	lab_leave_source(lab, 1, "1", 'a');
	expect_change(lab, second, false, false, true);
}
