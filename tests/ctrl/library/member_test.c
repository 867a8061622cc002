// SPDX-License-Identifier: BSD-3-Clause
// Memberships of a session in this process: reports on the wire, and frames to the session.
#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>
#include "library_fixture.h"
#include "wire_fixture.h"

TestSuite(member, .init = library_fixture_eal, .timeout = 300);

static struct library_fixture fixture;
static struct sluice_session *session;

static int join(const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	return sluice_join(session, 1, &addr);
}

static int leave(const char *group)
{
	struct sluice_addr addr = library_fixture_addr(group);

	return sluice_leave(session, 1, &addr);
}

typedef int (*source_fn)(struct sluice_session *session, unsigned ifindex,
	const struct sluice_addr *group, const struct sluice_addr *source);

static int by_source(source_fn fn, const char *group, const char *source)
{
	struct sluice_addr addr = library_fixture_addr(group),
			   source_addr = library_fixture_addr(source);

	return fn(session, 1, &addr, &source_addr);
}

Test(member, counted,
	.description = "promise 1: the first join is reported, and the last of as many leaves")
{
	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(leave("239.1.1.1"), -EADDRNOTAVAIL);
	cr_expect_eq(join("239.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	cr_expect_eq(join("239.1.1.1"), 0);
	cr_expect_eq(leave("239.1.1.1"), 0);
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(session), 1);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 1,
		"only the first join is reported");
	cr_expect_eq(leave("239.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	library_fixture_stream(&fixture, "239.1.1.1", "10.9.0.50");
	cr_expect_eq(library_fixture_receive(session), 0);
	cr_expect_eq(leave("239.1.1.1"), -EADDRNOTAVAIL);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 2);
	library_fixture_close(&fixture);
}

// ---- Errors --------------------------------------------------------------------------------

enum error_call { JOIN, LEAVE, JOIN_SOURCE, LEAVE_SOURCE, BLOCK, UNBLOCK };

static int call(enum error_call what, const char *group, const char *source)
{
	switch (what) {
	case JOIN:
		return join(group);
	case LEAVE:
		return leave(group);
	case JOIN_SOURCE:
		return by_source(sluice_join_source, group, source);
	case LEAVE_SOURCE:
		return by_source(sluice_leave_source, group, source);
	case BLOCK:
		return by_source(sluice_block_source, group, source);
	case UNBLOCK:
		return by_source(sluice_unblock_source, group, source);
	}
	return -1;
}

// A row starts from no membership, an any-source join with 10.0.0.7 blocked, or a join of 10.0.0.7.
enum state { NONE, EXCLUDED, INCLUDED };

static const struct error_row {
	const char *id;
	enum state state;
	enum error_call call;
	const char *group, *source;
	int rc;
} rows[] = {
	{"API-12", NONE, LEAVE, "239.1.1.1", NULL, -EADDRNOTAVAIL},
	{"API-16", EXCLUDED, JOIN_SOURCE, "239.1.1.1", "10.0.0.8", -EINVAL},
	{"API-17", EXCLUDED, LEAVE_SOURCE, "239.1.1.1", "10.0.0.7", -EINVAL},
	{"API-15", INCLUDED, JOIN_SOURCE, "239.1.1.1", "10.0.0.7", -EADDRNOTAVAIL},
	{"API-18", NONE, LEAVE_SOURCE, "239.1.1.1", "10.0.0.7", -EADDRNOTAVAIL},
	{"API-19", INCLUDED, LEAVE_SOURCE, "239.1.1.1", "10.0.0.8", -EADDRNOTAVAIL},
	{"API-22", NONE, BLOCK, "239.1.1.1", "10.0.0.7", -EINVAL},
	{"API-22", NONE, UNBLOCK, "239.1.1.1", "10.0.0.7", -EINVAL},
	{"API-23", EXCLUDED, BLOCK, "239.1.1.1", "10.0.0.7", -EADDRNOTAVAIL},
	{"API-24", EXCLUDED, UNBLOCK, "239.1.1.1", "10.0.0.8", -EADDRNOTAVAIL},
	{"API-25", INCLUDED, BLOCK, "239.1.1.1", "10.0.0.7", -EINVAL},
	{"API-25", INCLUDED, UNBLOCK, "239.1.1.1", "10.0.0.7", -EINVAL},
	{"API-34", NONE, JOIN, "10.1.1.1", NULL, -EINVAL},
	{"API-34", NONE, LEAVE, "10.1.1.1", NULL, -EINVAL},
	{"API-34", NONE, JOIN_SOURCE, "2001:db8::1", "2001:db8::2", -EINVAL},
	{"API-37", NONE, JOIN_SOURCE, "239.1.1.1", "2001:db8::2", -EINVAL},
	{"API-37", NONE, JOIN_SOURCE, "ff0e::1", "10.0.0.7", -EINVAL},
	{"API-40", NONE, JOIN_SOURCE, "239.1.1.1", "239.1.1.2", -EINVAL},
	{"API-40", NONE, JOIN_SOURCE, "239.1.1.1", "0.0.0.0", -EINVAL},
	{"SSM-2", NONE, JOIN, "232.1.1.1", NULL, -EINVAL},
	{"SSM-2", NONE, JOIN, "ff3e::1", NULL, -EINVAL},
	{"membership by source", INCLUDED, JOIN, "239.1.1.1", NULL, -EINVAL},
};

static void enter(enum state state)
{
	if (state == EXCLUDED) {
		cr_assert_eq(join("239.1.1.1"), 0);
		cr_assert_eq(by_source(sluice_block_source, "239.1.1.1", "10.0.0.7"), 0);
	} else if (state == INCLUDED) {
		cr_assert_eq(by_source(sluice_join_source, "239.1.1.1", "10.0.0.7"), 0);
	}
}

static void expect_state(const char *id, enum state state)
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   source = library_fixture_addr("10.0.0.7"), found;
	enum sluice_filter_mode mode;
	unsigned n = 1;
	int rc = sluice_get_filter(session, 1, &group, &mode, &found, &n);

	if (state == NONE) {
		cr_expect_eq(rc, -EADDRNOTAVAIL, "%s left a membership", id);
		return;
	}
	cr_assert_eq(rc, 0, "%s ended the membership", id);
	cr_expect_eq(mode, state == INCLUDED ? SLUICE_INCLUDE : SLUICE_EXCLUDE, "%s", id);
	cr_expect(n == 1 && sluice_addr_equal(&found, &source), "%s changed the filter", id);
}

