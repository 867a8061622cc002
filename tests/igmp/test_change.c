// SPDX-License-Identifier: BSD-3-Clause
// State-change reports: sections CHG and, as far as it is about reporting, STA.
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"

// Table of CHG-1 to CHG-4: from each state to each other, by whole filters.
static const struct transition {
	enum sluice_filter_mode before;
	const char *before_sources;
	enum sluice_filter_mode after;
	const char *after_sources;
	const char *said;
} transitions[] = {
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "bcd", "ALLOW(1:d) BLOCK(1:a)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "abcd", "ALLOW(1:d)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "ab", "BLOCK(1:c)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "", "BLOCK(1:abc)"},
	{SLUICE_INCLUDE, "abc", SLUICE_INCLUDE, "abc", ""},
	{SLUICE_EXCLUDE, "abc", SLUICE_EXCLUDE, "bcd", "ALLOW(1:a) BLOCK(1:d)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_EXCLUDE, "", "ALLOW(1:abc)"},
	{SLUICE_EXCLUDE, "", SLUICE_EXCLUDE, "abc", "BLOCK(1:abc)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_EXCLUDE, "cba", ""},
	{SLUICE_INCLUDE, "abc", SLUICE_EXCLUDE, "bcd", "TO_EX(1:bcd)"},
	{SLUICE_INCLUDE, "abc", SLUICE_EXCLUDE, "", "TO_EX(1:)"},
	{SLUICE_INCLUDE, "", SLUICE_EXCLUDE, "ab", "TO_EX(1:ab)"},
	{SLUICE_INCLUDE, "", SLUICE_INCLUDE, "ab", "ALLOW(1:ab)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_INCLUDE, "bcd", "TO_IN(1:bcd)"},
	{SLUICE_EXCLUDE, "abc", SLUICE_INCLUDE, "", "TO_IN(1:)"},
	{SLUICE_EXCLUDE, "", SLUICE_INCLUDE, "a", "TO_IN(1:a)"},
};

static int set(struct lab *lab, enum sluice_filter_mode mode, const char *sources)
{
	return mode == SLUICE_INCLUDE ? lab_include(lab, 0, "1", sources)
				      : lab_exclude(lab, 0, "1", sources);
}

BOTH(change, transitions, "CHG-1 CHG-2 CHG-3 CHG-4 CHG-5 CHG-6: each change says its difference")
{
	for (unsigned i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++) {
		const struct transition *t = &transitions[i];

		cr_assert_eq(set(lab, t->before, t->before_sources), 0);
		lab_flush(lab);
		lab_run(lab, 5000);
		lab_take(lab);
		cr_assert_eq(set(lab, t->after, t->after_sources), 0);
		lab_flush(lab);
		cr_expect_str_eq(lab_take(lab), t->said, "row %u", i);
		lab_run(lab, 5000);
		cr_expect_str_eq(lab_take(lab), t->said, "row %u, repeated", i);
		cr_assert_eq(set(lab, SLUICE_INCLUDE, ""), 0);
		lab_flush(lab);
		lab_run(lab, 5000);
		lab_take(lab);
		cr_assert_str_eq(lab_state(lab, "1"), "none");
	}
}

BOTH(change, repeats, "CHG-7 TMR-4: RV copies, the gaps random in (0, URI]")
{
	uint64_t sum = 0;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 200; i++) {
		uint64_t gap;

		cr_assert_eq(lab_join(lab, 0, "1"), 0);
		lab_says(lab, "TO_EX(1:)");
		lab_run(lab, 3000);
		lab_expect(lab, "TO_EX(1:)");
		gap = lab->frames[lab->n_frames - 1].at_ms - lab->frames[lab->n_frames - 2].at_ms;
		cr_assert(gap > 0 && gap <= 1000);
		sum += gap;
		least = gap < least ? gap : least;
		cr_assert_eq(lab_leave(lab, 0, "1"), 0);
		lab_says(lab, "TO_IN(1:)");
		lab_run(lab, 3000);
		lab_expect(lab, "TO_IN(1:)");
	}
	cr_assert(sum / 200 > 400 && sum / 200 < 600, "the mean gap is %lu", sum / 200);
	cr_assert_lt(least, 100);
}

static void four_copies(struct host_config *config)
{
	config->robustness = 4;
}

BOTH_TUNED(change, robustness, four_copies, "CHG-7 TMR-1: as many copies as the configuration says")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(1:) | TO_EX(1:) | TO_EX(1:) | TO_EX(1:)");
}

BOTH(change, merge, "CHG-8 CHG-9: a further change merges with what is pending")
{
	lab_join_source(lab, 0, "1", 'a');
	lab_says(lab, "ALLOW(1:a)");
	lab_join_source(lab, 0, "1", 'b');
	lab_says(lab, "ALLOW(1:ab)");
	lab_run(lab, 3000);
	lab_expect(lab, "ALLOW(1:b)");
}

BOTH_TUNED(change, counters, four_copies, "CHG-9: each source is in exactly RV reports")
{
	const char *names = "abcde";
	unsigned seen[5] = {0};

	for (unsigned i = 0; i < 5; i++) {
		lab_join_source(lab, 0, "1", names[i]);
		lab_flush(lab);
	}
	lab_run(lab, 10000);
	for (unsigned i = 0; i < lab->n_frames; i++) {
		for (unsigned k = 0; k < 5; k++)
			seen[k] += strchr(strchr(lab->frames[i].text, ':'), names[k]) != NULL;
	}
	for (unsigned k = 0; k < 5; k++)
		cr_expect_eq(seen[k], 4, "source %c is in %u", names[k], seen[k]);
}

BOTH(change, mode_first, "CHG-10: sources follow when the filter-mode counter has run out")
{
	lab_exclude(lab, 0, "1", "ab");
	lab_says(lab, "TO_EX(1:ab)");
	lab_exclude(lab, 0, "1", "bc");
	lab_says(lab, "TO_EX(1:bc)");
	lab_run(lab, 3000);
	lab_expect(lab, "ALLOW(1:a) BLOCK(1:c)");
}

BOTH(change, source_flips, "CHG-11: what a report says is what holds when it leaves")
{
	lab_include(lab, 0, "1", "z");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_join_source(lab, 0, "1", 'a');
	lab_says(lab, "ALLOW(1:a)");
	lab_leave_source(lab, 0, "1", 'a');
	lab_says(lab, "BLOCK(1:a)");
	lab_run(lab, 3000);
	lab_expect(lab, "BLOCK(1:a)");
}

BOTH(change, mode_flips, "CHG-12: the mode flips back before the repeats end")
{
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab_leave(lab, 0, "1");
	lab_says(lab, "TO_IN(1:)");
	lab_run(lab, 3000);
	lab_expect(lab, "TO_IN(1:)");
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_leave(lab, 0, "1");
	lab_says(lab, "TO_IN(1:)");
	cr_assert_str_eq(lab_state(lab, "1"), "IN() leaving 0");
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	lab_run(lab, 3000);
	lab_expect(lab, "TO_EX(1:)");
}

static void small_mtu(struct host_config *config)
{
	config->mtu = 576;
}

ONE_TUNED(AF_INET, change, many_records, small_mtu,
	"CHG-13 CHG-16: records that do not fit go into further reports")
{
	char name[8];

	for (unsigned i = 1; i <= 150; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(lab_join(lab, 0, name), 0);
	}
	lab_flush(lab);
	cr_assert_eq(lab->n_frames, 3);
	cr_assert_eq(lab->frames[0].n_records, 68);
	cr_assert_eq(lab->frames[1].n_records, 68);
	cr_assert_eq(lab->frames[2].n_records, 14);
	lab_run(lab, 3000);
	cr_assert_eq(host_counter(lab->host, HOST_TX_RECORD), 300);
}

static unsigned count_commas(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == ',';
	return n;
}

static void filter_of(struct lab *lab, enum sluice_filter_mode mode, unsigned n)
{
	struct sluice_addr group = lab_group(lab, "1");
	struct sluice_addr *sources = calloc(n + 1, sizeof(*sources));

	for (unsigned i = 0; i < n; i++)
		sources[i] = lab_numbered(lab, 1000 + i);
	cr_assert_eq(member_set_filter(
			     lab->sessions[0], lab->host, &group, mode, sources, n, lab->now_ms),
		0);
	free(sources);
	lab_flush(lab);
}

// Capacity of one record by family, at 576 bytes.
static unsigned capacity(const struct lab *lab)
{
	return lab->family == AF_INET ? 134 : 31;
}

static void expect_split(struct lab *lab, const char *type, unsigned n)
{
	unsigned room = capacity(lab);
	unsigned seen = 0;

	for (unsigned i = lab->n_taken; i < lab->n_frames; i++) {
		unsigned here = count_commas(lab->frames[i].text);

		cr_assert_eq(strncmp(lab->frames[i].text, type, strlen(type)), 0, "%s",
			lab->frames[i].text);
		// Fewer than 27 in a record are not told apart by number.
		cr_assert_eq(here, n - seen < room ? n - seen : room);
		seen += here;
	}
	cr_assert_eq(seen, n);
	lab->n_taken = lab->n_frames;
}

BOTH_TUNED(change, split, small_mtu, "CHG-14: a record too big is split, each part in its report")
{
	filter_of(lab, SLUICE_EXCLUDE, 0);
	lab_run(lab, 3000);
	lab_take(lab);
	filter_of(lab, SLUICE_EXCLUDE, 300);
	expect_split(lab, "BLOCK(1:", 300);
	lab_run(lab, 3000);
	expect_split(lab, "BLOCK(1:", 300);
	filter_of(lab, SLUICE_INCLUDE, 300);
	expect_split(lab, "TO_IN(1:", 300);
	lab_run(lab, 3000);
	expect_split(lab, "TO_IN(1:", 300);
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 3000);
	expect_split(lab, "IS_IN(1:", 300);
	filter_of(lab, SLUICE_INCLUDE, 0);
	expect_split(lab, "BLOCK(1:", 300);
}

