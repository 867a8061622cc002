// SPDX-License-Identifier: BSD-3-Clause
// The filters of records compared with those of the fan-outs that they represent.
#include "group_record.h"
#include "group_table_fixture.h"
#include "aligned_memory.h"
#include "random_fixture.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

static uint16_t families[] = {AF_INET, AF_INET6};

#define FOR_FAMILIES(name)                                                                         \
	ParameterizedTestParameters(group_record, name)                                            \
	{                                                                                          \
		return cr_make_param_array(uint16_t, families, 2);                                 \
	}

// One or two lines of up to two sources, to one or two outputs. NULL: no subscriber.
static struct fanout *random_fanout(uint16_t family, struct random *random)
{
	static struct fanout_draft draft;
	struct sluice_addr sources[2] = {fixture_source(family, random_below(random, 2)),
		fixture_source(family, 2 + random_below(random, 2))};
	struct subscriber subs[2];
	unsigned n = 1 + random_below(random, 4) / 3;

	for (unsigned i = 0; i < n; i++)
		subs[i] = (struct subscriber){
			.output = (struct output *)((uintptr_t)(1 + random_below(random, 2)) << 6),
			.filter.mode = random_below(random, 3) ? SLUICE_INCLUDE : SLUICE_EXCLUDE,
			.udp_port_be = random_below(random, 2) ? htons(5000) : 0,
			.filter.n_sources = random_below(random, 3),
			.filter.sources = sources,
		};
	fanout_draft(&draft, NULL, family, 1, subs, n);
	return draft.size ? fanout_build(&draft, aligned_memory_alloc(draft.size)) : NULL;
}

static void compare(
	const struct group_record *group, const struct fanout *fanout, struct random *random)
{
	struct sluice_addr source =
		fixture_source(fanout->family, random_below(random, FIXTURE_SOURCES));
	struct fanout_frame frame = {
		.source = source.bytes,
		.udp_port_be = random_below(random, 2) ? htons(5000) : htons(5001),
		.later_fragment = random_below(random, 4) == 0,
	};
	struct output *scratch[FANOUT_SUBSCRIBERS_MAX], *wanted[FANOUT_SUBSCRIBERS_MAX];
	struct output *const *outputs;
	unsigned n = group_record_outputs(group, &frame, scratch, &outputs);

	cr_assert_eq(n, fanout_filter(fanout, &frame, wanted));
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(outputs[i], wanted[i]);
}

FOR_FAMILIES(random_filters)
ParameterizedTest(uint16_t *family, group_record, random_filters,
	.description = "a record passes the same frames as its fan-out, whatever it was before")
{
	struct random random = {99};
	struct group_record6 record = {.group.route = 0};
	unsigned direct = 0, filtered = 0;

	for (unsigned i = 0; i < 20000; i++) {
		struct fanout *fanout = random_fanout(*family, &random);
		uint64_t route;

		if (!fanout)
			continue;
		if (random_below(&random, 8) == 0)
			group_record_clear(&record.group, *family);
		group_record_set_route(&record.group, fanout);
		route = group_record_route(&record.group);
		direct += (route & ROUTE_DIRECT) != 0;
		filtered += (route & (ROUTE_SOURCE4 | ROUTE_SOURCE6)) != 0;
		for (unsigned k = 0; k < 8; k++)
			compare(&record.group, fanout, &random);
		free(fanout);
	}
	cr_assert_gt(direct, 1000);
	cr_assert_gt(filtered, 500);
}

FOR_FAMILIES(source_once)
ParameterizedTest(uint16_t *family, group_record, source_once,
	.description = "promise 5: a source does not change while a worker may see it")
{
	struct fanout *first = fixture_filter_fanout(*family, 0);
	struct fanout *second = fixture_filter_fanout(*family, 1);
	uint64_t source = *family == AF_INET ? ROUTE_SOURCE4 : ROUTE_SOURCE6;
	struct group_record6 record = {.group.route = 0};

	group_record_set_route(&record.group, first);
	cr_assert(group_record_route(&record.group) & source);
	group_record_set_route(&record.group, second);
	cr_assert_eq(group_record_fanout(group_record_route(&record.group)), second);
	group_record_set_route(&record.group, first);
	cr_assert(group_record_route(&record.group) & source);
	group_record_clear(&record.group, *family);
	group_record_set_route(&record.group, second);
	cr_assert(group_record_route(&record.group) & source);
	free(first);
	free(second);
}
