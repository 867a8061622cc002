// SPDX-License-Identifier: BSD-3-Clause
#include "host_private.h"

// What each reason means is in <sluice/stats.h>.
#define NAME(symbol, name, ...) [HOST_##symbol] = name,
static const char *const names[] = {[HOST_DROP_NONE] = "none", SLUICE_HOST_DROPS(NAME)};

uint64_t host_drop_count(const struct host *host, enum host_drop reason)
{
	return host->drops[reason];
}

const char *host_drop_name(enum host_drop reason)
{
	return names[reason];
}
