// SPDX-License-Identifier: BSD-3-Clause
// Responses to queries (PROTOCOL section RSP). In older versions the timer of each group is used.
//
// general_response.c responds to general queries, a struct response to a query of one group.
//
//	pending			query				next
//	general, sooner		any				same (RSP-3.1)
//	general, later		general				general at the earlier time
//	general, begun		general				all groups again at the earlier time
//	-			group [and sources]		whole record [or queried sources]
//	group			group				whole record, earlier time
//	group, sources		group and sources		more sources, earlier time
//	group, whole		group and sources		whole record, earlier time
#include <stdlib.h>

#include "response.h"
#include "group.h"
#include "memory.h"
#include "message.h"
#include "report.h"
#include "general_response.h"

#define QUERIED_MAX 65536 // sources that a host keeps for all its responses (RSP-13)
#define QUERY_MTU 1500 // a response keeps no more sources than the largest usual query has

static void drop_queried(struct host *host, struct response *response)
{
	memory_put(
		&host->memory, response->queried, response->n_queried * sizeof(*response->queried));
	host->n_queried -= response->n_queried;
	response->queried = NULL;
	response->n_queried = 0;
	response->place.partly = false;
}

static void response_free(struct host *host, struct response *response)
{
	if (response->queued)
		TAILQ_REMOVE(&host->responses, response, queue);
	else
		wheel_cancel(&host->wheel, &response->timer);
	drop_queried(host, response);
	group_rest(response->group)->response = NULL;
	pool_put(response);
}

static int compare_sources(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

// Sorts addresses, moves the unique ones to the front and returns their number.
static unsigned sort_unique(uint8_t (*addrs)[16], unsigned n)
{
	unsigned n_unique = 0;

	qsort(addrs, n, sizeof(*addrs), compare_sources);
	for (unsigned i = 0; i < n; i++) {
		if (n_unique == 0 || compare_sources(addrs[n_unique - 1], addrs[i]) != 0)
			memmove(addrs[n_unique++], addrs[i], sizeof(*addrs));
	}
	return n_unique;
}

// Adds the sources of a query to those queried before. False if they are too many to keep.
static bool merge_queried(struct host *host, struct response *response, const struct message *query)
{
	const struct wire_family *wire = host->wire;
	unsigned most = (QUERY_MTU - wire->ip_len - wire->query_len) / wire->addr_len;
	uint8_t all[2 * QUERY_MTU / 4][16];
	uint8_t(*queried)[16];
	unsigned n = response->n_queried;

	if (query->n_sources > most)
		return false;
	if (n > 0)
		memcpy(all, response->queried, n * sizeof(*all));
	memset(all + n, 0, query->n_sources * sizeof(*all));
	for (unsigned i = 0; i < query->n_sources; i++)
		memcpy(all[n++], query->sources + i * wire->addr_len, wire->addr_len);
	n = sort_unique(all, n);
	if (n > most || host->n_queried - response->n_queried + n > QUERIED_MAX)
		return false;
	queried = memory_get(&host->memory, n * sizeof(*queried));
	if (queried == NULL)
		return false;
	memcpy(queried, all, n * sizeof(*queried));
	drop_queried(host, response);
	response->queried = queried;
	response->n_queried = n;
	host->n_queried += n;
	return true;
}

static struct response *response_open(struct host *host, struct group *group, uint64_t at_ms)
{
	struct response *response = pool_get(&host->response_pool);

	if (response == NULL)
		return NULL;
	response->group = group;
	response->timer.kind = TIMER_RESPONSE;
	wheel_set(&host->wheel, &response->timer, at_ms);
	group_rest(group)->response = response;
	return response;
}

void response_start(
	struct host *host, struct group *group, const struct message *query, uint64_t now_ms)
{
	uint64_t at_ms = now_ms + random_delay(&host->random, query->response_ms);
	struct response *response = group_rest(group)->response;
	bool whole = query->n_sources == 0 || (response != NULL && response->queried == NULL);

	if (general_response_ends_by(host, at_ms))
		return;
	if (response == NULL) {
		response = response_open(host, group, at_ms);
		if (response == NULL) {
			// It needs no memory, and names this group as well.
			general_response_start(host, query->response_ms, now_ms);
			return;
		}
	} else if (!response->queued && at_ms < wheel_expires_ms(&host->wheel, &response->timer)) {
		wheel_cancel(&host->wheel, &response->timer);
		wheel_set(&host->wheel, &response->timer, at_ms);
	}
	if (!whole && !merge_queried(host, response, query)) {
		host->drops[HOST_RX_SOURCES_OVERFLOW]++;
		whole = true;
	}
	if (whole)
		drop_queried(host, response);
}

void response_expire(struct response *response)
{
	response->queued = true;
	TAILQ_INSERT_TAIL(&group_host(response->group)->responses, response, queue);
}

// Adds the queried sources that the group wants (RSP-7).
static enum report_result add_queried(
	struct host *host, const struct response *response, struct source_place *place)
{
	const struct group *group = response->group;
	bool includes = group_mode(group) == SLUICE_INCLUDE;
	bool first = host->report.n_records == 0;
	bool begun = false;

	for (unsigned i = 0; i < response->n_queried; i++) {
		const uint8_t *addr = response->queried[i];
		const struct source *source =
			group->has_sources ? source_find(group_sources(group), addr) : NULL;
		bool listed = source != NULL && group_lists(group, source);

		if (listed != includes || (place->partly && compare_sources(addr, place->from) < 0))
			continue;
		if (!begun && !message_build_record(&host->report, WIRE_IS_IN, group->addr))
			return REPORT_FULL;
		begun = true;
		if (message_build_source(&host->report, addr))
			continue;
		if (!first) {
			message_build_undo_record(&host->report);
			return REPORT_FULL;
		}
		place->partly = true;
		memcpy(place->from, addr, sizeof(place->from));
		return REPORT_PART;
	}
	return REPORT_WHOLE;
}

static enum report_result add_records(
	struct host *host, const struct response *response, struct source_place *place)
{
	*place = response->place;
	if (!group_responds(response->group))
		return REPORT_WHOLE;
	if (response->queried != NULL)
		return add_queried(host, response, place);
	return report_current_state(host, response->group, place);
}

bool response_transmit(struct host *host, uint64_t now_ms)
{
	while (!TAILQ_EMPTY(&host->responses)) {
		enum report_result result = REPORT_WHOLE;
		struct source_place place;
		struct response *response;

		if (!rate_limit_allows(&host->rate_limit, false, now_ms))
			return false;
		message_build_report(&host->report);
		TAILQ_FOREACH (response, &host->responses, queue) {
			result = add_records(host, response, &place);
			if (result != REPORT_WHOLE)
				break;
		}
		if (host->report.n_records > 0 && !report_send(host))
			return false;
		while (TAILQ_FIRST(&host->responses) != response)
			response_free(host, TAILQ_FIRST(&host->responses));
		if (result == REPORT_PART)
			response->place = place;
	}
	return true;
}

void response_forget(struct host *host, struct group *group)
{
	general_response_forget(host, group);
	if (group_rest(group)->response != NULL)
		response_free(host, group_rest(group)->response);
}

void response_cancel(struct host *host)
{
	struct group *group;

	general_response_stop(host);
	if (host->response_pool.n_used == 0)
		return;
	for (group = group_next(host, NULL); group != NULL; group = group_next(host, group)) {
		if (group_rest(group)->response != NULL)
			response_free(host, group_rest(group)->response);
	}
}
