// SPDX-License-Identifier: BSD-3-Clause
// What the operator chooses: defaults, limits, SSM ranges (PROTOCOL sections TMR, DEC and SSM).
#ifndef IGMP_TUNABLES_H
#define IGMP_TUNABLES_H

#include "host.h"

// Takes a configuration over whole, or not at all: -EINVAL, -ENOMEM.
int tunables_take(struct host *host, const struct host_config *config, uint64_t now_ms);
void tunables_close(struct host *host);

#endif
