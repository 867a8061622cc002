// SPDX-License-Identifier: BSD-3-Clause
// What the calls return: section API, column D with counted joins. In the initial state of each row
// one session has a membership, and so has another session, which a failed call must not change.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

enum api_call {
	JOIN,
	LEAVE,
	JOIN_SOURCE,
	LEAVE_SOURCE,
	BLOCK,
	UNBLOCK,
	SET_IN,
	SET_EX,
	GET,
};

static const struct api_row {
	const char *id;
	const char *state; // "" none, "E" or "I" and sources
	enum api_call call;
	const char *sources;
	int rc;
	const char *after; // the membership, in the same notation
} rows[] = {
	{"API-10", "", JOIN, "", 0, "E"},
	{"API-11", "E", JOIN, "", 0, "E"},
	{"API-11", "Eab", JOIN, "", 0, "Eab"},
	{"API-11", "Ia", JOIN, "", -EINVAL, "Ia"},
	{"API-12 API-1", "", LEAVE, "", -EADDRNOTAVAIL, ""},
	{"API-13", "Iab", LEAVE, "", 0, ""},
	{"API-13", "Eab", LEAVE, "", 0, ""},
	{"API-13", "E", LEAVE, "", 0, ""},
	{"API-14", "", JOIN_SOURCE, "a", 0, "Ia"},
	{"API-14", "Ib", JOIN_SOURCE, "a", 0, "Iab"},
	{"API-15", "Ia", JOIN_SOURCE, "a", -EADDRNOTAVAIL, "Ia"},
	{"API-16 API-2", "E", JOIN_SOURCE, "a", -EINVAL, "E"},
	{"API-17", "Ex", JOIN_SOURCE, "a", -EINVAL, "Ex"},
	{"API-17", "Ex", LEAVE_SOURCE, "x", -EINVAL, "Ex"},
	{"API-18", "", LEAVE_SOURCE, "a", -EADDRNOTAVAIL, ""},
	{"API-19", "Ib", LEAVE_SOURCE, "a", -EADDRNOTAVAIL, "Ib"},
	{"API-20", "Ia", LEAVE_SOURCE, "a", 0, ""},
	{"API-20", "Iab", LEAVE_SOURCE, "a", 0, "Ib"},
	{"API-21", "E", LEAVE_SOURCE, "a", -EINVAL, "E"},
	{"API-22 API-2", "", BLOCK, "a", -EINVAL, ""},
	{"API-22", "", UNBLOCK, "a", -EINVAL, ""},
	{"API-23", "E", BLOCK, "a", 0, "Ea"},
	{"API-23", "Eb", BLOCK, "a", 0, "Eab"},
	{"API-23 API-1", "Ea", BLOCK, "a", -EADDRNOTAVAIL, "Ea"},
	{"API-24", "Eab", UNBLOCK, "a", 0, "Eb"},
	{"API-24", "Ea", UNBLOCK, "a", 0, "E"},
	{"API-24", "Eb", UNBLOCK, "a", -EADDRNOTAVAIL, "Eb"},
	{"API-24", "E", UNBLOCK, "a", -EADDRNOTAVAIL, "E"},
	{"API-25", "Ia", BLOCK, "b", -EINVAL, "Ia"},
	{"API-25", "Ia", UNBLOCK, "a", -EINVAL, "Ia"},
	{"API-26", "", SET_EX, "ab", 0, "Eab"},
	{"API-26", "", SET_EX, "", 0, "E"},
	{"API-26", "", SET_IN, "ab", 0, "Iab"},
	{"API-27", "", SET_IN, "", 0, ""},
	{"API-28", "Eab", SET_IN, "bc", 0, "Ibc"},
	{"API-28", "Iab", SET_EX, "bc", 0, "Ebc"},
	{"API-28", "Iab", SET_IN, "", 0, ""},
	{"API-32", "Ia", SET_IN, "bbab", 0, "Iab"},
	{"API-33", "", GET, "", -EADDRNOTAVAIL, ""},
	{"API-40", "", JOIN_SOURCE, "\xff", -EINVAL, ""},
	{"API-40", "E", BLOCK, "\xff", -EINVAL, "E"},
	{"API-40", "Ea", SET_IN, "a\xff", -EINVAL, "Ea"},
};

