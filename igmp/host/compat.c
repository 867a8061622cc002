// SPDX-License-Identifier: BSD-3-Clause
// The compatibility mode (PROTOCOL section CMP). It follows from the older queriers that are
// present:
//
//	mode	event				action				next
//	any	IGMPv1 query			set the v1 timer		1
//	any	IGMPv2 general query		set the v2 timer		2, or 1 if v1 runs
//	any	MLDv1 general query		set the v1 timer		1
//	any	older group-specific query	respond			same
//	any	newest query			learn QRV and QQIC, respond	same
//	any	IGMP query of another subnet	learn nothing, respond		same
//	older	its timer expires		-				the lowest that runs
//	x	mode becomes y			cancel responses and repeats	y
#include "address.h"
#include "response.h"
#include "state_change.h"
#include "compat.h"
#include "group.h"
#include "host_config.h"
#include "query.h"

#define ROBUSTNESS_MAX 7 // that a query can say

// A query may claim an interval of 8.8 hours. Nothing that queries say holds for longer than the
// configured interval gives with the largest robustness, so that a forged query does little harm.
static uint64_t longest_ms(const struct host *host)
{
	return (uint64_t)ROBUSTNESS_MAX * host->config.query_interval_ms +
	       host->config.query_response_interval_ms;
}

static uint64_t older_querier_timeout_ms(const struct host *host)
{
	uint32_t interval_ms = host->querier_interval_ms;
	uint64_t timeout_ms;

	if (host->config.older_querier_timeout_ms != 0)
		return host->config.older_querier_timeout_ms;
	if (interval_ms == 0)
		interval_ms = host->config.query_interval_ms;
	timeout_ms = (uint64_t)host_config_robustness(host) * interval_ms +
		     host->config.query_response_interval_ms;
	return timeout_ms < longest_ms(host) ? timeout_ms : longest_ms(host);
}

// Hosts of another subnet must not choose the version here. Queriers without an address (VAL-17)
// are on the link, and so are all whose address is link-local.
static bool is_trusted(const struct host *host, const struct sluice_addr *src)
{
	return host->config.learn_off_subnet || host->wire->family == AF_INET6 ||
	       host->n_addresses == 0 || address_is_unspecified(src) ||
	       query_is_on_subnet(host, src);
}

void compat_update(struct host *host, uint64_t now_ms)
{
	unsigned version = host->wire->newest;
	uint64_t next_ms = HOST_NEVER;

	for (unsigned v = host->wire->newest - 1; v > 0; v--) {
		if (host->older_until_ms[v] <= now_ms)
			continue;
		version = v;
		if (host->older_until_ms[v] < next_ms)
			next_ms = host->older_until_ms[v];
	}
	if (host->compat_set)
		wheel_cancel(&host->wheel, &host->compat);
	host->compat_set = next_ms != HOST_NEVER;
	if (host->compat_set)
		wheel_set(&host->wheel, &host->compat, next_ms);
	if (version == host->version)
		return;
	host_log(host, now_ms, "version %u in use%s", version,
		version < host->wire->newest ? ", source filters are not reported" : "");
	host->version = version;
	response_cancel(host);
	state_change_cancel(host);
}

static void log_ssm(struct host *host, const struct message *query, uint64_t now_ms)
{
	const struct group *group = group_find(host, query->group.bytes);
	char text[ADDRESS_TEXT_MAX];

	if (group != NULL && group->ssm)
		host_log(host, now_ms, "version %u query names the SSM group %s", query->version,
			address_format(&query->group, text));
}

void compat_forget(struct host *host, uint64_t now_ms)
{
	if (now_ms < host->learned_until_ms)
		return;
	host->qrv = 0;
	host->querier_interval_ms = 0;
	host->learned_until_ms = HOST_NEVER;
}

void compat_hear(struct host *host, const struct message *query, uint64_t now_ms)
{
	bool newest = query->version == host->wire->newest;

	compat_forget(host, now_ms);
	if (!is_trusted(host, &query->src)) {
		host->drops[HOST_RX_OFF_SUBNET]++;
		return;
	}
	if (newest) {
		if (query->qrv == 1 && host->qrv != 1)
			host_log(host, now_ms, "the querier's robustness is 1: no repeats");
		host->qrv = query->qrv;
		host->querier_interval_ms = query->interval_s * 1000;
		host->learned_until_ms = now_ms + longest_ms(host);
	} else if (!query->general) {
		log_ssm(host, query, now_ms);
	}
	if (!query->general)
		return;
	host->querier = query->src;
	host->querier_version = query->version;
	host->querier_heard_ms = now_ms;
	if (newest)
		return;
	host->older_until_ms[query->version] = now_ms + older_querier_timeout_ms(host);
	compat_update(host, now_ms);
}
