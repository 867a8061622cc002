// SPDX-License-Identifier: BSD-3-Clause
// Several sources that are added to a filter, or removed from it, at once.
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "engine_private.h"

static int compare(const void *a, const void *b)
{
	const struct sluice_addr *x = a, *y = b;

	return address_compare(x->bytes, y->bytes);
}

// The `changed` are sorted. Adds or removes each of them; false if that is not possible.
static bool merge(const struct sluice_addr *present, unsigned n_present, bool add,
	const struct sluice_addr *changed, unsigned n, struct sluice_addr *all, unsigned *n_all)
{
	unsigned at = 0;

	*n_all = 0;
	for (unsigned i = 0; i < n; i++) {
		bool found;

		while (at < n_present && compare(&present[at], &changed[i]) < 0)
			all[(*n_all)++] = present[at++];
		found = at < n_present && compare(&present[at], &changed[i]) == 0;
		if (found == add || (i > 0 && compare(&changed[i - 1], &changed[i]) == 0))
			return false;
		if (add)
			all[(*n_all)++] = changed[i];
		else
			at++;
	}
	while (at < n_present)
		all[(*n_all)++] = present[at++];
	return true;
}

int engine_source_change(const struct member *member, bool add, const struct sluice_addr *sources,
	unsigned n, struct sluice_addr **all, unsigned *n_all)
{
	const struct sluice_addr *present = NULL;
	struct sluice_addr *room, *changed;
	unsigned n_present = 0;

	if (member != NULL)
		member_filter(member, &present, &n_present);
	room = malloc((n_present + 2 * (size_t)n) * sizeof(*room));
	if (room == NULL)
		return -ENOMEM;
	changed = room + n_present + n;
	memcpy(changed, sources, n * sizeof(*changed));
	qsort(changed, n, sizeof(*changed), compare);
	if (!merge(present, n_present, add, changed, n, room, n_all)) {
		free(room);
		return -EADDRNOTAVAIL;
	}
	*all = room;
	return 0;
}
