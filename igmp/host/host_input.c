// SPDX-License-Identifier: BSD-3-Clause
// What a host does with a packet: it learns from queries and responds to them, and in older
// versions the reports of other hosts suppress its own.
#include "compat.h"
#include "general_response.h"
#include "group.h"
#include "host_private.h"
#include "older_version.h"
#include "query.h"
#include "response.h"

static void respond(struct host *host, const struct message *query, uint64_t now_ms)
{
	struct group *group = query->general ? NULL : group_find(host, query->group.bytes);
	bool known = query->general ? host->n_groups > 0 : group != NULL && group_responds(group);

	if (!known)
		host->drops[HOST_RX_NO_STATE]++;
	else if (!compat_is_newest(host))
		older_version_respond(host, group, query, now_ms);
	else if (query->general)
		general_response_start(host, query->response_ms, now_ms);
	else
		response_start(host, group, query, now_ms);
}

static void drop(
	struct host *host, const struct message *message, enum host_drop reason, uint64_t now_ms)
{
	host->drops[reason]++;
	if (reason == HOST_RX_BAD_SOURCE && host->wire->family == AF_INET6 &&
		message->kind == MESSAGE_QUERY)
		host_log(host, now_ms, "MLD query whose source is not link-local dropped");
}

static void hear_report(struct host *host, const struct message *report)
{
	struct group *group;

	host->counters.rx_reports++;
	if (report->kind != MESSAGE_REPORT || compat_is_newest(host))
		return;
	group = group_find(host, report->group.bytes);
	if (group != NULL)
		older_version_suppress(host, group);
}

static void hear_query(struct host *host, const struct message *query, uint64_t now_ms)
{
	host->counters.rx_queries++;
	if (!query->router_alert && query->version > 1)
		host->drops[HOST_RX_LENIENT_ROUTER_ALERT]++;
	compat_hear(host, query, now_ms);
	respond(host, query, now_ms);
}

void host_input(struct host *host, const uint8_t *packet, size_t len, uint64_t now_ms)
{
	struct message message;
	enum host_drop reason = query_judge(host, packet, len, &message);

	wheel_idle(&host->wheel, now_ms);
	if (reason != HOST_DROP_NONE)
		drop(host, &message, reason, now_ms);
	else if (message.kind == MESSAGE_QUERY)
		hear_query(host, &message, now_ms);
	else
		hear_report(host, &message);
}
