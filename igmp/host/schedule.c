// SPDX-License-Identifier: BSD-3-Clause
// When each group sends. state_change.c and older_version.c decide what is sent.
//
//	phase	event				action				next
//	IDLE	change				queue for the next flush	QUEUED
//	WAITING	change				stop the timer, queue likewise	QUEUED
//	QUEUED	change				begin the report again		QUEUED
//	WAITING	timer				due, queue			QUEUED
//	QUEUED	turn: difference, or due	send, counters - 1, then:
//	QUEUED	  repeats left			draw a gap, or the report's	WAITING
//	QUEUED	  none left, members		-				IDLE
//	QUEUED	  none left, no members		free				-
//	QUEUED	turn: nothing to send		as above, but keep the gap
//	QUEUED	turn: port full, rate limit	-				QUEUED
//	WAITING	version changes			forget the repeats		IDLE, or free
//	any	link or address comes up	as if nothing was reported, queue	QUEUED
#include "group.h"
#include "member_notify.h"
#include "host_private.h"
#include "response.h"
#include "schedule.h"

#define URGENT_GROUPS 64 // a flush of at most so many goes first

static bool has_more(const struct group *group)
{
	// Not ||: compilers merge that into one load, which waits for the stores to both fields.
	return (group->repeats | group->query_pending) != 0 ||
	       (group->has_sources && group_sources(group)->n_changes > 0);
}

void schedule_release(struct host *host, struct group *group)
{
	if (group_members(group) > 0 || group->phase != GROUP_IDLE)
		return;
	response_forget(host, group);
	group_free(host, group);
}

static void go_idle(struct host *host, struct group *group)
{
	group->phase = GROUP_IDLE;
	host->n_changing--;
	schedule_release(host, group);
}

static void set_timer(struct host *host, struct group *group, uint64_t at_ms)
{
	struct wheel_timer *timer = &group_rest(group)->timer;

	group->phase = GROUP_WAITING;
	timer->kind = TIMER_GROUP;
	wheel_set(&host->wheel, timer, at_ms);
}

static void stop_timer(struct host *host, struct group *group)
{
	wheel_cancel(&host->wheel, &group_rest(group)->timer);
}

void schedule_change(struct host *host, struct group *group)
{
	group_restart_report(group);
	if (group->phase == GROUP_QUEUED)
		return;
	if (group->phase == GROUP_WAITING)
		stop_timer(host, group);
	else
		host->n_changing++;
	group->phase = GROUP_QUEUED;
	group_queue_put_dirty(&host->queue, group);
}

void schedule_flush(struct host *host)
{
	group_queue_flush(&host->queue, host->queue.n_dirty <= URGENT_GROUPS);
}

void schedule_expire(struct host *host, struct group *group)
{
	group->due = true;
	group->phase = GROUP_QUEUED;
	group_queue_put_ready(&host->queue, group);
}

void schedule_finish(struct host *host, struct group *group, bool sent, uint64_t next_ms)
{
	group->due = false;
	group_restart_report(group);
	member_notify_add(host, group);
	if (!has_more(group)) {
		go_idle(host, group);
		return;
	}
	if (!sent && schedule_at_ms(host, group) < next_ms)
		next_ms = schedule_at_ms(host, group);
	set_timer(host, group, next_ms);
}

void schedule_set(struct host *host, struct group *group, uint64_t at_ms)
{
	if (group->phase == GROUP_WAITING)
		stop_timer(host, group);
	else
		host->n_changing++;
	set_timer(host, group, at_ms);
}

void schedule_stop(struct host *host, struct group *group)
{
	stop_timer(host, group);
	go_idle(host, group);
}

uint64_t schedule_at_ms(const struct host *host, const struct group *group)
{
	return wheel_expires_ms(&host->wheel, &group_rest(group)->timer);
}
