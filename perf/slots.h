// SPDX-License-Identifier: BSD-3-Clause
// Measurement on a machine whose speed drifts: the cases of a benchmark take turns in short slots,
// and a ratio is computed within each turn. Compare only ratios of the same run.
#ifndef PERF_SLOTS_H
#define PERF_SLOTS_H

#define SLOTS_MAX 201

struct slots_case {
	const char *name;
	// Runs one slot and returns nanoseconds per operation.
	double (*run)(void *arg);
	void *arg;
	double ns[SLOTS_MAX];
};

struct slots_quartiles {
	double low, median, high;
};

// Runs `rounds` <= SLOTS_MAX turns of all cases, after one turn that does not count.
void slots_run(struct slots_case *cases, unsigned n, unsigned rounds);

struct slots_quartiles slots_ns(const struct slots_case *c, unsigned rounds);
// The ratios of the time of a to that of b, one per round.
struct slots_quartiles slots_ratio(
	const struct slots_case *a, const struct slots_case *b, unsigned rounds);

#endif
