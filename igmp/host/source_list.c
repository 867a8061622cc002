// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "address.h"
#include "source_list.h"
#include "memory.h"

#define ROOM_MIN 2

static size_t size_of(unsigned room)
{
	return sizeof(struct source_list) + room * sizeof(struct sluice_addr);
}

static struct source_list *open_room(unsigned room, size_t *held)
{
	struct source_list *list = memory_get(held, size_of(room));

	if (list != NULL)
		list->room = room;
	return list;
}

// Both addresses are of one family.
static int compare(const void *a, const void *b)
{
	const struct sluice_addr *one = a, *other = b;

	return address_compare(one->bytes, other->bytes);
}

static bool is_sorted(const struct sluice_addr *sources, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		if (compare(&sources[i - 1], &sources[i]) > 0)
			return false;
	}
	return true;
}

struct source_list *source_list_open(const struct sluice_addr *sources, unsigned n, size_t *held)
{
	struct source_list *list = open_room(n, held);

	if (list == NULL)
		return NULL;
	memcpy(list->sources, sources, n * sizeof(*sources));
	if (!is_sorted(sources, n))
		qsort(list->sources, n, sizeof(*sources), compare);
	for (unsigned i = 0; i < n; i++) {
		const struct sluice_addr *source = &list->sources[i];

		if (list->n == 0 || compare(&list->sources[list->n - 1], source) != 0)
			list->sources[list->n++] = *source;
	}
	return list;
}

void source_list_free(struct source_list *list, size_t *held)
{
	memory_put(held, list, size_of(list->room));
}

bool source_list_reserve(struct source_list **list, size_t *held)
{
	struct source_list *old = *list;
	struct source_list *new;

	if (old != NULL && old->n < old->room)
		return true;
	new = open_room(old != NULL ? 2 * old->room : ROOM_MIN, held);
	if (new == NULL)
		return false;
	if (old != NULL) {
		new->n = old->n;
		memcpy(new->sources, old->sources, old->n * sizeof(old->sources[0]));
		source_list_close(old, held);
	}
	*list = new;
	return true;
}

unsigned source_list_at(
	const struct source_list *list, const struct sluice_addr *source, bool *found)
{
	unsigned low = 0;
	unsigned high = list != NULL ? list->n : 0;

	*found = false;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		int order = compare(&list->sources[middle], source);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void source_list_insert(struct source_list *list, unsigned at, const struct sluice_addr *source)
{
	struct sluice_addr *place = &list->sources[at];

	memmove(place + 1, place, (list->n++ - at) * sizeof(*place));
	*place = *source;
}

void source_list_remove(struct source_list *list, unsigned at)
{
	struct sluice_addr *place = &list->sources[at];

	memmove(place, place + 1, (--list->n - at) * sizeof(*place));
}
