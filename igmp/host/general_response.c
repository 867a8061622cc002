// SPDX-License-Identifier: BSD-3-Clause
#include "group.h"
#include "host_private.h"
#include "report.h"
#include "general_response.h"

#define FETCH_AHEAD 32 // groups

static uint32_t frames(const struct host *host)
{
	uint64_t bytes = (uint64_t)host->group_table.count * host->wire->record_len +
			 (uint64_t)host->source_pool.n_used * host->wire->addr_len;
	uint32_t room = host->config.mtu - host->wire->ip_len - WIRE_REPORT_HEADER;

	return bytes / room + 1;
}

static uint64_t end_ms(const struct walk *walk)
{
	return walk->start_ms + (uint64_t)(walk->n_steps - 1) * walk->response_ms / walk->n_steps;
}

void walk_stop(struct host *host)
{
	struct walk *walk = &host->walk;

	if (walk->timer_set)
		wheel_cancel(&host->wheel, &walk->timer);
	*walk = (struct walk){.pending = false};
}

static void set_timer(struct host *host, uint64_t at_ms)
{
	host->walk.timer.kind = TIMER_WALK;
	host->walk.timer_set = true;
	wheel_set(&host->wheel, &host->walk.timer, at_ms);
}

// The group to be visited after this one, NULL if that was the last.
static struct group *next_group(
	const struct host *host, struct walk *walk, const struct group *group)
{
	struct group *next = group_next(host, group);

	if (next == NULL && !walk->wrapped) {
		walk->wrapped = true;
		next = group_next(host, NULL);
	}
	return next != NULL && walk->wrapped && pool_number(next) >= walk->from ? NULL : next;
}

void walk_start(struct host *host, uint32_t response_ms, uint64_t now_ms)
{
	const struct walk *old = &host->walk;
	uint32_t n_steps = frames(host);
	struct walk walk = {
		.pending = true,
		.response_ms = response_ms,
		.n_steps = n_steps,
		.start_ms = now_ms + random_delay(&host->random, response_ms / n_steps),
	};

	if (old->pending && old->response_ms < response_ms)
		walk.response_ms = old->response_ms;
	if (old->timer_set && wheel_expires_ms(&host->wheel, &old->timer) < walk.start_ms)
		walk.start_ms = wheel_expires_ms(&host->wheel, &old->timer);
	// More groups than the old one had frames for: they go with it rather than after it.
	if (old->pending && !old->begun && end_ms(&walk) > end_ms(old))
		walk.response_ms = end_ms(old) > walk.start_ms ? end_ms(old) - walk.start_ms : 1;
	walk.at = old->at;
	walk_stop(host);
	host->walk = walk;
	set_timer(host, walk.start_ms);
}

void walk_expire(struct host *host, uint64_t now_ms)
{
	struct walk *walk = &host->walk;
	uint64_t step;

	walk->timer_set = false;
	if (!walk->begun) {
		walk->begun = true;
		if (walk->at == NULL)
			walk->at = group_next(host, NULL);
		walk->from = walk->at != NULL ? pool_number(walk->at) : 0;
		walk->wrapped = false;
		walk->n_groups = host->group_table.count;
	}
	step = walk->n_steps;
	if (walk->response_ms > 0)
		step = (now_ms - walk->start_ms) * walk->n_steps / walk->response_ms + 1;
	if (step >= walk->n_steps) {
		walk->quota = UINT32_MAX;
		return;
	}
	walk->quota = (step * walk->n_groups + walk->n_steps - 1) / walk->n_steps;
	set_timer(host,
		walk->start_ms + (step * walk->response_ms + walk->n_steps - 1) / walk->n_steps);
}

// A later group comes in while the ones before it are written.
static void fetch_ahead(const struct group *group)
{
	__builtin_prefetch((const void *)((uintptr_t)group + FETCH_AHEAD * sizeof(*group)), 0, 1);
}

bool walk_transmit(struct host *host, uint64_t now_ms)
{
	struct walk *walk = &host->walk;

	while (walk->at != NULL && walk->visited < walk->quota) {
		struct walk to = *walk;

		if (!pace_allows(&host->pace, false, now_ms))
			return false;
		report_begin(host);
		for (; to.at != NULL; to.at = next_group(host, &to, to.at), to.visited++) {
			fetch_ahead(to.at);
			if (group_is_answered(to.at) &&
				report_current_state(host, to.at, &to.place) != REPORT_WHOLE)
				break;
		}
		if (host->frame.n_records > 0 && !report_send(host))
			return false;
		*walk = to;
	}
	if (walk->begun && walk->at == NULL)
		walk_stop(host);
	return true;
}

bool walk_ends_by(const struct host *host, uint64_t at_ms)
{
	return host->walk.pending && !host->walk.begun && end_ms(&host->walk) <= at_ms;
}

void walk_forget(struct host *host, const struct group *group)
{
	struct walk *walk = &host->walk;

	if (walk->at != group)
		return;
	walk->at = next_group(host, walk, group);
	walk->place.partly = false;
}
