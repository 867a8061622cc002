// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane.h"

// What each reason means is in <sluice/stats.h>.
#define NAME(symbol, name, ...) [DROP_##symbol] = name,
static const char *const names[] = {[DROP_NONE] = "none", SLUICE_WORKER_DROPS(NAME)};

const char *drop_reason_name(enum drop_reason reason)
{
	return names[reason];
}
