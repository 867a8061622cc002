// SPDX-License-Identifier: BSD-3-Clause
// The results of a run: ratios to floors and peers with their targets, and the times behind them.
#ifndef PERF_RESULT_H
#define PERF_RESULT_H

#include <stdbool.h>
#include "slots.h"

// Records a ratio at a size ("1k", "64k", "1M") and prints it with its target.
void result_ratio(const char *name, const char *size, struct slots_quartiles ratio);
// The same for a value that is counted once and does not vary.
void result_value(const char *name, const char *size, double value);
// Records the time of a case in ns, for the plots.
void result_time(const char *name, const char *size, struct slots_quartiles ns);
// Whether every ratio meets its target.
bool result_good(void);
// {"<name>": {"<size>": <median>}, ..., "quartiles": {...}, "ns": {...}, "at least": {<targets>},
// "at most": {<targets>}}
int result_write(const char *path);
void result_free(void);

#endif