Test(member, errors,
	.description = "API-12 API-15 API-16 API-17 API-18 API-19 API-22 API-23 API-24 API-25 "
		       "API-34 API-37 API-40 API-41 SSM-2 promise 2: a failed call changes nothing")
{
	unsigned heard;

	library_fixture_open(&fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct error_row *row = &rows[i];

		session = library_fixture_session(&fixture);
		enter(row->state);
		library_fixture_catch_up(&fixture);
		heard = library_fixture_heard(&fixture, 0, "239.1.1.1");
		cr_expect_eq(call(row->call, row->group, row->source), row->rc, "%s", row->id);
		expect_state(row->id, row->state);
		library_fixture_catch_up(&fixture);
		cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), heard,
			"%s is on the wire", row->id);
		sluice_session_close(session);
	}
	library_fixture_close(&fixture);
}

Test(member, arguments, .description = "API-35: NULL, unknown families and interfaces are refused")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"), odd = {.family = AF_UNIX};
	struct sluice_addr source = library_fixture_addr("10.0.0.7");
	enum sluice_filter_mode mode;
	unsigned n = 1;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_join(NULL, 1, &group), -EINVAL);
	cr_expect_eq(sluice_join(session, 1, NULL), -EINVAL);
	cr_expect_eq(sluice_join(session, 1, &odd), -EINVAL);
	cr_expect_eq(sluice_join(session, 2, &group), -ENODEV);
	cr_expect_eq(sluice_leave(session, 2, &group), -ENODEV);
	cr_expect_eq(sluice_join_source(session, 2, &group, &source), -ENODEV);
	cr_expect_eq(sluice_leave_source(session, 2, &group, &source), -ENODEV);
	cr_expect_eq(sluice_block_source(session, 2, &group, &source), -ENODEV);
	cr_expect_eq(sluice_unblock_source(session, 2, &group, &source), -ENODEV);
	cr_expect_eq(sluice_set_filter(session, 2, &group, SLUICE_EXCLUDE, &source, 1), -ENODEV);
	cr_expect_eq(sluice_get_filter(session, 2, &group, &mode, &source, &n), -ENODEV);
	cr_expect_eq(sluice_join_source(session, 1, &group, NULL), -EINVAL);
	cr_expect_eq(sluice_set_filter(session, 1, &group, 2, NULL, 0), -EINVAL);
	cr_expect_eq(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, NULL, 1), -EINVAL);
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, NULL, &n), -EINVAL);
	cr_expect_eq(sluice_get_filter(session, 1, &group, NULL, NULL, &n), -EINVAL);
	library_fixture_close(&fixture);
}