BOTH_TUNED(change, split_again, small_mtu,
	"CHG-14: a split report that meets a full port goes on where it stopped")
{
	struct sluice_addr group = lab_group(lab, "1");
	struct sluice_addr sources[300];

	for (unsigned i = 0; i < 300; i++)
		sources[i] = lab_numbered(lab, 1000 + i);
	filter_of(lab, SLUICE_EXCLUDE, 0);
	lab_run(lab, 3000);
	lab_take(lab);
	lab->port_full = true;
	member_set_filter(
		lab->sessions[0], lab->host, &group, SLUICE_INCLUDE, sources, 300, lab->now_ms);
	lab_flush(lab);
	cr_assert_eq(lab->n_taken, lab->n_frames);
	lab->port_full = false;
	lab_run(lab, 10);
	expect_split(lab, "TO_IN(1:", 300);
	lab_run(lab, 3000);
	expect_split(lab, "TO_IN(1:", 300);
}

BOTH_TUNED(change, split_shrinks, small_mtu,
	"CHG-14 MLD-11: sources that go while their list is half sent leave no empty record")
{
	struct sluice_addr group = lab_group(lab, "1");
	struct sluice_addr sources[300];

	for (unsigned i = 0; i < 300; i++)
		sources[i] = lab_numbered(lab, 1000 + i);
	filter_of(lab, SLUICE_INCLUDE, 300);
	lab_run(lab, 3000);
	lab_query(lab, NEWEST(lab), NULL, "", 100);
	lab->frames_left = 1;
	lab->port_full_after = true;
	lab_run(lab, 200);
	lab->port_full_after = false;
	cr_assert_eq(member_set_filter(lab->sessions[0], lab->host, &group, SLUICE_INCLUDE, sources,
			     10, lab->now_ms),
		0);
	lab->n_taken = lab->n_frames;
	lab_run(lab, 200);
	lab_expect(lab, "");
}

