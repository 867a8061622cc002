// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of the group table: numbered groups, and fan-outs that identify their group.
#ifndef TESTS_DATAPLANE_GROUP_TABLE_KIT_H
#define TESTS_DATAPLANE_GROUP_TABLE_KIT_H

#include "group_lookup.h"
#include "group_table.h"

// Group `number` of the family. Neighbours differ in the last bits, as TV channels do.
struct sluice_addr fixture_group(uint16_t family, uint32_t number);
// A fan-out of one output. `number` determines the filter: a source, a source and a port, or none.
// The output pointer holds the number and is never dereferenced.
struct fanout *fixture_filter_fanout(uint16_t family, uint32_t number);
// Source `number` of FIXTURE_SOURCES.
#define FIXTURE_SOURCES 4
struct sluice_addr fixture_source(uint16_t family, uint32_t number);
// Whether that filter lets a frame of this source and port through.
bool fixture_filter_takes(uint32_t number, uint32_t source, uint16_t port);
// Puts the fan-out, and retires the previous one.
int fixture_put_fanout(struct group_table *table, struct reclaim *reclaim,
	const struct sluice_addr *group, struct fanout *fanout);
// The number of the output of a fan-out or of a record.
uint32_t fixture_fanout_number(const struct fanout *fanout);
uint32_t fixture_output_number(const struct output *output);
uint32_t fixture_group_number(const struct group_record *group);

// Puts the fan-out of the number, and retires the previous one.
int fixture_put(struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group,
	uint32_t number);
// Returns whether the group was in the table.
bool fixture_remove(
	struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group);
// Looks n groups up in one burst.
uint64_t fixture_lookup(const struct group_table *table, const struct sluice_addr *groups,
	unsigned n, uint32_t *index);

#endif