Test(member, the_only_interface, .description = "API-36: index 0 selects the only interface")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"), addresses[2];
	enum sluice_filter_mode mode;
	unsigned n = 0;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_join(session, 0, &group), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, NULL, &n), 0);
	cr_expect_eq(sluice_interface_addresses(session, 0, addresses, 2), 2);
	cr_expect_eq(sluice_leave(session, 0, &group), 0);
	cr_expect_eq(sluice_leave(session, 1, &group), -EADDRNOTAVAIL);
	library_fixture_close(&fixture);
}

Test(member, one_of_several_interfaces,
	.description = "API-36: index 0 is refused if there are several interfaces")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"),
			   source = library_fixture_addr("10.0.0.7");
	enum sluice_filter_mode mode;
	unsigned n = 0;

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_join(session, 0, &group), -ENODEV);
	cr_expect_eq(sluice_leave(session, 0, &group), -ENODEV);
	cr_expect_eq(sluice_join_source(session, 0, &group, &source), -ENODEV);
	cr_expect_eq(sluice_set_filter(session, 0, &group, SLUICE_EXCLUDE, &source, 1), -ENODEV);
	cr_expect_eq(sluice_join_async(session, 0, &group, NULL, NULL), -ENODEV);
	cr_expect_eq(sluice_set_multicast_if(session, 0), -ENODEV);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.1"), 0);
	for (unsigned i = 1; i <= 3; i++)
		cr_expect_eq(
			sluice_get_filter(session, i, &group, &mode, NULL, &n), -EADDRNOTAVAIL);
	library_fixture_close(&fixture);
}

// Returns the next frame that the engine sends on the second wire: one report with one record.
static void expect_report(const char *mac, const char *ip, size_t len)
{
	const uint8_t zeros[64] = {0}, *frame;
	struct rte_mbuf *mbuf;
	time_t until = time(NULL) + 60;

	while ((mbuf = wire_fixture_take(fixture.tx[1])) == NULL)
		cr_assert(time(NULL) < until, "no report");
	frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	cr_expect_arr_eq(frame, mac, 6);
	cr_expect_arr_eq(frame + 12, ip, 3, "Ethernet type and IP version");
	cr_assert_eq(mbuf->pkt_len, RTE_MAX(14 + len, 60u));
	cr_expect_arr_eq(frame + 14 + len, zeros, mbuf->pkt_len - 14 - len, "padding");
	rte_pktmbuf_free(mbuf);
}

