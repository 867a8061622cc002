// SPDX-License-Identifier: BSD-3-Clause
// Answers to queries (PROTOCOL section RSP). In old versions the group's own timer answers.
//
// A general query starts a walk over all groups, a specific one has an answer of its own.
//
//	pending			query				next
//	walk, sooner		any				same (RSP-3.1)
//	walk, later		general				walk at the earlier time
//	walk, begun		general				all groups again at the earlier time
//	-			group [and sources]		answer whole [or sources asked]
//	answer			group				answer whole, earlier time
//	answer, sources		group and sources		more sources, earlier time
//	answer, whole		group and sources		answer whole, earlier time
#include <stdlib.h>

#include "response.h"
#include "group.h"
#include "memory.h"
#include "older_version.h"
#include "query.h"
#include "report.h"
#include "general_response.h"

#define ASKED_MAX 65536 // sources a host keeps for all its answers (RSP-13)
#define QUERY_MTU 1500 // an answer keeps no more than the largest usual query can ask for

static void drop_asked(struct host *host, struct answer *answer)
{
	memory_put(&host->memory, answer->asked, answer->n_asked * sizeof(*answer->asked));
	host->n_asked -= answer->n_asked;
	answer->asked = NULL;
	answer->n_asked = 0;
	answer->place.partly = false;
}

static void answer_free(struct host *host, struct answer *answer)
{
	if (answer->queued)
		TAILQ_REMOVE(&host->answers, answer, queue);
	else
		wheel_cancel(&host->wheel, &answer->timer);
	drop_asked(host, answer);
	group_rest(answer->group)->answer = NULL;
	pool_put(answer);
}

