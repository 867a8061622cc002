// SPDX-License-Identifier: BSD-3-Clause
#include "slots.h"
#include <stdlib.h>
#include <string.h>

void slots_run(struct slots_case *cases, unsigned n, unsigned rounds)
{
	for (unsigned i = 0; i < n; i++)
		cases[i].run(cases[i].arg);
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < n; i++)
			cases[i].ns[round] = cases[i].run(cases[i].arg);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct slots_quartiles quartiles(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_value);
	return (struct slots_quartiles){values[n / 4], values[n / 2], values[n - 1 - n / 4]};
}

struct slots_quartiles slots_ns(const struct slots_case *c, unsigned rounds)
{
	double values[SLOTS_MAX];

	memcpy(values, c->ns, rounds * sizeof(*values));
	return quartiles(values, rounds);
}

struct slots_quartiles slots_ratio(
	const struct slots_case *a, const struct slots_case *b, unsigned rounds)
{
	double values[SLOTS_MAX];

	for (unsigned i = 0; i < rounds; i++)
		values[i] = a->ns[i] / b->ns[i];
	return quartiles(values, rounds);
}
