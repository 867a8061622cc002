// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>

#include "address.h"
#include "host_private.h"
#include "memory.h"
#include "host_config.h"

static const struct host_range ssm_ipv4[] = {
	{.prefix = {AF_INET, {232}}, .length = 8},
};

// FF3x::/32 for each scope x (SSM-1).
#define SSM_IPV6(scope)                                                                            \
	{                                                                                          \
		.prefix = {AF_INET6, {0xff, 0x30 | (scope)}}, .length = 32                         \
	}
static const struct host_range ssm_ipv6[] = {
	SSM_IPV6(0x0),
	SSM_IPV6(0x1),
	SSM_IPV6(0x2),
	SSM_IPV6(0x3),
	SSM_IPV6(0x4),
	SSM_IPV6(0x5),
	SSM_IPV6(0x6),
	SSM_IPV6(0x7),
	SSM_IPV6(0x8),
	SSM_IPV6(0x9),
	SSM_IPV6(0xa),
	SSM_IPV6(0xb),
	SSM_IPV6(0xc),
	SSM_IPV6(0xd),
	SSM_IPV6(0xe),
	SSM_IPV6(0xf),
};

void host_config_default(struct host_config *config)
{
	*config = (struct host_config){
		.robustness = 2,
		.query_interval_ms = 125000,
		.query_response_interval_ms = 10000,
		.unsolicited_report_interval_ms = 1000,
		.older_unsolicited_report_interval_ms = 10000,
		.ssm_aware = true,
		.report_link_local = true,
		.max_groups = 1000000,
		.max_sources = 1024,
		.mtu = 1500,
		.report_rate = 20000,
		.report_burst = 128,
		.seed = 1,
	};
}

static bool is_valid(const struct host *host, const struct host_config *config)
{
	const struct wire_family *wire = host->wire;
	unsigned mtu_min = wire->ip_len + WIRE_REPORT_HEADER + wire->record_len + wire->addr_len;

	if (config->ssm_ranges == NULL && config->n_ssm_ranges > 0)
		return false;
	for (unsigned i = 0; i < config->n_ssm_ranges; i++) {
		if (config->ssm_ranges[i].length > 8 * wire->addr_len)
			return false;
	}
	return config->robustness > 0 && config->unsolicited_report_interval_ms > 0 &&
	       config->older_unsolicited_report_interval_ms > 0 && config->mtu >= mtu_min &&
	       config->report_rate > 0 && config->report_burst > 0;
}

static size_t ranges_size(unsigned n)
{
	return n * sizeof(struct host_range);
}

int host_config_apply(struct host *host, const struct host_config *config, uint64_t now_ms)
{
	const struct host_range *from = config->ssm_ranges;
	unsigned n = config->n_ssm_ranges;
	struct host_range *ranges;

	if (!is_valid(host, config))
		return -EINVAL;
	if (from == NULL && host->wire->family == AF_INET) {
		from = ssm_ipv4;
		n = sizeof(ssm_ipv4) / sizeof(ssm_ipv4[0]);
	} else if (from == NULL) {
		from = ssm_ipv6;
		n = sizeof(ssm_ipv6) / sizeof(ssm_ipv6[0]);
	}
	ranges = memory_get(&host->memory, ranges_size(n + 1));
	if (ranges == NULL)
		return -ENOMEM;
	if (!message_build_open(&host->report, host->wire, config->mtu, &host->memory)) {
		memory_put(&host->memory, ranges, ranges_size(n + 1));
		return -ENOMEM;
	}
	memcpy(ranges, from, ranges_size(n));
	memory_put(&host->memory, host->ssm_ranges, ranges_size(host->config.n_ssm_ranges + 1));
	host->ssm_ranges = ranges;
	host->config = *config;
	host->config.ssm_ranges = ranges;
	host->config.n_ssm_ranges = n;
	rate_limit_init(&host->rate_limit, config->report_rate, config->report_burst, now_ms);
	return 0;
}

void host_config_close(struct host *host)
{
	message_build_close(&host->report, &host->memory);
	memory_put(&host->memory, host->ssm_ranges, ranges_size(host->config.n_ssm_ranges + 1));
}

bool host_config_is_ssm(const struct host *host, const struct sluice_addr *addr)
{
	if (!host->config.ssm_aware)
		return false;
	for (unsigned i = 0; i < host->config.n_ssm_ranges; i++) {
		const struct host_range *range = &host->ssm_ranges[i];

		if (address_in_prefix(addr, &range->prefix, range->length))
			return true;
	}
	return false;
}
