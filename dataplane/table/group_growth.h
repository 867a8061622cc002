// SPDX-License-Identifier: BSD-3-Clause
// Replaces the buckets of a group table by more or fewer of them. With a million groups that takes
// tens of milliseconds, too long for one turn of the control thread, so that each put and remove
// copies a few buckets. Workers use the old buckets until all are copied.
//
// An entry never moves within the old buckets, so that those below `copied` are in the next ones as
// well, and those above are not.
#ifndef DATAPLANE_GROUP_GROWTH_H
#define DATAPLANE_GROUP_GROWTH_H

#include "group_buckets.h"

// Control thread only.
struct group_growth {
	struct group_buckets *next; // NULL if the buckets are not being replaced
	uint32_t copied; // old buckets
	unsigned seeds_tried;
};

// Begins to replace the buckets by n. Does nothing if they are being replaced already, or without
// memory: the old buckets remain, and lookups get slower.
void group_growth_start(struct group_table *table, uint32_t n);
// Copies some buckets, and publishes the next ones after the last.
void group_growth_step(struct group_table *table);
// Replaces the buckets by n at once. -ENOMEM; -ENOSPC if the groups do not fit with any seed tried.
int group_growth_finish(struct group_table *table, uint32_t n);

// Repeat in the next buckets what was done in a bucket of the old ones.
void group_growth_inserted(
	struct group_table *table, uint32_t bucket, const struct group_key *key, uint32_t index);
void group_growth_erased(
	struct group_table *table, uint32_t bucket, const struct group_key *key, uint32_t index);

void group_growth_fini(struct group_table *table);

#endif