Test(member, interfaces,
	.description =
		"IGMP-14 IGMP-9 MLD-8 FRM-11: each interface reports on its own port, to the "
		"routers, in frames of 60 bytes at least")
{
	struct sluice_addr ipv4 = library_fixture_addr("239.1.1.2"),
			   ipv6 = library_fixture_addr("ff1e::2");

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(join("239.1.1.1"), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.1");
	library_fixture_catch_up(&fixture);
	cr_expect_eq(rte_ring_count(fixture.tx[1]), 0);
	cr_expect_eq(sluice_join(session, 3, &ipv4), 0);
	expect_report("\x01\0\x5e\0\0\x16", "\x08\0\x46", 40);
	cr_expect_eq(sluice_join(session, 3, &ipv6), 0);
	expect_report("\x33\x33\0\0\0\x16", "\x86\xdd\x60", 76);
	library_fixture_catch_up(&fixture);
	cr_expect_eq(library_fixture_heard(&fixture, 0, "239.1.1.2") +
			     library_fixture_heard(&fixture, 0, "ff1e::2"),
		0);
	cr_expect_eq(fixture.records[0].ethernet[12], 8, "no tag");
	cr_expect_eq(sluice_join(session, 2, &ipv4), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_EX, "239.1.1.2");
	cr_expect_arr_eq(fixture.records[fixture.n_records - 1].ethernet + 12, "\x81\0\xc0\x14", 4);
	cr_expect_eq(rte_ring_count(fixture.tx[1]), 0);
	library_fixture_close(&fixture);
}

Test(member, addresses,
	.description = "the configured addresses of an interface are listed in order")
{
	struct sluice_addr found[2] = {0};
	struct sluice_addr ipv4 = library_fixture_addr("10.20.0.2"),
			   ipv6 = library_fixture_addr("2001:db8:20::2");

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_interface_addresses(session, 2, found, 1), 2);
	cr_expect(sluice_addr_equal(&found[0], &ipv4) && found[1].family == AF_UNSPEC);
	cr_expect_eq(sluice_interface_addresses(session, 2, found, 2), 2);
	cr_expect(sluice_addr_equal(&found[1], &ipv6));
	cr_expect_eq(sluice_interface_addresses(session, 3, NULL, 0), 0,
		"a derived address is not listed");
	cr_expect_eq(sluice_interface_addresses(session, 4, NULL, 0), -ENODEV);
	cr_expect_eq(sluice_interface_addresses(session, 1, NULL, 1), -EINVAL);
	cr_expect_eq(sluice_interface_addresses(NULL, 1, found, 1), -EINVAL);
	library_fixture_close(&fixture);
}

// ---- Filters -------------------------------------------------------------------------------

Test(member, sources,
	.description = "API-14 API-20 API-23 API-24: frames follow the delta calls of RFC 3678")
{
	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(by_source(sluice_join_source, "232.1.1.1", "10.0.0.7"), 0);
	library_fixture_hear(&fixture, FIXTURE_ALLOW, "232.1.1.1");
	library_fixture_stream(&fixture, "232.1.1.1", "10.0.0.7");
	library_fixture_stream(&fixture, "232.1.1.1", "10.0.0.8");
	cr_expect_eq(library_fixture_receive(session), 1);
	cr_expect_eq(by_source(sluice_leave_source, "232.1.1.1", "10.0.0.7"), 0);
	library_fixture_hear(&fixture, FIXTURE_BLOCK, "232.1.1.1");
	library_fixture_stream(&fixture, "232.1.1.1", "10.0.0.7");
	cr_expect_eq(library_fixture_receive(session), 0);

	cr_expect_eq(join("ff0e::1"), 0);
	cr_expect_eq(by_source(sluice_block_source, "ff0e::1", "2001:db8::7"), 0);
	library_fixture_hear(&fixture, FIXTURE_BLOCK, "ff0e::1");
	library_fixture_stream(&fixture, "ff0e::1", "2001:db8::7");
	library_fixture_stream(&fixture, "ff0e::1", "2001:db8::8");
	cr_expect_eq(library_fixture_receive(session), 1);
	cr_expect_eq(by_source(sluice_unblock_source, "ff0e::1", "2001:db8::7"), 0);
	library_fixture_stream(&fixture, "ff0e::1", "2001:db8::7");
	cr_expect_eq(library_fixture_receive(session), 1);
	library_fixture_close(&fixture);
}