BOTH_TUNED(change, truncate, small_mtu, "CHG-15: an exclude list too big is cut, always alike")
{
	unsigned room = capacity(lab);
	char *first;

	filter_of(lab, SLUICE_EXCLUDE, 300);
	lab_run(lab, 3000);
	cr_assert_eq(lab->n_frames, 2);
	first = strdup(lab->frames[0].text);
	cr_assert_eq(strncmp(first, "TO_EX(1:", 8), 0);
	cr_assert_eq(count_commas(first), room);
	cr_assert_str_eq(first, lab->frames[1].text);
	lab_query(lab, NEWEST(lab), NULL, "", 1000);
	lab_run(lab, 3000);
	cr_assert_eq(lab->n_frames, 3);
	cr_assert_str_eq(strchr(first, ':'), strchr(lab->frames[2].text, ':'));
	free(first);
}

BOTH(change, packing, "CHG-16: groups changed together share a report, each repeats RV times")
{
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_join_source(lab, 0, "3", 'a');
	lab_join(lab, 0, "4");
	lab_join(lab, 0, "5");
	lab_says(lab, "ALLOW(3:a) TO_EX(1:) TO_EX(2:) TO_EX(4:) TO_EX(5:)");
	lab_run(lab, 3000);
	cr_assert_eq(host_counter(lab->host, HOST_TX_RECORD), 10);
}

