// SPDX-License-Identifier: BSD-3-Clause
// The configuration of a host: defaults, limits, SSM ranges (PROTOCOL sections TMR, DEC and SSM).
#ifndef IGMP_HOST_CONFIG_H
#define IGMP_HOST_CONFIG_H

#include "host_private.h"

// Applies the whole configuration. If it fails (-EINVAL, -ENOMEM), nothing has changed.
int host_config_apply(struct host *host, const struct host_config *config, uint64_t now_ms);
void host_config_close(struct host *host);

// The robustness variable in use: that of the querier, if it names one.
static inline uint8_t host_config_robustness(const struct host *host)
{
	return host->qrv != 0 ? host->qrv : host->config.robustness;
}

#endif