// \xff is an invalid source: a multicast address.
static unsigned sources_of(
	const struct host_fixture *fixture, const char *names, struct sluice_addr *sources)
{
	unsigned n = fixture_sources(fixture, names, sources);

	for (unsigned i = 0; i < n; i++) {
		if (names[i] == '\xff')
			sources[i] = fixture_group(fixture, "5");
	}
	return n;
}

static int call(struct host_fixture *fixture, enum api_call call, const char *names)
{
	struct session *session = fixture->sessions[0];
	struct sluice_addr group = fixture_group(fixture, "1");
	struct sluice_addr sources[64];
	unsigned n = sources_of(fixture, names, sources);
	enum sluice_filter_mode mode;

	switch (call) {
	case JOIN:
		return member_join(session, fixture->host, &group, NULL);
	case LEAVE:
		return member_leave(session, fixture->host, &group);
	case JOIN_SOURCE:
		return member_join_source(session, fixture->host, &group, sources, NULL);
	case LEAVE_SOURCE:
		return member_leave_source(session, fixture->host, &group, sources);
	case BLOCK:
		return member_block_source(session, fixture->host, &group, sources);
	case UNBLOCK:
		return member_unblock_source(session, fixture->host, &group, sources);
	case SET_IN:
	case SET_EX:
		return member_set_filter(session, fixture->host, &group,
			&(struct sluice_source_filter){
				call == SET_IN ? SLUICE_INCLUDE : SLUICE_EXCLUDE, n, sources},
			NULL);
	case GET:
		n = 64;
		return member_get_filter(session, fixture->host, &group, &mode, sources, &n);
	}
	return -ENOSYS;
}

static const char *membership(struct host_fixture *fixture)
{
	static char text[70];
	struct sluice_addr group = fixture_group(fixture, "1");
	struct sluice_addr sources[64];
	enum sluice_filter_mode mode;
	unsigned n = 64;

	memset(text, 0, sizeof(text));
	if (member_get_filter(fixture->sessions[0], fixture->host, &group, &mode, sources, &n) < 0)
		return "";
	text[0] = mode == SLUICE_INCLUDE ? 'I' : 'E';
	for (unsigned i = 0; i < n; i++)
		text[1 + i] = sources[i].bytes[fixture->family == AF_INET ? 3 : 15];
	return text;
}

static unsigned joins(struct host_fixture *fixture)
{
	struct sluice_addr group = fixture_group(fixture, "1");
	const struct member *member = member_find(fixture->sessions[0], fixture->host, &group);

	return member != NULL ? member_joins(member) : 0;
}

static const char *answer(struct host_fixture *fixture)
{
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	fixture_take(fixture);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 1000);
	return fixture_take(fixture);
}

BOTH(api, rows,
	"API-1 API-2 API-10 API-11 API-12 API-13 API-14 API-15 API-16 API-17 API-18 API-19 API-20 "
	"API-21 API-22 API-23 API-24 API-25 API-26 API-27 API-28 API-32 API-33 API-40 API-41: the "
	"result of each row")
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct api_row *row = &rows[i];
		unsigned n_published, n_joins;
		char *before;
		int rc;

		if (row->state[0] == 'E' && row->state[1] == '\0')
			cr_assert_eq(call(fixture, JOIN, ""), 0);
		else if (row->state[0] != '\0')
			cr_assert_eq(call(fixture, row->state[0] == 'E' ? SET_EX : SET_IN,
					     row->state + 1),
				0);
		fixture_include(fixture, 1, "1", "abq");
		before = strdup(answer(fixture));
		n_published = fixture->n_published;
		n_joins = joins(fixture);
		rc = call(fixture, row->call, row->sources);
		cr_expect_eq(rc, row->rc, "%s: %d, not %d", row->id, rc, row->rc);
		cr_expect_str_eq(
			membership(fixture), row->after, "%s: %s", row->id, membership(fixture));
		cr_expect_leq(
			fixture->n_published, n_published + 1, "%s: in several steps", row->id);
		if (rc < 0) {
			cr_expect_eq(fixture->n_published, n_published, "%s", row->id);
			cr_expect_eq(joins(fixture), n_joins, "%s", row->id);
			fixture_flush(fixture);
			cr_expect_str_eq(fixture_take(fixture), "", "%s", row->id);
			cr_expect_str_eq(answer(fixture), before, "%s", row->id);
		}
		free(before);
		while (call(fixture, LEAVE, "") == 0)
			;
	}
}