BOTH(change, link, "CHG-17: what is joined is announced again when the link comes up")
{
	lab_join(lab, 0, "1");
	lab_include(lab, 0, "2", "ab");
	lab_exclude(lab, 0, "3", "c");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	host_set_link(lab->host, false, lab->now_ms);
	lab_run(lab, 5000);
	lab_expect(lab, "");
	host_set_link(lab->host, true, lab->now_ms);
	lab_expect(lab, "ALLOW(2:ab) TO_EX(1:) TO_EX(3:c)");
	lab_run(lab, 5000);
	cr_assert_eq(host_counter(lab->host, HOST_TX_RECORD), 12);
}

BOTH(change, link_down, "CHG-17: nothing leaves a link that is down; what was left then is said")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_take(lab);
	host_set_link(lab->host, false, lab->now_ms);
	lab_join(lab, 0, "2");
	lab_leave(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "");
	cr_assert_str_eq(lab_state(lab, "2"), "EX() pending 1");
	host_set_link(lab->host, true, lab->now_ms);
	lab_expect(lab, "TO_EX(2:) TO_IN(1:)");
	cr_assert_str_eq(lab_state(lab, "2"), "EX() joined 1");
}

static void send_qrv(struct lab *lab, unsigned qrv)
{
	struct lab_packet packet = lab_query_packet(lab, NEWEST(lab), NULL, "", 1000);

	packet.bytes[packet.message + (lab->family == AF_INET ? 8 : 24)] = qrv;
	lab_seal(lab, &packet);
	lab_send(lab, &packet);
	lab_run(lab, 2000);
	lab_take(lab);
}

BOTH(change, qrv, "CHG-18 DEC-3: the querier's robustness is used, 0 means the default")
{
	send_qrv(lab, 4);
	lab_join(lab, 0, "1");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(1:) | TO_EX(1:) | TO_EX(1:) | TO_EX(1:)");
	send_qrv(lab, 0);
	lab_join(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_EX(2:) | TO_EX(2:)");
	send_qrv(lab, 1);
	cr_assert_not_null(strstr(lab->logged, "robustness"));
	lab_leave(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 5000);
	lab_expect(lab, "TO_IN(2:)");
}

BOTH(change, cancelled, "CHG-6: what cancels itself before the flush is never heard of")
{
	lab_join(lab, 0, "1");
	lab_leave(lab, 0, "1");
	lab_says(lab, "");
	cr_assert_str_eq(lab_state(lab, "1"), "none");
	lab_join(lab, 0, "1");
	lab_says(lab, "TO_EX(1:)");
	// The repeat of the join survives a change that comes to nothing.
	lab_leave(lab, 0, "1");
	lab_include(lab, 0, "1", "a");
	lab_include(lab, 0, "1", "");
	lab_join(lab, 0, "1");
	lab_says(lab, "");
	lab_run(lab, 1000);
	lab_expect(lab, "TO_EX(1:)");
	lab_run(lab, 5000);
	lab_expect(lab, "");
}

BOTH(change, full_port,
	"CHG-6 API-41: a full port delays a report by at most 10 ms, a leave cancels it")
{
	lab->port_full = true;
	lab_join(lab, 0, "1");
	lab_join(lab, 0, "2");
	lab_flush(lab);
	lab_run(lab, 100);
	cr_assert_eq(lab->n_joined, 0);
	cr_assert_gt(host_counter(lab->host, HOST_TX_AGAIN), 9);
	lab_leave(lab, 0, "2");
	lab_flush(lab);
	lab->port_full = false;
	lab_run(lab, 10);
	lab_expect(lab, "TO_EX(1:)");
	cr_assert_eq(lab->n_joined, 1);
	lab_run(lab, 3000);
	lab_expect(lab, "TO_EX(1:)");
	cr_assert(!host_busy(lab->host));
	cr_assert_eq(host_next_ms(lab->host), HOST_NEVER);
}

BOTH(change, busy, "CHG-7: the host is busy until the last repeat of a leave")
{
	lab_join(lab, 0, "1");
	lab_flush(lab);
	cr_assert(host_busy(lab->host));
	lab_run(lab, 3000);
	cr_assert(!host_busy(lab->host));
	lab_leave(lab, 0, "1");
	lab_flush(lab);
	cr_assert(host_busy(lab->host));
	lab_run(lab, 3000);
	cr_assert(!host_busy(lab->host));
	cr_assert_str_eq(lab_state(lab, "1"), "none");
}
