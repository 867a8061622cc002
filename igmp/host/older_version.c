// SPDX-License-Identifier: BSD-3-Clause
// In older versions a group is joined or not, whatever its sources (CMP-8). One timer of the group
// serves the repeats of its report and its response.
#include "host_config.h"
#include "state_change.h"
#include "group.h"
#include "host_private.h"
#include "older_version.h"
#include "query.h"
#include "report.h"
#include "schedule.h"

#define MLD_V1_RESPONSE_MAX_MS 32767

static uint8_t repeats(const struct host *host)
{
	uint8_t copies = host_config_robustness(host);

	// The report itself and "once or twice" more (CMP-9).
	return copies < 3 ? 1 : 2;
}

static bool has_leave(const struct host *host)
{
	return host->wire->family == AF_INET6 || host->version > 1;
}

bool older_version_transmit(struct host *host, uint64_t now_ms)
{
	struct group *group = group_queue_at(&host->queue, 0);
	bool exists = group_exists(group);
	bool reported = group_is_reported(group);
	bool report = exists && !group->silent && (!reported || group->due);
	bool leave = reported && !exists && has_leave(host) &&
		     (group->last_reporter || host->config.always_leave);
	uint32_t gap_ms;

	if (report || leave) {
		if (!rate_limit_allows(&host->rate_limit, host->queue.n_urgent > 0, now_ms) ||
			!report_send_older(host, group, leave))
			return false;
	}
	if (report) {
		if (!reported)
			group->repeats = repeats(host);
		else if (group->repeats > 0)
			group->repeats--;
		group->query_pending = false;
		group->last_reporter = true;
	} else if (!exists) {
		group->repeats = 0;
		group->query_pending = false;
	}
	state_change_adopt(group);
	group_queue_take(&host->queue);
	gap_ms = random_delay(&host->random, host->config.older_unsolicited_report_interval_ms);
	schedule_finish(host, group, report, now_ms + gap_ms);
	return true;
}

static void respond_within(
	struct host *host, struct group *group, uint32_t response_ms, uint64_t now_ms)
{
	if (group->phase == GROUP_QUEUED)
		return; // a report is sent anyway
	group->query_pending = true;
	if (group->phase == GROUP_IDLE || schedule_at_ms(host, group) > now_ms + response_ms)
		schedule_set(host, group, now_ms + random_delay(&host->random, response_ms));
}

void older_version_respond(
	struct host *host, struct group *group, const struct message *query, uint64_t now_ms)
{
	uint32_t response_ms = query->response_ms;

	// The delay of an MLDv2 query is capped (CMP-15), that of an MLDv1 query is not.
	if (host->wire->family == AF_INET6 && query->version == host->wire->newest &&
		response_ms > MLD_V1_RESPONSE_MAX_MS)
		response_ms = MLD_V1_RESPONSE_MAX_MS;
	if (group != NULL) {
		respond_within(host, group, response_ms, now_ms);
		return;
	}
	for (group = group_next(host, NULL); group != NULL; group = group_next(host, group)) {
		if (group_responds(group))
			respond_within(host, group, response_ms, now_ms);
	}
}

void older_version_suppress(struct host *host, struct group *group)
{
	if (group->phase != GROUP_WAITING)
		return;
	group->repeats = 0;
	group->query_pending = false;
	group->last_reporter = false;
	schedule_stop(host, group);
}
