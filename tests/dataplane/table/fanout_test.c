// SPDX-License-Identifier: BSD-3-Clause
// Fan-outs compared with a naive list of subscribers and a naive filter.
#include "fanout.h"
#include "aligned_memory.h"
#include "random_fixture.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdlib.h>

enum { OUTPUTS = 12, OWNERS = 6, OWN_LINES = 5, SOURCES = 40 };

static struct output *output_of(unsigned number)
{
	return (struct output *)((uintptr_t)(number + 1) << 4);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sluice_addr));
}

static struct sluice_addr source_of(uint16_t family, uint32_t number)
{
	struct sluice_addr source = {.family = family};

	// Differs in the first and the last byte, so that byte order matters.
	source.bytes[0] = (uint8_t)(10 + number * 7 % 5);
	source.bytes[1] = (uint8_t)(number >> 8);
	source.bytes[sluice_addr_len(&source) - 1] = (uint8_t)number;
	return source;
}

struct naive_line {
	struct subscriber sub;
	struct sluice_addr sources[SOURCES];
};

struct naive {
	struct naive_line lines[OWNERS][OWN_LINES];
	unsigned n[OWNERS];
};

static bool naive_wants(const struct naive *naive, const struct output *output,
	const struct sluice_addr *source, const struct fanout_frame *frame)
{
	for (unsigned owner = 0; owner < OWNERS; owner++) {
		for (unsigned i = 0; i < naive->n[owner]; i++) {
			const struct naive_line *line = &naive->lines[owner][i];
			bool listed = false;

			for (unsigned k = 0; k < line->sub.filter.n_sources; k++)
				listed |= sluice_addr_equal(&line->sources[k], source);
			if (line->sub.output == output &&
				(!line->sub.udp_port_be || frame->later_fragment ||
					line->sub.udp_port_be == frame->udp_port_be) &&
				listed == (line->sub.filter.mode == SLUICE_INCLUDE))
				return true;
		}
	}
	return false;
}

static void compare(const struct naive *naive, const struct fanout *fanout, uint16_t family,
	struct random *random)
{
	struct sluice_addr source = source_of(family, random_below(random, 2 * SOURCES));
	struct fanout_frame frame = {
		.source = source.bytes,
		.udp_port_be = (uint16_t)random_below(random, 4),
		.later_fragment = random_below(random, 8) == 0,
	};
	struct output *wanted[FANOUT_SUBSCRIBERS_MAX];
	unsigned n = fanout ? fanout_filter(fanout, &frame, wanted) : 0;

	for (unsigned i = 0; i < OUTPUTS; i++) {
		unsigned times = 0;

		for (unsigned k = 0; k < n; k++)
			times += wanted[k] == output_of(i);
		cr_assert_eq(times, naive_wants(naive, output_of(i), &source, &frame));
	}
}

static void random_lines(
	struct naive *naive, unsigned owner, uint16_t family, struct random *random)
{
	naive->n[owner] = random_below(random, 3) ? random_below(random, OWN_LINES + 1) : 0;
	for (unsigned i = 0; i < naive->n[owner]; i++) {
		struct naive_line *line = &naive->lines[owner][i];
		unsigned n = 0;

		for (uint32_t k = 0; k < SOURCES; k++)
			if (random_below(random, SOURCES) < 4 * i)
				line->sources[n++] = source_of(family, k);
		qsort(line->sources, n, sizeof(line->sources[0]), by_bytes);
		line->sub = (struct subscriber){
			.owner = owner,
			.output = output_of(random_below(random, OUTPUTS)),
			.filter = {random_below(random, 2) ? SLUICE_INCLUDE : SLUICE_EXCLUDE, n,
				line->sources},
			.udp_port_be = (uint16_t)random_below(random, 3),
		};
	}
}

static struct fanout *build(const struct fanout_draft *draft)
{
	return draft->size ? fanout_build(draft, aligned_memory_alloc(draft->size)) : NULL;
}

ParameterizedTestParameters(fanout, random_lines)
{
	static uint16_t families[] = {AF_INET, AF_INET6};

	return cr_make_param_array(uint16_t, families, 2);
}

