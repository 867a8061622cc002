// SPDX-License-Identifier: BSD-3-Clause
// Records and lists of sources that do not fit a frame: CHG-13 to CHG-15.
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

// In how many frames not yet taken.
static unsigned count_source(const struct lab *lab, unsigned number)
{
	struct sluice_addr source = lab_numbered(lab, number);
	char text[ADDRESS_TEXT_MAX + 1];
	unsigned n = 0;

	strcat(strcpy(text, address_format(&source, (char[ADDRESS_TEXT_MAX]){0})), ",");
	for (unsigned i = lab->n_taken; i < lab->n_frames; i++)
		n += strstr(lab->frames[i].text, text) != NULL;
	return n;
}

static void set_filter(struct lab *lab, enum sluice_filter_mode mode, unsigned n)
{
	struct sluice_addr group = lab_group(lab, "1");
	struct sluice_addr *sources = calloc(n + 1, sizeof(*sources));

	for (unsigned i = 0; i < n; i++)
		sources[i] = lab_numbered(lab, 1000 + i);
	cr_assert_eq(
		member_set_filter(lab->sessions[0], lab->host, &group, mode, sources, n, NULL), 0);
	free(sources);
}

static void filter_of(struct lab *lab, enum sluice_filter_mode mode, unsigned n)
{
	set_filter(lab, mode, n);
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

	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(count_source(lab, 1000 + i), 1, "source %u", i);
	for (unsigned i = lab->n_taken; i < lab->n_frames; i++) {
		unsigned here = count_commas(lab->frames[i].text);

		cr_assert_eq(strncmp(lab->frames[i].text, type, strlen(type)), 0, "%s",
			lab->frames[i].text);
		cr_assert_eq(here, n - seen < room ? n - seen : room);
		seen += here;
	}
	cr_assert_eq(seen, n);
	lab->n_taken = lab->n_frames;
}

BOTH_TUNED(split, lists, small_mtu, "CHG-14: a record too big is split, each part in its report")
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

BOTH_TUNED(split, full_port, small_mtu,
	"CHG-14: a split report that meets a full port goes on where it stopped")
{
	filter_of(lab, SLUICE_EXCLUDE, 0);
	lab_run(lab, 3000);
	lab_take(lab);
	lab->port_full = true;
	filter_of(lab, SLUICE_INCLUDE, 300);
	cr_assert_eq(lab->n_taken, lab->n_frames);
	lab->port_full = false;
	lab_run(lab, 10);
	expect_split(lab, "TO_IN(1:", 300);
	lab_run(lab, 3000);
	expect_split(lab, "TO_IN(1:", 300);
}

BOTH_TUNED(split, shrinking, small_mtu,
	"CHG-14 MLD-11: sources that go while their list is half sent leave no empty record")
{
	filter_of(lab, SLUICE_INCLUDE, 300);
	lab_run(lab, 3000);
	lab_query(lab, NEWEST(lab), NULL, "", 100);
	lab->frames_left = 1;
	lab->port_full_after = true;
	lab_run(lab, 200);
	lab->port_full_after = false;
	set_filter(lab, SLUICE_INCLUDE, 10);
	lab->n_taken = lab->n_frames;
	lab_run(lab, 200);
	lab_expect(lab, "");
}

BOTH_TUNED(split, excludes, small_mtu, "CHG-15: an exclude list too big is cut, always alike")
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

BOTH_TUNED(split, beside, small_mtu,
	"CHG-14 CHG-15: a list too big begins a report of its own, and is cut there as ever")
{
	filter_of(lab, SLUICE_EXCLUDE, 0);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_join(lab, 0, "2");
	filter_of(lab, SLUICE_EXCLUDE, 300);
	cr_assert_str_eq(lab->frames[lab->n_taken++].text, "TO_EX(2:)");
	expect_split(lab, "BLOCK(1:", 300);
	filter_of(lab, SLUICE_INCLUDE, 0);
	lab_run(lab, 3000);
	lab_take(lab);
	lab_join(lab, 0, "3");
	filter_of(lab, SLUICE_EXCLUDE, 300);
	cr_assert_eq(lab->n_frames - lab->n_taken, 2);
	cr_assert_str_eq(lab->frames[lab->n_taken].text, "TO_EX(3:)");
	cr_assert_eq(count_commas(lab->frames[lab->n_taken + 1].text), capacity(lab));
}