Test(member, set_filter,
	.description = "API-5 API-26 API-27 API-28 API-32 API-33: the whole filter is set and read")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.1"), found[4];
	struct sluice_addr sources[] = {library_fixture_addr("10.0.0.8"),
		library_fixture_addr("10.0.0.7"), library_fixture_addr("10.0.0.8")};
	enum sluice_filter_mode mode;
	unsigned n = 4;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, found, &n), -EADDRNOTAVAIL);
	cr_expect_eq(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, NULL, 0), 0);
	cr_expect_eq(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, sources, 3), 0);
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, found, &n), 0);
	cr_expect(mode == SLUICE_INCLUDE && n == 2 && sluice_addr_equal(&found[0], &sources[1]) &&
		  sluice_addr_equal(&found[1], &sources[0]));
	n = 1;
	found[1].family = 0;
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, found, &n), 0);
	cr_expect(n == 2 && found[1].family == 0,
		"no more addresses than there is room for are written");
	n = 0;
	cr_expect_eq(sluice_get_filter(session, 1, &group, &mode, NULL, &n), 0);
	cr_expect_eq(n, 2);
	cr_expect_eq(sluice_set_filter(session, 1, &group, SLUICE_EXCLUDE, sources, 1), 0);
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.8");
	library_fixture_stream(&fixture, "239.1.1.1", "10.0.0.7");
	cr_expect_eq(library_fixture_receive(session), 1);
	cr_expect_eq(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, NULL, 0), 0);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	cr_expect_eq(leave("239.1.1.1"), -EADDRNOTAVAIL);
	library_fixture_close(&fixture);
}

Test(member, limit, .description = "API-30: more sources than the limit are refused")
{
	static struct sluice_addr sources[1025];
	struct sluice_addr group = library_fixture_addr("239.1.1.1");

	for (unsigned i = 0; i < 1025; i++)
		sources[i] = (struct sluice_addr){AF_INET, {10, 1, i >> 8, i & 0xff}};
	sources[0] = library_fixture_addr("10.0.0.1");
	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	cr_expect_eq(
		sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, sources, 1025), -ENOBUFS);
	cr_expect_eq(sluice_set_filter(session, 1, &group, SLUICE_INCLUDE, sources, 1024), 0);
	library_fixture_close(&fixture);
}

Test(member, close, .description = "API-42 promise 4: closing a session leaves all its groups")
{
	struct sluice_addr group = library_fixture_addr("239.1.1.3");
	struct sluice_session *other;

	library_fixture_open(&fixture);
	session = library_fixture_session(&fixture);
	other = library_fixture_session(&fixture);
	cr_expect_eq(join("239.1.1.1"), 0);
	cr_expect_eq(join("239.1.1.2"), 0);
	sluice_session_close(session);
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.1");
	library_fixture_hear(&fixture, FIXTURE_TO_IN, "239.1.1.2");
	cr_expect_eq(sluice_join(other, 1, &group), 0, "other sessions are not affected");
	sluice_session_close(NULL);
	// library_fixture_close() checks that the engine frees what is still open.
	library_fixture_close(&fixture);
}

Test(member, lost, .description = "a removed device is reported to sessions that joined on it")
{
	struct sluice_session *session;

	library_fixture_open_three(&fixture);
	session = library_fixture_session(&fixture);
	library_fixture_expect_lost(&fixture, session);
	sluice_session_close(session);
	library_fixture_close(&fixture);
}
