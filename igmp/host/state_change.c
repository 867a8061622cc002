// SPDX-License-Identifier: BSD-3-Clause
// State-change reports of the newest version (PROTOCOL section CHG).
//
// What has been reported (reported_mode, source->reported) and what holds now (group_mode(),
// group_lists()) are two states. A report contains their difference and makes the first equal to
// the second. No record is kept of a difference before that, so that changes that cancel each other
// are never sent.
//
// A difference sets the retransmission counter of the source or of the filter mode to the
// Robustness Variable. Each report that is sent for the group decrements it (CHG-9).
//
// Each group draws its own gap to the repeat (CHG-7, TMR-14), unless many groups changed together:
// those share the gap of the report they were in, so that their repeats share a report again.
#include "host_config.h"
#include "state_change.h"
#include "group.h"
#include "report.h"
#include "schedule.h"

#define FETCH_AHEAD 32 // groups

static bool source_differs(const struct group *group, const struct source *source)
{
	return group_lists(group, source) != source->reported;
}

static bool mode_differs(const struct group *group)
{
	return group_mode(group) != group->reported_mode;
}

static bool reports_mode(const struct group *group)
{
	return mode_differs(group) || group->repeats > 0;
}

// Whether a report has to name the source, for a difference or as a repeat.
static bool is_pending(const struct group *group, const struct source *source)
{
	return source->repeats > 0 || source_differs(group, source);
}

// How many changes the transmission in progress has not yet looked at.
static unsigned round_left(const struct source_set *set)
{
	return set->n_round > 0 ? set->n_round : set->n_changes;
}

// Whether there is anything to send for the group now.
static bool has_report(const struct group *group)
{
	const struct source_set *set = group_sources(group);
	const struct source *source;

	if (group->silent)
		return false;
	if (group->due || mode_differs(group))
		return true;
	if (set == NULL)
		return false;
	if (set->n_round > 0 || set->place.partly)
		return true;
	TAILQ_FOREACH (source, &set->changes, change) {
		if (source_differs(group, source))
			return true;
	}
	return false;
}

// ---- Records ----------------------------------------------------------------------------------

// How much of a group goes into a report.
struct extent {
	struct source_place place; // of a filter-mode record
	unsigned n_sources; // of the changes
};

static void write_sources(
	struct host *host, const struct group *group, enum wire_record type, unsigned n)
{
	bool listed = (type == WIRE_ALLOW) == (group_mode(group) == SLUICE_INCLUDE);
	const struct source *source = TAILQ_FIRST(&group_sources(group)->changes);
	bool begun = false;

	for (; n > 0; n--, source = TAILQ_NEXT(source, change)) {
		if (group_lists(group, source) != listed || !is_pending(group, source))
			continue;
		if (!begun)
			message_build_record(&host->report, type, group->addr);
		begun = true;
		message_build_source(&host->report, source->addr);
	}
}

// Adds the changed sources as ALLOW and BLOCK records. *n is the number of changes that fit.
static enum report_result add_sources(struct host *host, const struct group *group, unsigned *n)
{
	const struct source_set *set = group_sources(group);
	const struct source *source = TAILQ_FIRST(&set->changes);
	unsigned n_round = round_left(set);
	unsigned room = message_build_room(&host->report);
	unsigned used[2] = {0, 0}; // bytes: [0] not listed, [1] listed

	for (*n = 0; *n < n_round; ++*n, source = TAILQ_NEXT(source, change)) {
		unsigned *record = &used[group_lists(group, source)];

		if (!is_pending(group, source))
			continue;
		*record += host->wire->addr_len + (*record == 0 ? host->wire->record_len : 0);
		if (used[0] + used[1] > room)
			break;
	}
	if (*n < n_round && host->report.n_records > 0)
		return REPORT_FULL;
	write_sources(host, group, WIRE_ALLOW, *n);
	write_sources(host, group, WIRE_BLOCK, *n);
	return *n < n_round ? REPORT_PART : REPORT_WHOLE;
}

static enum report_result add_records(
	struct host *host, const struct group *group, struct extent *extent)
{
	*extent = (struct extent){.n_sources = 0};
	if (!has_report(group))
		return REPORT_WHOLE;
	if (reports_mode(group)) {
		if (group->has_sources)
			extent->place = group_sources(group)->place;
		return report_mode_change(host, group, &extent->place);
	}
	if (!group->has_sources)
		return REPORT_WHOLE;
	return add_sources(host, group, &extent->n_sources);
}

// ---- Commit -------------------------------------------------------------------------------------

void state_change_adopt(struct group *group)
{
	struct source_set *set = group_sources(group);
	struct source *source, *next;

	group->reported_mode = group_mode(group);
	for (source = set != NULL ? TAILQ_FIRST(&set->order) : NULL; source != NULL;
		source = next) {
		next = TAILQ_NEXT(source, order);
		source_set_reported(set, source, group_lists(group, source));
		source_settle(set, source);
	}
}