BOTH(api, get, "API-5: the caller passes its room and gets the total number")
{
	struct sluice_addr group = fixture_group(fixture, "1");
	struct sluice_addr sources[4] = {{0}};
	struct sluice_addr none = {0};
	enum sluice_filter_mode mode;
	unsigned n = 0;

	fixture_include(fixture, 0, "1", "cab");
	cr_assert_eq(
		member_get_filter(fixture->sessions[0], fixture->host, &group, &mode, NULL, &n), 0);
	cr_assert_eq(n, 3);
	cr_assert_eq(mode, SLUICE_INCLUDE);
	n = 2;
	cr_assert_eq(
		member_get_filter(fixture->sessions[0], fixture->host, &group, &mode, sources, &n),
		0);
	cr_assert_eq(n, 3);
	cr_assert_eq(sources[1].bytes[fixture->family == AF_INET ? 3 : 15], 'b');
	cr_assert(sluice_addr_equal(&sources[2], &none));
}

BOTH(api, bad_mode, "API-29: an invalid mode is refused")
{
	struct sluice_addr group = fixture_group(fixture, "1");

	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
				     &(struct sluice_source_filter){.mode = 2}, NULL),
			-EINVAL);
		cr_assert_str_eq(membership(fixture), i == 0 ? "" : "Ea");
		fixture_exclude(fixture, 0, "1", "a");
	}
}

BOTH(api, bad_groups, "API-34 API-37 IGMP-17 SSM-1: groups that cannot be joined are refused")
{
	static const char *const groups[2][8] = {
		{"224.0.0.0", "232.0.0.0", "10.0.0.1", "255.255.255.255", "0.0.0.0", "ff1e::1"},
		{"fe80::1", "ff0e::", "ff02::", "ff3e::4000:0", "ff3e::3fff:ffff", "ff3e::1",
			"::", "239.1.1.1"},
	};

	for (unsigned i = 0; i < 8; i++) {
		const char *text = groups[fixture->family == AF_INET6][i];
		struct sluice_addr source = fixture_source(fixture, 'a');
		struct session *session = fixture->sessions[0];
		enum sluice_filter_mode mode;
		struct sluice_addr group;
		unsigned n = 0;
		int rc;

		if (text == NULL)
			continue;
		address_parse(text, &group);
		// A group that may not be joined is still a group: the error of a leave is "not
		// joined".
		rc = group.family == fixture->family && address_is_multicast(&group)
			     ? -EADDRNOTAVAIL
			     : -EINVAL;
		cr_expect_eq(
			member_join(session, fixture->host, &group, NULL), -EINVAL, "%s", text);
		cr_expect_eq(member_join_source(session, fixture->host, &group, &source, NULL),
			-EINVAL, "%s", text);
		cr_expect_eq(
			member_set_filter(session, fixture->host, &group,
				&(struct sluice_source_filter){SLUICE_INCLUDE, 1, &source}, NULL),
			-EINVAL, "%s", text);
		cr_expect_eq(member_leave(session, fixture->host, &group), rc, "%s", text);
		cr_expect_eq(member_get_filter(session, fixture->host, &group, &mode, NULL, &n), rc,
			"%s", text);
	}
	fixture_says(fixture, "");
}

