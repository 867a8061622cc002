// SPDX-License-Identifier: BSD-3-Clause
// The configuration of a host: defaults, limits, SSM ranges (PROTOCOL sections TMR, DEC and SSM).
#ifndef IGMP_HOST_CONFIG_H
#define IGMP_HOST_CONFIG_H

#include "host.h"

// Applies the whole configuration. If it fails (-EINVAL, -ENOMEM), nothing has changed.
int host_config_apply(struct host *host, const struct host_config *config, uint64_t now_ms);
void host_config_close(struct host *host);

#endif