static int compare_sources(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

// Sorts addresses and returns how many there are without duplicates, which come first.
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

// Adds what a query asks for to what is asked already. False if that is too much to keep.
static bool add_asked(struct host *host, struct answer *answer, const struct query *query)
{
	const struct wire *wire = host->wire;
	unsigned most = (QUERY_MTU - wire->ip_len - wire->query_len) / wire->addr_len;
	uint8_t all[2 * QUERY_MTU / 4][16];
	uint8_t(*asked)[16];
	unsigned n = answer->n_asked;

	if (query->n_sources > most)
		return false;
	if (n > 0)
		memcpy(all, answer->asked, n * sizeof(*all));
	memset(all + n, 0, query->n_sources * sizeof(*all));
	for (unsigned i = 0; i < query->n_sources; i++)
		memcpy(all[n++], query->sources + i * wire->addr_len, wire->addr_len);
	n = sort_unique(all, n);
	if (n > most || host->n_asked - answer->n_asked + n > ASKED_MAX)
		return false;
	asked = memory_get(&host->memory, n * sizeof(*asked));
	if (asked == NULL)
		return false;
	memcpy(asked, all, n * sizeof(*asked));
	drop_asked(host, answer);
	answer->asked = asked;
	answer->n_asked = n;
	host->n_asked += n;
	return true;
}

static struct answer *answer_open(struct host *host, struct group *group, uint64_t at_ms)
{
	struct answer *answer = pool_get(&host->answer_pool);

	if (answer == NULL)
		return NULL;
	answer->group = group;
	answer->timer.kind = TIMER_ANSWER;
	wheel_set(&host->wheel, &answer->timer, at_ms);
	group_rest(group)->answer = answer;
	return answer;
}

static void answer_specific(
	struct host *host, struct group *group, const struct query *query, uint64_t now_ms)
{
	uint64_t at_ms = now_ms + random_delay(&host->random, query->response_ms);
	struct answer *answer = group_rest(group)->answer;
	bool whole = query->n_sources == 0 || (answer != NULL && answer->asked == NULL);

	if (walk_ends_by(host, at_ms))
		return;
	if (answer == NULL) {
		answer = answer_open(host, group, at_ms);
		if (answer == NULL)
			return;
	} else if (!answer->queued && at_ms < wheel_expires_ms(&host->wheel, &answer->timer)) {
		wheel_cancel(&host->wheel, &answer->timer);
		wheel_set(&host->wheel, &answer->timer, at_ms);
	}
	if (!whole && !add_asked(host, answer, query)) {
		host_count(host, HOST_RX_SOURCES_OVERFLOW);
		whole = true;
	}
	if (whole)
		drop_asked(host, answer);
}

void answer_expire(struct answer *answer)
{
	answer->queued = true;
	TAILQ_INSERT_TAIL(&group_host(answer->group)->answers, answer, queue);
}

// Of the sources asked for, those the group wants (RSP-7).
static enum report_result say_asked(
	struct host *host, const struct answer *answer, struct source_place *place)
{
	const struct group *group = answer->group;
	bool includes = group_mode(group) == SLUICE_INCLUDE;
	bool first = host->frame.n_records == 0;
	bool begun = false;

	for (unsigned i = 0; i < answer->n_asked; i++) {
		const uint8_t *addr = answer->asked[i];
		const struct source *source =
			group->sourced ? source_find(group_sources(group), addr) : NULL;
		bool listed = source != NULL && group_lists(group, source);

		if (listed != includes || (place->partly && compare_sources(addr, place->from) < 0))
			continue;
		if (!begun && !report_record(host, WIRE_IS_IN, group))
			return REPORT_FULL;
		begun = true;
		if (report_source(host, addr))
			continue;
		if (!first) {
			report_record_undo(host);
			return REPORT_FULL;
		}
		place->partly = true;
		memcpy(place->from, addr, sizeof(place->from));
		return REPORT_PART;
	}
	return REPORT_WHOLE;
}

static enum report_result say(
	struct host *host, const struct answer *answer, struct source_place *place)
{
	*place = answer->place;
	if (!group_is_answered(answer->group))
		return REPORT_WHOLE;
	if (answer->asked != NULL)
		return say_asked(host, answer, place);
	return report_current_state(host, answer->group, place);
}

static bool specific_transmit(struct host *host, uint64_t now_ms)
{
	while (!TAILQ_EMPTY(&host->answers)) {
		enum report_result result = REPORT_WHOLE;
		struct source_place place;
		struct answer *answer;

		if (!pace_allows(&host->pace, false, now_ms))
			return false;
		report_begin(host);
		TAILQ_FOREACH (answer, &host->answers, queue) {
			result = say(host, answer, &place);
			if (result != REPORT_WHOLE)
				break;
		}
		if (host->frame.n_records > 0 && !report_send(host))
			return false;
		while (TAILQ_FIRST(&host->answers) != answer)
			answer_free(host, TAILQ_FIRST(&host->answers));
		if (result == REPORT_PART)
			answer->place = place;
	}
	return true;
}

// ---- Answers of either kind -----------------------------------------------------------------

bool answer_transmit(struct host *host, uint64_t now_ms)
{
	return specific_transmit(host, now_ms) && walk_transmit(host, now_ms);
}

void answer_forget(struct host *host, struct group *group)
{
	walk_forget(host, group);
	if (group_rest(group)->answer != NULL)
		answer_free(host, group_rest(group)->answer);
}

void answer_cancel(struct host *host)
{
	struct group *group;

	walk_stop(host);
	if (host->answer_pool.n_used == 0)
		return;
	for (group = group_next(host, NULL); group != NULL; group = group_next(host, group)) {
		if (group_rest(group)->answer != NULL)
			answer_free(host, group_rest(group)->answer);
	}
}

void answer_query(struct host *host, const struct query *query, uint64_t now_ms)
{
	struct group *group = query->general ? NULL : group_find(host, query->group.bytes);
	bool known =
		query->general ? host->n_groups > 0 : group != NULL && group_is_answered(group);

	if (!known)
		host_count(host, HOST_RX_NO_STATE);
	else if (!host_is_newest(host))
		old_answer(host, group, query, now_ms);
	else if (query->general)
		walk_start(host, query->response_ms, now_ms);
	else
		answer_specific(host, group, query, now_ms);
}