BOTH(api, good_groups,
	"IGMP-17 SSM-1: the neighbours of groups that cannot be joined can be joined")
{
	static const char *const groups[2][5] = {
		{"224.0.0.1", "232.0.0.1", "233.252.0.1", "239.255.255.255"},
		{"ff02::1", "ff3e::4000:1", "ff3e:0:1::", "ff3e:20:2001:db8::1", "ff0e::1"},
	};

	for (unsigned i = 0; i < 5 && groups[fixture->family == AF_INET6][i] != NULL; i++) {
		const char *text = groups[fixture->family == AF_INET6][i];
		struct sluice_addr source = fixture_source(fixture, 'a');
		struct sluice_addr group;

		address_parse(text, &group);
		cr_expect_eq(member_join_source(
				     fixture->sessions[0], fixture->host, &group, &source, NULL),
			0, "%s", text);
	}
}

BOTH(api, bad_sources, "API-37 API-40 IGMP-17: invalid sources are refused")
{
	static const char *const sources[2][8] = {
		{"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
			"255.255.255.255", "2001:db8::1"},
		{"::", "::1", "ff02::1", "ff1e::1", "10.0.0.1"},
	};

	for (unsigned i = 0; i < 8; i++) {
		const char *text = sources[fixture->family == AF_INET6][i];
		struct sluice_addr group = fixture_group(fixture, "1");
		struct session *session = fixture->sessions[0];
		struct sluice_addr source;

		if (text == NULL)
			continue;
		address_parse(text, &source);
		cr_expect_eq(member_join_source(session, fixture->host, &group, &source, NULL),
			-EINVAL, "%s", text);
		cr_expect_eq(member_leave_source(session, fixture->host, &group, &source), -EINVAL,
			"%s", text);
		cr_expect_eq(
			member_set_filter(session, fixture->host, &group,
				&(struct sluice_source_filter){SLUICE_EXCLUDE, 1, &source}, NULL),
			-EINVAL, "%s", text);
	}
}

static void few(struct host_config *config)
{
	config->max_groups = 3;
	config->max_sources = 70;
}

// Joins so many sources of group 2, then one more by each call that can add a source.
static void expect_source_limit(
	struct host_fixture *fixture, struct session *session, unsigned limit)
{
	struct sluice_addr group = fixture_group(fixture, "2");
	struct sluice_addr sources[71];
	enum sluice_filter_mode modes[] = {SLUICE_INCLUDE, SLUICE_EXCLUDE};

	for (unsigned i = 0; i < 71; i++)
		sources[i] = fixture_numbered(fixture, 1 + i);
	for (unsigned i = 0; i < 2; i++) {
		enum sluice_filter_mode mode = modes[i];
		unsigned n_published, n = 0;

		cr_assert_eq(member_set_filter(session, fixture->host, &group,
				     &(struct sluice_source_filter){mode, limit, sources}, NULL),
			0);
		n_published = fixture->n_published;
		cr_assert_eq(
			member_set_filter(session, fixture->host, &group,
				&(struct sluice_source_filter){mode, limit + 1, sources}, NULL),
			-ENOBUFS);
		cr_assert_eq(i == 0 ? member_join_source(
					      session, fixture->host, &group, &sources[limit], NULL)
				    : member_block_source(
					      session, fixture->host, &group, &sources[limit]),
			-ENOBUFS);
		cr_assert_eq(fixture->n_published, n_published);
		cr_assert_eq(member_get_filter(session, fixture->host, &group, &mode, NULL, &n), 0);
		cr_assert(n == limit && mode == modes[i]);
	}
	cr_assert_eq(member_leave(session, fixture->host, &group), 0);
}

