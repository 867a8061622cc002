// SPDX-License-Identifier: BSD-3-Clause
// Lists, status and counters of a host.
#include <assert.h>
#include <errno.h>

#include "group.h"
#include "host_private.h"

void *host_context(const struct host *host)
{
	return host->ctx;
}

int host_family(const struct host *host)
{
	return host->wire->family;
}

static bool has_pending(const struct group *group)
{
	return (group->has_additional && !LIST_EMPTY(&group_rest(group)->pending)) ||
	       (group->first.session != NULL && group->first.state != MEMBER_JOINED);
}

static enum host_group_state state_of(const struct group *group)
{
	if (group_members(group) == 0)
		return HOST_GROUP_LEAVING;
	return group_is_reported(group) || !has_pending(group) ? HOST_GROUP_JOINED
							       : HOST_GROUP_PENDING;
}

static unsigned count_sources(const struct group *group)
{
	const struct source_set *set = group_sources(group);
	const struct source *source;
	unsigned n = 0;

	if (set == NULL)
		return 0;
	if (group_mode(group) == SLUICE_INCLUDE)
		return set->n_included;
	if (group->n_exclude < set->n_buckets) {
		LIST_FOREACH (source, &set->buckets[group->n_exclude], bucket)
			n += source->includes == 0;
	}
	return n;
}

static void describe(const struct group *group, struct host_group_info *info)
{
	*info = (struct host_group_info){
		.mode = group_mode(group),
		.state = state_of(group),
		.n_members = group_members(group),
		.n_sources = count_sources(group),
	};
	group_address(group, &info->group);
}

int host_group_get(const struct host *host, const struct sluice_addr *addr,
	struct host_group_info *info, struct sluice_addr *sources, unsigned n)
{
	const struct group *group = NULL;
	const struct source *source;
	unsigned i = 0;

	if (addr->family == host->wire->family)
		group = group_find(host, addr->bytes);
	if (group == NULL)
		return -ENOENT;
	describe(group, info);
	if (!group->has_sources)
		return 0;
	TAILQ_FOREACH (source, &group_sources(group)->order, order) {
		if (i == n)
			break;
		if (!group_lists(group, source))
			continue;
		sources[i].family = addr->family;
		memcpy(sources[i++].bytes, source->addr, sizeof(source->addr));
	}
	return 0;
}

void host_status(const struct host *host, struct host_status *status)
{
	bool newest = host_is_newest(host);

	*status = (struct host_status){
		.version = host->version,
		.querier = host->querier,
		.querier_version = host->querier_version,
		.querier_heard_ms = host->querier_heard_ms,
		.querier_interval_ms = host->querier_interval_ms,
		.robustness = host_robustness(host),
		.version_until_ms = newest ? HOST_NEVER : host->older_until_ms[host->version],
		.n_groups = host->n_groups,
		.n_leaving = host->group_table.count - host->n_groups,
		.memory = host->memory,
	};
}

uint64_t host_counter(const struct host *host, enum host_counter counter)
{
	return host->counters[counter];
}

const char *host_counter_name(enum host_counter counter)
{
	static const char *const names[] = {
		[HOST_RX_QUERY] = "rx_query",
		[HOST_RX_REPORT] = "rx_report",
		[HOST_RX_BAD_IP] = "rx_bad_ip",
		[HOST_RX_FRAGMENT] = "rx_fragment",
		[HOST_RX_BAD_LENGTH] = "rx_bad_length",
		[HOST_RX_BAD_CHECKSUM] = "rx_bad_checksum",
		[HOST_RX_BAD_TTL] = "rx_bad_ttl",
		[HOST_RX_NO_ROUTER_ALERT] = "rx_no_router_alert",
		[HOST_RX_BAD_SOURCE] = "rx_bad_source",
		[HOST_RX_BAD_DESTINATION] = "rx_bad_destination",
		[HOST_RX_BAD_GROUP] = "rx_bad_group",
		[HOST_RX_TRUNCATED] = "rx_truncated",
		[HOST_RX_UNKNOWN_TYPE] = "rx_unknown_type",
		[HOST_RX_OLD_IGNORED] = "rx_old_ignored",
		[HOST_RX_NO_STATE] = "rx_no_state",
		[HOST_RX_LENIENT_ROUTER_ALERT] = "rx_lenient_router_alert",
		[HOST_RX_OFF_SUBNET] = "rx_off_subnet",
		[HOST_RX_SOURCES_OVERFLOW] = "rx_sources_overflow",
		[HOST_TX_REPORT] = "tx_report",
		[HOST_TX_LEAVE] = "tx_leave",
		[HOST_TX_RECORD] = "tx_record",
		[HOST_TX_AGAIN] = "tx_again",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == HOST_COUNTERS, "a counter has no name");

	return names[counter];
}
