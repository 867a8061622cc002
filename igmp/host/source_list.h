// SPDX-License-Identifier: BSD-3-Clause
// The source list of one member: sorted, no duplicates.
#ifndef IGMP_SOURCE_LIST_H
#define IGMP_SOURCE_LIST_H

#include <sluice/types.h>
#include <stddef.h>

struct source_list {
	unsigned n;
	unsigned room;
	struct sluice_addr sources[];
};

// Copies the sources, which may be unsorted and contain duplicates. NULL: no memory.
struct source_list *source_list_open(const struct sluice_addr *sources, unsigned n, size_t *held);
void source_list_free(struct source_list *list, size_t *held);

// NULL is allowed, and is what most memberships have.
static inline void source_list_close(struct source_list *list, size_t *held)
{
	if (list != NULL)
		source_list_free(list, held);
}

// The filter of a mode and a list, which may be NULL.
static inline struct sluice_source_filter source_list_filter(
	enum sluice_filter_mode mode, const struct source_list *list)
{
	return (struct sluice_source_filter){
		.mode = mode,
		.sources = list != NULL ? list->sources : NULL,
		.n_sources = list != NULL ? list->n : 0,
	};
}

// Makes room for one more source; *list may be NULL. False: no memory.
bool source_list_reserve(struct source_list **list, size_t *held);

// The place of the source, or where it would be inserted if *found is false.
unsigned source_list_at(
	const struct source_list *list, const struct sluice_addr *source, bool *found);
void source_list_insert(struct source_list *list, unsigned at, const struct sluice_addr *source);
void source_list_remove(struct source_list *list, unsigned at);

#endif
