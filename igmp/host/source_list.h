// SPDX-License-Identifier: BSD-3-Clause
// The source list of one member: sorted, no duplicates.
#ifndef IGMP_FILTER_H
#define IGMP_FILTER_H

#include <sluice/types.h>
#include <stddef.h>

struct filter {
	unsigned n;
	unsigned room;
	struct sluice_addr sources[];
};

// A filter of these sources, which may come in any order and more than once. NULL: no memory.
struct filter *filter_open(const struct sluice_addr *sources, unsigned n, size_t *held);
void filter_close(struct filter *filter, size_t *held); // NULL is allowed

// Makes room for one more source; *filter may be NULL. False: no memory.
bool filter_reserve(struct filter **filter, size_t *held);

// Where the source is, or belongs; *found tells which.
unsigned filter_at(const struct filter *filter, const struct sluice_addr *source, bool *found);
void filter_insert(struct filter *filter, unsigned at, const struct sluice_addr *source);
void filter_remove(struct filter *filter, unsigned at);

#endif
