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

// The `changed` are sorted. Adds or removes each of them, and returns the number of all;
// -EADDRNOTAVAIL if that is not possible.
static int merge(const struct sluice_source_filter *before, bool add,
	const struct sluice_addr *changed, unsigned n, struct sluice_addr *all)
{
	const struct sluice_addr *present = before->sources;
	unsigned at = 0, n_all = 0;

	for (unsigned i = 0; i < n; i++) {
		bool found;

		while (at < before->n_sources && compare(&present[at], &changed[i]) < 0)
			all[n_all++] = present[at++];
		found = at < before->n_sources && compare(&present[at], &changed[i]) == 0;
		if (found == add || (i > 0 && compare(&changed[i - 1], &changed[i]) == 0))
			return -EADDRNOTAVAIL;
		if (add)
			all[n_all++] = changed[i];
		else
			at++;
	}
	while (at < before->n_sources)
		all[n_all++] = present[at++];
	return n_all;
}

int engine_source_change(const struct sluice_source_filter *before, bool add,
	const struct sluice_addr *sources, unsigned n, struct sluice_source_filter *after)
{
	struct sluice_addr *all, *changed;
	int n_all;

	all = malloc((before->n_sources + 2 * (size_t)n) * sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	changed = all + before->n_sources + n;
	memcpy(changed, sources, n * sizeof(*changed));
	qsort(changed, n, sizeof(*changed), compare);
	n_all = merge(before, add, changed, n, all);
	if (n_all < 0) {
		free(all);
		return n_all;
	}
	*after = (struct sluice_source_filter){before->mode, n_all, all};
	return 0;
}
