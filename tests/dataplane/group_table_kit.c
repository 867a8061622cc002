// SPDX-License-Identifier: BSD-3-Clause
#include "group_table_kit.h"
#include "memory.h"
#include <arpa/inet.h>
#include <stdlib.h>

struct sluice_addr kit_group(uint16_t family, uint32_t number)
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

struct fanout *kit_fanout(uint16_t family, uint32_t number)
{
	static _Thread_local struct fanout_draft draft;
	struct subscriber all = {
		.output = (struct output *)((uintptr_t)(number + 1) << 4),
		.mode = SLUICE_EXCLUDE,
	};

	fanout_draft(&draft, NULL, family, 1, &all, 1);
	return fanout_build(&draft, memory_alloc(draft.size));
}

static uint32_t output_number(const struct output *output)
{
	return (uint32_t)((uintptr_t)output >> 4) - 1;
}

uint32_t kit_fanout_number(const struct fanout *fanout)
{
	return output_number(fanout->outputs[0]);
}

uint32_t kit_group_number(const struct group *group)
{
	struct output *scratch[FANOUT_LINES_MAX];
	struct output *const *outputs;

	group_outputs(group, &(struct fanout_frame){0}, scratch, &outputs);
	return output_number(outputs[0]);
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

int kit_put(struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group,
	uint32_t number)
{
	struct fanout *old = group_table_get(table, group);
	int rc = group_table_put(table, group, kit_fanout(group->family, number));

	if (!rc && old)
		retire(reclaim, old);
	return rc;
}

bool kit_remove(struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group)
{
	struct fanout *old = group_table_remove(table, group);

	if (old)
		retire(reclaim, old);
	return old;
}

uint64_t kit_lookup(const struct group_table *table, const struct sluice_addr *groups, unsigned n,
	uint32_t *index)
{
	struct group_key keys[GROUP_TABLE_BURST];
	uint32_t groups_be[GROUP_TABLE_BURST];

	for (unsigned i = 0; i < n; i++) {
		memcpy(&groups_be[i], groups[i].bytes, 4);
		memcpy(&keys[i], groups[i].bytes, 16);
	}
	return table->family == AF_INET ? group_table_lookup4_burst(table, groups_be, n, index)
					: group_table_lookup6_burst(table, keys, n, index);
}
