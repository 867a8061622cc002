// SPDX-License-Identifier: BSD-3-Clause
// Records and lists of sources that do not fit into a frame: CHG-13 to CHG-15.
#include <stdio.h>
#include <stdlib.h>

#include "host_fixture.h"

static void small_mtu(struct host_config *config)
{
	config->mtu = 576;
}

ONE_TUNED(AF_INET, split, records, small_mtu,
	"CHG-13 CHG-16: records that do not fit go into further reports")
{
	char name[8];

	for (unsigned i = 1; i <= 150; i++) {
		sprintf(name, "%u", i);
		cr_assert_eq(fixture_join(fixture, 0, name), 0);
	}
	fixture_flush(fixture);
	cr_assert_eq(fixture->n_frames, 3);
	cr_assert_eq(fixture->frames[0].n_records, 68);
	cr_assert_eq(fixture->frames[1].n_records, 68);
	cr_assert_eq(fixture->frames[2].n_records, 14);
	fixture_run(fixture, 3000);
	cr_assert_eq(host_counters(fixture->host)->tx_records, 300);
}

static unsigned count_commas(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == ',';
	return n;
}

// Returns the number of frames that were not taken yet.
static unsigned count_source(const struct host_fixture *fixture, unsigned number)
{
	struct sluice_addr source = fixture_numbered(fixture, number);
	char text[ADDRESS_TEXT_MAX + 1];
	unsigned n = 0;

	strcat(strcpy(text, address_format(&source, (char[ADDRESS_TEXT_MAX]){0})), ",");
	for (unsigned i = fixture->n_taken; i < fixture->n_frames; i++)
		n += strstr(fixture->frames[i].text, text) != NULL;
	return n;
}

static void set_filter(struct host_fixture *fixture, enum sluice_filter_mode mode, unsigned n)
{
	struct sluice_addr group = fixture_group(fixture, "1");
	struct sluice_addr *sources = calloc(n + 1, sizeof(*sources));

	for (unsigned i = 0; i < n; i++)
		sources[i] = fixture_numbered(fixture, 1000 + i);
	cr_assert_eq(member_set_filter(fixture->sessions[0], fixture->host, &group,
			     &(struct sluice_source_filter){mode, n, sources}, NULL),
		0);
	free(sources);
}

static void filter_of(struct host_fixture *fixture, enum sluice_filter_mode mode, unsigned n)
{
	set_filter(fixture, mode, n);
	fixture_flush(fixture);
}

// The capacity of one record by family, with an MTU of 576.
static unsigned capacity(const struct host_fixture *fixture)
{
	return fixture->family == AF_INET ? 134 : 31;
}

static void expect_split(struct host_fixture *fixture, const char *type, unsigned n)
{
	unsigned room = capacity(fixture);
	unsigned seen = 0;

	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(count_source(fixture, 1000 + i), 1, "source %u", i);
	for (unsigned i = fixture->n_taken; i < fixture->n_frames; i++) {
		unsigned here = count_commas(fixture->frames[i].text);

		cr_assert_eq(strncmp(fixture->frames[i].text, type, strlen(type)), 0, "%s",
			fixture->frames[i].text);
		cr_assert_eq(here, n - seen < room ? n - seen : room);
		seen += here;
	}
	cr_assert_eq(seen, n);
	fixture->n_taken = fixture->n_frames;
}

BOTH_TUNED(split, lists, small_mtu, "CHG-14: a record too big is split, each part in its report")
{
	filter_of(fixture, SLUICE_EXCLUDE, 0);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	filter_of(fixture, SLUICE_EXCLUDE, 300);
	expect_split(fixture, "BLOCK(1:", 300);
	fixture_run(fixture, 3000);
	expect_split(fixture, "BLOCK(1:", 300);
	filter_of(fixture, SLUICE_INCLUDE, 300);
	expect_split(fixture, "TO_IN(1:", 300);
	fixture_run(fixture, 3000);
	expect_split(fixture, "TO_IN(1:", 300);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 3000);
	expect_split(fixture, "IS_IN(1:", 300);
	filter_of(fixture, SLUICE_INCLUDE, 0);
	expect_split(fixture, "BLOCK(1:", 300);
}

BOTH_TUNED(split, full_port, small_mtu,
	"CHG-14: a split report that meets a full port goes on where it stopped")
{
	filter_of(fixture, SLUICE_EXCLUDE, 0);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture->port_full = true;
	filter_of(fixture, SLUICE_INCLUDE, 300);
	cr_assert_eq(fixture->n_taken, fixture->n_frames);
	fixture->port_full = false;
	fixture_run(fixture, 10);
	expect_split(fixture, "TO_IN(1:", 300);
	fixture_run(fixture, 3000);
	expect_split(fixture, "TO_IN(1:", 300);
}

BOTH_TUNED(split, shrinking, small_mtu,
	"CHG-14 MLD-11: sources that go while their list is half sent leave no empty record")
{
	filter_of(fixture, SLUICE_INCLUDE, 300);
	fixture_run(fixture, 3000);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 100);
	fixture->frames_left = 1;
	fixture->port_full_after = true;
	fixture_run(fixture, 200);
	fixture->port_full_after = false;
	set_filter(fixture, SLUICE_INCLUDE, 10);
	fixture->n_taken = fixture->n_frames;
	fixture_run(fixture, 200);
	fixture_expect(fixture, "");
}

BOTH_TUNED(split, excludes, small_mtu, "CHG-15: an exclude list too big is cut, always alike")
{
	unsigned room = capacity(fixture);
	char *first;

	filter_of(fixture, SLUICE_EXCLUDE, 300);
	fixture_run(fixture, 3000);
	cr_assert_eq(fixture->n_frames, 2);
	first = strdup(fixture->frames[0].text);
	cr_assert_eq(strncmp(first, "TO_EX(1:", 8), 0);
	cr_assert_eq(count_commas(first), room);
	cr_assert_str_eq(first, fixture->frames[1].text);
	fixture_query(fixture, NEWEST(fixture), NULL, "", 1000);
	fixture_run(fixture, 3000);
	cr_assert_eq(fixture->n_frames, 3);
	cr_assert_str_eq(strchr(first, ':'), strchr(fixture->frames[2].text, ':'));
	free(first);
}

BOTH_TUNED(split, beside, small_mtu,
	"CHG-14 CHG-15: a list too big begins a report of its own, and is cut there as ever")
{
	filter_of(fixture, SLUICE_EXCLUDE, 0);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_join(fixture, 0, "2");
	filter_of(fixture, SLUICE_EXCLUDE, 300);
	cr_assert_str_eq(fixture->frames[fixture->n_taken++].text, "TO_EX(2:)");
	expect_split(fixture, "BLOCK(1:", 300);
	filter_of(fixture, SLUICE_INCLUDE, 0);
	fixture_run(fixture, 3000);
	fixture_take(fixture);
	fixture_join(fixture, 0, "3");
	filter_of(fixture, SLUICE_EXCLUDE, 300);
	cr_assert_eq(fixture->n_frames - fixture->n_taken, 2);
	cr_assert_str_eq(fixture->frames[fixture->n_taken].text, "TO_EX(3:)");
	cr_assert_eq(count_commas(fixture->frames[fixture->n_taken + 1].text), capacity(fixture));
}
