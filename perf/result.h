// SPDX-License-Identifier: BSD-3-Clause
// What a run found: ratios against floors and peers with the targets they should meet, and the
// times behind them.
#ifndef PERF_RESULT_H
#define PERF_RESULT_H

#include <stdbool.h>
#include "slots.h"

// A ratio of this name at this size ("1k", "64k", "1M"); prints it beside its target.
void result_ratio(const char *name, const char *size, struct slots_quartiles ratio);
// The same for what is counted once and does not vary.
void result_value(const char *name, const char *size, double value);
// A time of a case, in ns, for the plots.
void result_time(const char *name, const char *size, struct slots_quartiles ns);
// Whether every ratio met its target.
bool result_good(void);
// {"<name>": {"<size>": <median>}, ..., "quartiles": {...}, "ns": {...}, "at least": {<targets>},
// "at most": {<targets>}}
int result_write(const char *path);
void result_free(void);

#endif
