// SPDX-License-Identifier: BSD-3-Clause
// Measuring on a machine whose speed drifts: the cases of a benchmark take turns in short slots,
// and a ratio is taken within each turn. Only ratios of one run compare.
#ifndef PERF_SLOTS_H
#define PERF_SLOTS_H

#define SLOTS_MAX 201

struct slots_case {
	const char *name;
	// One slot; returns nanoseconds per operation.
	double (*run)(void *arg);
	void *arg;
	double ns[SLOTS_MAX];
};

struct slots_quartiles {
	double low, median, high;
};

// `rounds` <= SLOTS_MAX turns of all cases, after one that does not count.
void slots_run(struct slots_case *cases, unsigned n, unsigned rounds);

struct slots_quartiles slots_ns(const struct slots_case *c, unsigned rounds);
// Of a's time to b's, turn by turn.
struct slots_quartiles slots_ratio(
	const struct slots_case *a, const struct slots_case *b, unsigned rounds);

#endif
