// SPDX-License-Identifier: BSD-3-Clause
#include "group_table_fixture.h"
#include "aligned_memory.h"
#include <arpa/inet.h>
#include <stdlib.h>

struct sluice_addr fixture_group(uint16_t family, uint32_t number)
{
	struct sluice_addr group = {.family = family};
	uint32_t last_be = htonl(number);

	if (family == AF_INET) {
		memcpy(group.bytes, &last_be, 4);
		group.bytes[0] = 239;
	} else {
		group.bytes[0] = 0xff;
		group.bytes[1] = 0x3e;
		memcpy(group.bytes + 12, &last_be, 4);
	}
	return group;
}

static struct fanout *fanout_of(uint16_t family, uint32_t number, struct subscriber sub)
{
	static _Thread_local struct fanout_draft draft;

	sub.output = (struct output *)((uintptr_t)(number + 1) << 4);
	fanout_draft(&draft, NULL, family, 1, &sub, 1);
	return fanout_build(&draft, aligned_memory_alloc(draft.size));
}

static struct fanout *make_fanout(uint16_t family, uint32_t number)
{
	return fanout_of(family, number, (struct subscriber){.filter = {.mode = SLUICE_EXCLUDE}});
}

static bool has_source(uint32_t number)
{
	return number / FIXTURE_SOURCES % 4 < 2;
}

static bool has_port(uint32_t number)
{
	return number / FIXTURE_SOURCES % 2 == 1;
}

static uint16_t port_of(uint32_t number)
{
	return 5000 + number % 2;
}

struct sluice_addr fixture_source(uint16_t family, uint32_t number)
{
	uint8_t last = 1 + number % FIXTURE_SOURCES;
	struct sluice_addr source = {.family = family, .bytes = {10, 1, 1, last}};

	// Both halves differ from source to source: a mix of two is none.
	if (family == AF_INET6)
		source.bytes[15] = last;
	return source;
}

struct fanout *fixture_filter_fanout(uint16_t family, uint32_t number)
{
	struct sluice_addr source = fixture_source(family, number);

	return fanout_of(family, number,
		(struct subscriber){
			.udp_port_be = has_port(number) ? htons(port_of(number)) : 0,
			.filter = {has_source(number) ? SLUICE_INCLUDE : SLUICE_EXCLUDE,
				has_source(number), &source},
		});
}

bool fixture_filter_takes(uint32_t number, uint32_t source, uint16_t port)
{
	return (!has_source(number) || number % FIXTURE_SOURCES == source) &&
	       (!has_port(number) || port_of(number) == port);
}

uint32_t fixture_output_number(const struct output *output)
{
	return (uint32_t)((uintptr_t)output >> 4) - 1;
}

uint32_t fixture_fanout_number(const struct fanout *fanout)
{
	return fixture_output_number(fanout->outputs[0]);
}

uint32_t fixture_group_number(const struct group_record *group)
{
	struct output *scratch[FANOUT_SUBSCRIBERS_MAX];
	struct output *const *outputs;

	group_record_outputs(group, &(struct fanout_frame){0}, scratch, &outputs);
	return fixture_output_number(outputs[0]);
}

static void retired_free(struct reclaim_item *item)
{
	free((char *)item - offsetof(struct fanout, reclaim));
}

static void retire(struct reclaim *reclaim, struct fanout *fanout)
{
	fanout->reclaim.free = retired_free;
	reclaim_retire(reclaim, &fanout->reclaim);
}

int fixture_put_fanout(struct group_table *table, struct reclaim *reclaim,
	const struct sluice_addr *group, struct fanout *fanout)
{
	struct fanout *old = group_table_get(table, group);
	int rc = group_table_put(table, group, fanout);

	if (!rc && old)
		retire(reclaim, old);
	return rc;
}

int fixture_put(struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group,
	uint32_t number)
{
	return fixture_put_fanout(table, reclaim, group, make_fanout(group->family, number));
}

bool fixture_remove(
	struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group)
{
	struct fanout *old = group_table_remove(table, group);

	if (old)
		retire(reclaim, old);
	return old;
}

uint64_t fixture_lookup(const struct group_table *table, const struct sluice_addr *groups,
	unsigned n, uint32_t *index)
{
	struct group_key keys[GROUP_QUERY_MAX];
	uint32_t groups_be[GROUP_QUERY_MAX];

	for (unsigned i = 0; i < n; i++) {
		memcpy(&groups_be[i], groups[i].bytes, 4);
		memcpy(&keys[i], groups[i].bytes, 16);
	}
	return table->family == AF_INET ? group_table_lookup4_burst(table, groups_be, n, index)
					: group_table_lookup6_burst(table, 0, keys, n, index);
}