ParameterizedTest(uint16_t *family, fanout, random_lines,
	.description = "replacing subscribers and filtering frames agree with a naive model")
{
	static struct fanout_draft draft;
	static struct naive naive;
	struct random random = {*family};
	struct fanout *fanout = NULL;

	for (unsigned step = 0; step < 4000; step++) {
		unsigned owner = random_below(&random, OWNERS);
		struct subscriber subs[OWN_LINES];
		struct fanout *next;

		random_lines(&naive, owner, *family, &random);
		for (unsigned i = 0; i < naive.n[owner]; i++)
			subs[i] = naive.lines[owner][i].sub;
		cr_assert_eq(fanout_draft(&draft, fanout, *family, owner, subs, naive.n[owner]), 0);
		next = build(&draft);
		free(fanout);
		fanout = next;
		for (unsigned i = 0; i < 30; i++)
			compare(&naive, fanout, *family, &random);
	}
	free(fanout);
}

ParameterizedTestParameters(fanout, thousand_sources)
{
	static uint16_t families[] = {AF_INET, AF_INET6};

	return cr_make_param_array(uint16_t, families, 2);
}

ParameterizedTest(uint16_t *family, fanout, thousand_sources,
	.description = "filters of 1 to 1,000 sources contain exactly these sources")
{
	static struct fanout_draft draft;
	static struct sluice_addr sources[1000];

	for (unsigned n = 1; n <= 1000; n += 1 + n / 8) {
		struct subscriber sub = {
			.output = output_of(0),
			.filter = {SLUICE_INCLUDE, n, sources},
		};
		struct fanout *fanout;

		for (unsigned i = 0; i < n; i++)
			sources[i] = source_of(*family, 2 * i + 1);
		qsort(sources, n, sizeof(sources[0]), by_bytes);
		cr_assert_eq(fanout_draft(&draft, NULL, *family, 1, &sub, 1), 0);
		fanout = build(&draft);
		for (unsigned i = 0; i < 2 * n + 2; i++) {
			struct sluice_addr source = source_of(*family, i);
			struct fanout_frame frame = {.source = source.bytes};
			struct output *wanted[1];

			cr_assert_eq(fanout_filter(fanout, &frame, wanted), i % 2 && i < 2 * n);
		}
		free(fanout);
	}
}

Test(fanout, limit, .description = "a subscriber above the limit is refused")
{
	static struct fanout_draft draft;
	static struct subscriber subs[FANOUT_SUBSCRIBERS_MAX + 1];
	struct fanout *fanout;
	struct output *wanted[FANOUT_SUBSCRIBERS_MAX];
	struct sluice_addr source = source_of(AF_INET, 1);

	for (unsigned i = 0; i <= FANOUT_SUBSCRIBERS_MAX; i++)
		subs[i] = (struct subscriber){
			.output = output_of(i),
			.filter = {.mode = SLUICE_EXCLUDE},
			.udp_port_be = (uint16_t)(i % 2),
		};
	cr_assert_eq(
		fanout_draft(&draft, NULL, AF_INET, 1, subs, FANOUT_SUBSCRIBERS_MAX + 1), -ENOSPC);
	cr_assert_eq(fanout_draft(&draft, NULL, AF_INET, 1, subs, FANOUT_SUBSCRIBERS_MAX), 0);
	fanout = build(&draft);
	cr_assert_eq(fanout_draft(&draft, fanout, AF_INET, 2, subs, 1), -ENOSPC);
	cr_assert_eq(fanout_filter(fanout, &(struct fanout_frame){.source = source.bytes}, wanted),
		FANOUT_SUBSCRIBERS_MAX / 2);
	cr_assert_eq(
		fanout_filter(fanout,
			&(struct fanout_frame){.source = source.bytes, .udp_port_be = 1}, wanted),
		FANOUT_SUBSCRIBERS_MAX);
	free(fanout);
}

Test(fanout, later_fragments,
	.description =
		"a later fragment has no port and is delivered to every port-bound subscriber")
{
	static struct fanout_draft draft;
	struct sluice_addr source = source_of(AF_INET, 1);
	struct subscriber sub = {
		.output = output_of(0),
		.filter = {.mode = SLUICE_EXCLUDE},
		.udp_port_be = 1234,
	};
	struct fanout_frame frame = {.source = source.bytes};
	struct output *wanted[1];
	struct fanout *fanout;

	cr_assert_eq(fanout_draft(&draft, NULL, AF_INET, 1, &sub, 1), 0);
	fanout = build(&draft);
	cr_assert_eq(fanout_filter(fanout, &frame, wanted), 0, "not UDP");
	frame.udp_port_be = 4321;
	cr_assert_eq(fanout_filter(fanout, &frame, wanted), 0);
	frame.udp_port_be = 1234;
	cr_assert_eq(fanout_filter(fanout, &frame, wanted), 1);
	frame = (struct fanout_frame){.source = source.bytes, .later_fragment = true};
	cr_assert_eq(fanout_filter(fanout, &frame, wanted), 1);
	free(fanout);
}
