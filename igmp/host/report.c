// SPDX-License-Identifier: BSD-3-Clause
#include "group.h"
#include "host_private.h"
#include "report.h"

static enum report_result add_state(struct host *host, enum wire_record type,
	const struct group *group, struct source_place *place)
{
	bool first = host->report.n_records == 0;
	bool excludes = type == WIRE_IS_EX || type == WIRE_TO_EX;
	struct source *source = NULL;

	if (!message_build_record(&host->report, type, group->addr))
		return REPORT_FULL;
	if (group->has_sources)
		source = place->partly ? source_from(group_sources(group), place->from)
				       : TAILQ_FIRST(&group_sources(group)->order);
	for (; source != NULL; source = TAILQ_NEXT(source, order)) {
		if (!group_lists(group, source) ||
			message_build_source(&host->report, source->addr))
			continue;
		if (!first) {
			message_build_undo_record(&host->report);
			return REPORT_FULL;
		}
		if (excludes)
			break;
		place->partly = true;
		memcpy(place->from, source->addr, sizeof(place->from));
		return REPORT_PART;
	}
	// What was left of a split list may be gone; an empty record would say something else.
	if (place->partly && host->report.n_sources == 0)
		message_build_undo_record(&host->report);
	place->partly = false;
	return REPORT_WHOLE;
}

enum report_result report_current_state(
	struct host *host, const struct group *group, struct source_place *place)
{
	bool includes = group_mode(group) == SLUICE_INCLUDE;

	return add_state(host, includes ? WIRE_IS_IN : WIRE_IS_EX, group, place);
}

enum report_result report_mode_change(
	struct host *host, const struct group *group, struct source_place *place)
{
	bool includes = group_mode(group) == SLUICE_INCLUDE;

	return add_state(host, includes ? WIRE_TO_IN : WIRE_TO_EX, group, place);
}

// Sends the packet, which is complete.
static bool send_packet(struct host *host, const struct sluice_addr *dst)
{
	const struct message_build *report = &host->report;

	if (host->ops->send(host->ctx, report->bytes, report->len, dst) < 0) {
		host->drops[HOST_TX_AGAIN]++;
		return false;
	}
	rate_limit_spend(&host->rate_limit);
	return true;
}

bool report_send(struct host *host)
{
	message_build_seal_report(&host->report, &host->source);
	if (!send_packet(host, &host->wire->reports))
		return false;
	host->counters.tx_reports++;
	host->counters.tx_records += host->report.n_records;
	return true;
}

static uint8_t older_type(const struct host *host, bool leave)
{
	if (host->wire->family == AF_INET6)
		return leave ? WIRE_MLD_V1_DONE : WIRE_MLD_V1_REPORT;
	if (leave)
		return WIRE_IGMP_V2_LEAVE;
	return host->version == 1 ? WIRE_IGMP_V1_REPORT : WIRE_IGMP_V2_REPORT;
}

bool report_send_older(struct host *host, const struct group *group, bool leave)
{
	struct sluice_addr dst = host->wire->routers;

	if (!leave)
		group_address(group, &dst);
	message_build_older(&host->report, older_type(host, leave), group->addr);
	message_build_seal(&host->report, &host->source, &dst);
	if (!send_packet(host, &dst))
		return false;
	host->counters.tx_leaves += leave;
	host->counters.tx_reports += !leave;
	return true;
}
