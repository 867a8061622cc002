// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "address.h"
#include "source_list.h"
#include "memory.h"

#define ROOM_MIN 2

static size_t size_of(unsigned room)
{
	return sizeof(struct filter) + room * sizeof(struct sluice_addr);
}

static struct filter *open_room(unsigned room, size_t *held)
{
	struct filter *filter = memory_get(held, size_of(room));

	if (filter != NULL)
		filter->room = room;
	return filter;
}

// Of addresses of one family.
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

struct filter *filter_open(const struct sluice_addr *sources, unsigned n, size_t *held)
{
	struct filter *filter = open_room(n, held);

	if (filter == NULL)
		return NULL;
	memcpy(filter->sources, sources, n * sizeof(*sources));
	if (!is_sorted(sources, n))
		qsort(filter->sources, n, sizeof(*sources), compare);
	for (unsigned i = 0; i < n; i++) {
		const struct sluice_addr *source = &filter->sources[i];

		if (filter->n == 0 || compare(&filter->sources[filter->n - 1], source) != 0)
			filter->sources[filter->n++] = *source;
	}
	return filter;
}

void filter_close(struct filter *filter, size_t *held)
{
	if (filter != NULL)
		memory_put(held, filter, size_of(filter->room));
}

bool filter_reserve(struct filter **filter, size_t *held)
{
	struct filter *old = *filter;
	struct filter *new;

	if (old != NULL && old->n < old->room)
		return true;
	new = open_room(old != NULL ? 2 * old->room : ROOM_MIN, held);
	if (new == NULL)
		return false;
	if (old != NULL) {
		new->n = old->n;
		memcpy(new->sources, old->sources, old->n * sizeof(old->sources[0]));
		filter_close(old, held);
	}
	*filter = new;
	return true;
}

unsigned filter_at(const struct filter *filter, const struct sluice_addr *source, bool *found)
{
	unsigned low = 0;
	unsigned high = filter != NULL ? filter->n : 0;

	*found = false;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		int order = compare(&filter->sources[middle], source);

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

void filter_insert(struct filter *filter, unsigned at, const struct sluice_addr *source)
{
	struct sluice_addr *place = &filter->sources[at];

	memmove(place + 1, place, (filter->n++ - at) * sizeof(*place));
	*place = *source;
}

void filter_remove(struct filter *filter, unsigned at)
{
	struct sluice_addr *place = &filter->sources[at];

	memmove(place, place + 1, (--filter->n - at) * sizeof(*place));
}
