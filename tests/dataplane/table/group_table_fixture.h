// SPDX-License-Identifier: BSD-3-Clause
// What the tests of the group table share: groups by number, and fan-outs that tell whose they are.
#ifndef TESTS_DATAPLANE_GROUP_TABLE_KIT_H
#define TESTS_DATAPLANE_GROUP_TABLE_KIT_H

#include "group_lookup.h"
#include "group_table.h"

// Group `number` of the family. Neighbours differ in the last bits, as channels do.
struct sluice_addr kit_group(uint16_t family, uint32_t number);
// A fan-out of one output that takes all. The output is a number, never dereferenced.
struct fanout *kit_fanout(uint16_t family, uint32_t number);
// A fan-out of one output whose filter is the number's: a source, or that and a port, or none.
struct fanout *kit_filter_fanout(uint16_t family, uint32_t number);
// Source `number` of KIT_SOURCES.
#define KIT_SOURCES 4
struct sluice_addr kit_source(uint16_t family, uint32_t number);
// Whether that filter lets a frame of this source and port through.
bool kit_filter_takes(uint32_t number, uint32_t source, uint16_t port);
// Puts the fan-out, and retires what was there before.
int kit_put_fanout(struct group_table *table, struct reclaim *reclaim,
	const struct sluice_addr *group, struct fanout *fanout);
// The number of the output, of a fan-out or of a record.
uint32_t kit_fanout_number(const struct fanout *fanout);
uint32_t kit_output_number(const struct output *output);
uint32_t kit_group_number(const struct group_record *group);

// Puts, and retires what was there before.
int kit_put(struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group,
	uint32_t number);
// Whether the group was there.
bool kit_remove(
	struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group);
// Looks n groups up in one burst.
uint64_t kit_lookup(const struct group_table *table, const struct sluice_addr *groups, unsigned n,
	uint32_t *index);

#endif
