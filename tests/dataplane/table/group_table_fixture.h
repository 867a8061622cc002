// SPDX-License-Identifier: BSD-3-Clause
// What the tests of the group table share: groups by number, and fan-outs that tell whose they are.
#ifndef TESTS_DATAPLANE_GROUP_TABLE_KIT_H
#define TESTS_DATAPLANE_GROUP_TABLE_KIT_H

#include "group_lookup.h"
#include "group_table.h"

// Group `number` of the family. Neighbours differ in the last bits, as channels do.
struct sluice_addr fixture_group(uint16_t family, uint32_t number);
// A fan-out of one output whose filter is the number's: a source, or that and a port, or none. The
// output is a number, never dereferenced.
struct fanout *fixture_filter_fanout(uint16_t family, uint32_t number);
// Source `number` of FIXTURE_SOURCES.
#define FIXTURE_SOURCES 4
struct sluice_addr fixture_source(uint16_t family, uint32_t number);
// Whether that filter lets a frame of this source and port through.
bool fixture_filter_takes(uint32_t number, uint32_t source, uint16_t port);
// Puts the fan-out, and retires what was there before.
int fixture_put_fanout(struct group_table *table, struct reclaim *reclaim,
	const struct sluice_addr *group, struct fanout *fanout);
// The number of the output, of a fan-out or of a record.
uint32_t fixture_fanout_number(const struct fanout *fanout);
uint32_t fixture_output_number(const struct output *output);
uint32_t fixture_group_number(const struct group_record *group);

// Puts, and retires what was there before.
int fixture_put(struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group,
	uint32_t number);
// Whether the group was there.
bool fixture_remove(
	struct group_table *table, struct reclaim *reclaim, const struct sluice_addr *group);
// Looks n groups up in one burst.
uint64_t fixture_lookup(const struct group_table *table, const struct sluice_addr *groups,
	unsigned n, uint32_t *index);

#endif
