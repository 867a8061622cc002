// SPDX-License-Identifier: BSD-3-Clause
// Lists the groups of a host in parts, while groups are joined and left in between: each group that
// is there from the beginning to the end is listed once, and none that was joined since the
// beginning. To begin costs the same for a few groups and for many, but for one bit per group.
#ifndef IGMP_HOST_LISTING_H
#define IGMP_HOST_LISTING_H

#include "host.h"

struct host_listing;

// Control thread only.

// Begins to list. NULL: out of memory.
struct host_listing *host_listing_open(struct host *host);

// The next group; false at the end. One that was left since the call may be gone: host_group_get()
// tells.
bool host_listing_next(struct host_listing *listing, struct sluice_addr *group);

// May be called after host_close(), too.
void host_listing_close(struct host_listing *listing);

// NULL once the host is closed.
struct host *host_listing_host(const struct host_listing *listing);

#endif
