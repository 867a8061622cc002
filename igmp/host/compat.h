// SPDX-License-Identifier: BSD-3-Clause
// The version in use. Private to igmp/host.
#ifndef IGMP_COMPAT_H
#define IGMP_COMPAT_H

#include "host_private.h"

static inline bool compat_is_newest(const struct host *host)
{
	return host->version == host->wire->newest;
}

// Learns from a query which versions, timers and robustness are in use.
void compat_hear(struct host *host, const struct message *query, uint64_t now_ms);
// Forgets the timers and robustness that were learned too long ago.
void compat_forget(struct host *host, uint64_t now_ms);
// Switches to the version of the oldest querier that is present.
void compat_update(struct host *host, uint64_t now_ms);

#endif