BOTH_TUNED(api, limits, few, "API-3 API-30 API-38 API-41 SEC-6: limits of host and session")
{
	struct session *small = session_open(&(struct session_limits){2, 64}, NULL);

	expect_source_limit(fixture, small, 64);
	expect_source_limit(fixture, fixture->sessions[0], 70);
	fixture_says(fixture, "");
	session_close(fixture->sessions[7]);
	fixture->sessions[7] = small;
	cr_assert_eq(fixture_join(fixture, 7, "1"), 0);
	cr_assert_eq(fixture_join(fixture, 7, "2"), 0);
	cr_assert_eq(fixture_join(fixture, 7, "3"), -ENOBUFS);
	cr_assert_eq(fixture_include(fixture, 7, "3", "a"), -ENOBUFS);
	cr_assert_str_eq(fixture_state(fixture, "3"), "none");
	cr_assert_eq(fixture_join(fixture, 0, "3"), 0);
	cr_assert_eq(fixture_join(fixture, 0, "4"), -ENOBUFS);
	cr_assert_str_eq(fixture_state(fixture, "4"), "none");
	cr_assert_eq(fixture_join(fixture, 0, "1"), 0);
	fixture_says(fixture, "TO_EX(1:) TO_EX(2:) TO_EX(3:)");
	// A group that is being left has no member, and counts when it is joined again.
	cr_assert_eq(fixture_leave(fixture, 7, "2"), 0);
	fixture_says(fixture, "TO_IN(2:)");
	cr_assert_eq(fixture_join(fixture, 0, "4"), 0);
	cr_assert_eq(fixture_join(fixture, 7, "2"), -ENOBUFS);
}

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		n++;
	}
	return n;
}

BOTH(api, close, "API-42: closing a session leaves all its groups")
{
	char name[8];

	for (unsigned i = 1; i <= 150; i++) {
		sprintf(name, "%u", i);
		if (i % 3 == 0)
			fixture_include(fixture, 0, name, "ab");
		else
			fixture_join(fixture, 0, name);
	}
	fixture_join(fixture, 1, "1");
	fixture_flush(fixture);
	fixture_run(fixture, 5000);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 300);
	fixture_take(fixture);
	session_close(fixture->sessions[0]);
	fixture->sessions[0] = NULL;
	fixture_flush(fixture);
	for (unsigned i = 0; i < 2; i++) {
		const char *said = fixture_take(fixture);

		cr_assert_eq(count(said, "TO_IN("), 99);
		cr_assert_eq(count(said, "BLOCK("), 50);
		cr_assert_eq(count(said, "("), 149);
		fixture_run(fixture, 5000);
	}
	fixture_expect(fixture, "");
	cr_assert_str_eq(fixture_state(fixture, "1"), "EX() joined 1");
	cr_assert_str_eq(fixture_state(fixture, "2"), "none");
}

BOTH(api, state, "API-10 API-42: a membership is pending until its report is sent")
{
	struct sluice_addr group = fixture_group(fixture, "1"), back;
	struct member *member;

	fixture_include(fixture, 0, "1", "ab");
	member = session_first_member(fixture->sessions[0]);
	cr_assert_eq(member, member_find(fixture->sessions[0], fixture->host, &group));
	cr_assert_null(session_next_member(member));
	cr_assert_eq(member_state(member), MEMBER_PENDING);
	cr_assert_eq(member_host(member), fixture->host);
	cr_assert_eq(member_session(member), fixture->sessions[0]);
	cr_assert_eq(member_filter(member).mode, SLUICE_INCLUDE);
	cr_assert_eq(member_filter(member).n_sources, 2);
	member_group(member, &back);
	cr_assert(sluice_addr_equal(&group, &back));
	cr_assert_null(member_user(member));
	member_set_user(member, fixture);
	cr_assert_eq(member_user(member), fixture);
	fixture_flush(fixture);
	cr_assert_eq(member_state(member), MEMBER_JOINED);
	cr_assert_eq(fixture->n_joined, 1);
	cr_assert_eq(session_user(fixture->sessions[0]), fixture);
}