// Sources that were changed and changed back.
static void drop_undone(struct group *group)
{
	struct source_set *set = group_sources(group);
	struct source *source, *next;

	for (source = set != NULL ? TAILQ_FIRST(&set->changes) : NULL; source != NULL;
		source = next) {
		next = TAILQ_NEXT(source, change);
		if (!is_pending(group, source))
			source_settle(set, source);
	}
}

static void commit_source(struct host *host, struct group *group, struct source *source)
{
	struct source_set *set = group_sources(group);

	if (source_differs(group, source)) {
		source_set_reported(set, source, !source->reported);
		source->repeats = host_config_robustness(host);
	}
	if (source->repeats > 1) {
		source->repeats--;
		TAILQ_REMOVE(&set->changes, source, change);
		TAILQ_INSERT_TAIL(&set->changes, source, change);
		return;
	}
	source_settle(set, source);
}

static void commit_sources(struct host *host, struct group *group, unsigned n)
{
	while (n-- > 0)
		commit_source(host, group, TAILQ_FIRST(&group_sources(group)->changes));
}

static void commit_mode(struct host *host, struct group *group)
{
	if (mode_differs(group)) {
		state_change_adopt(group);
		group->repeats = host_config_robustness(host) - 1;
		return;
	}
	group->repeats--;
	if (group->has_sources)
		commit_sources(host, group, group_sources(group)->n_changes);
}

static void commit_whole(struct host *host, struct group *group, uint64_t next_ms)
{
	struct source_set *set = group_sources(group);
	bool sent = has_report(group);

	if (group->silent)
		state_change_adopt(group);
	else if (!sent)
		drop_undone(group);
	else if (reports_mode(group))
		commit_mode(host, group);
	else if (set != NULL)
		commit_sources(host, group, round_left(set));
	schedule_finish(host, group, sent, next_ms);
}

static void commit_part(struct host *host, struct group *group, const struct extent *extent)
{
	struct source_set *set = group_sources(group);

	if (reports_mode(group)) {
		set->place = extent->place;
		return;
	}
	set->n_round = round_left(set) - extent->n_sources;
	commit_sources(host, group, extent->n_sources);
}

// ---- A report ---------------------------------------------------------------------------------

// The group to be prefetched while earlier groups are written. Its second part is prefetched while
// they are committed.
static const struct group *ahead(const struct group_queue *queue, size_t n)
{
	return group_queue_at(queue, n + FETCH_AHEAD < queue->n_ready ? n + FETCH_AHEAD : n);
}

static uint64_t draw_repeat(struct host *host, uint64_t now_ms)
{
	return now_ms + random_delay(&host->random, host->config.unsolicited_report_interval_ms);
}

bool state_change_transmit(struct host *host, uint64_t now_ms)
{
	enum report_result result = REPORT_WHOLE;
	struct group_queue *queue = &host->queue;
	struct extent extent;
	uint64_t next_ms;
	size_t n;

	if (!rate_limit_allows(&host->rate_limit, queue->n_urgent > 0, now_ms))
		return false;
	message_build_report(&host->report);
	for (n = 0; n < queue->n_ready; n++) {
		__builtin_prefetch(ahead(queue, n));
		result = add_records(host, group_queue_at(queue, n), &extent);
		if (result != REPORT_WHOLE)
			break;
	}
	if (host->report.n_records > 0 && !report_send(host))
		return false;
	next_ms = draw_repeat(host, now_ms);
	while (n-- > 0) {
		if (queue->n_urgent > 0)
			next_ms = draw_repeat(host, now_ms);
		__builtin_prefetch(group_rest(ahead(queue, 0)));
		commit_whole(host, group_queue_take(queue), next_ms);
	}
	if (result == REPORT_PART)
		commit_part(host, group_queue_at(queue, 0), &extent);
	return true;
}

// ---- All groups -----------------------------------------------------------------------------

void state_change_announce(struct host *host)
{
	struct group *group;

	for (group = group_next(host, NULL); group != NULL; group = group_next(host, group)) {
		struct source_set *set = group_sources(group);
		struct source *source;

		// A group that was left keeps its difference: routers may still list it.
		if (!group_exists(group))
			continue;
		group->reported_mode = SLUICE_INCLUDE;
		group->repeats = 0;
		if (set != NULL) {
			TAILQ_FOREACH (source, &set->order, order) {
				source_set_reported(set, source, false);
				source->repeats = 0;
				source_touch(set, source);
			}
		}
		schedule_change(host, group);
	}
	schedule_flush(host);
}

void state_change_cancel(struct host *host)
{
	struct group *group, *next;

	for (group = group_next(host, NULL); group != NULL; group = next) {
		struct source *source;

		next = group_next(host, group);
		group->repeats = 0;
		group->query_pending = false;
		group->due = false;
		if (group->has_sources) {
			TAILQ_FOREACH (source, &group_sources(group)->changes, change)
				source->repeats = 0;
		}
		group_restart_report(group);
		if (group->phase == GROUP_WAITING) {
			drop_undone(group);
			schedule_stop(host, group);
		}
	}
}
