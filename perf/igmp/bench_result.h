// SPDX-License-Identifier: BSD-3-Clause
// Results of the benchmark: a printed table and, on request, a JSON file.
#ifndef RESULT_H
#define RESULT_H

#include <stdbool.h>

enum result_goal {
	RESULT_NO_GOAL,
	RESULT_AT_MOST,
	RESULT_AT_LEAST,
};

void bench_result_add(
	const char *name, double value, const char *unit, enum result_goal goal, double limit);

// Prints the table under the machine's name. False if a goal was missed.
bool bench_result_print(void);

// Writes them as JSON. Returns 0 or -EIO.
int bench_result_write(const char *path);

#endif
