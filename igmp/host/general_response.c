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

static uint64_t end_ms(const struct general_response *response)
{
	return response->start_ms +
	       (uint64_t)(response->n_steps - 1) * response->spread_ms / response->n_steps;
}

void general_response_stop(struct host *host)
{
	struct general_response *response = &host->general_response;

	if (response->timer_set)
		wheel_cancel(&host->wheel, &response->timer);
	*response = (struct general_response){.pending = false};
}

static void set_timer(struct host *host, uint64_t at_ms)
{
	host->general_response.timer.kind = TIMER_GENERAL_RESPONSE;
	host->general_response.timer_set = true;
	wheel_set(&host->wheel, &host->general_response.timer, at_ms);
}

// The group after this one, NULL if it was the last.
static struct group *next_group(
	const struct host *host, struct general_response *response, const struct group *group)
{
	struct group *next = group_next(host, group);

	if (next == NULL && !response->wrapped) {
		response->wrapped = true;
		next = group_next(host, NULL);
	}
	return next != NULL && response->wrapped && pool_number(next) >= response->from ? NULL
											: next;
}

void general_response_start(struct host *host, uint32_t response_ms, uint64_t now_ms)
{
	const struct general_response *previous = &host->general_response;
	uint32_t n_steps = frames(host);
	struct general_response response = {
		.pending = true,
		.spread_ms = response_ms,
		.n_steps = n_steps,
		.start_ms = now_ms + random_delay(&host->random, response_ms / n_steps),
	};

	if (previous->pending && previous->spread_ms < response_ms)
		response.spread_ms = previous->spread_ms;
	if (previous->timer_set &&
		wheel_expires_ms(&host->wheel, &previous->timer) < response.start_ms)
		response.start_ms = wheel_expires_ms(&host->wheel, &previous->timer);
	// The groups have grown since the previous query: keep its end, send more per step.
	if (previous->pending && !previous->begun && end_ms(&response) > end_ms(previous))
		response.spread_ms = end_ms(previous) > response.start_ms
					     ? end_ms(previous) - response.start_ms
					     : 1;
	response.at = previous->at;
	general_response_stop(host);
	host->general_response = response;
	set_timer(host, response.start_ms);
}

void general_response_expire(struct host *host, uint64_t now_ms)
{
	struct general_response *response = &host->general_response;
	uint64_t step;

	response->timer_set = false;
	if (!response->begun) {
		response->begun = true;
		if (response->at == NULL)
			response->at = group_next(host, NULL);
		response->from = response->at != NULL ? pool_number(response->at) : 0;
		response->wrapped = false;
		response->n_groups = host->group_table.count;
	}
	step = response->n_steps;
	if (response->spread_ms > 0)
		step = (now_ms - response->start_ms) * response->n_steps / response->spread_ms + 1;
	if (step >= response->n_steps) {
		response->quota = UINT32_MAX;
		return;
	}
	response->quota = (step * response->n_groups + response->n_steps - 1) / response->n_steps;
	set_timer(host, response->start_ms + (step * response->spread_ms + response->n_steps - 1) /
						     response->n_steps);
}

// Prefetches a later group while earlier ones are written.
static void fetch_ahead(const struct group *group)
{
	__builtin_prefetch((const void *)((uintptr_t)group + FETCH_AHEAD * sizeof(*group)), 0, 1);
}

bool general_response_transmit(struct host *host, uint64_t now_ms)
{
	struct general_response *response = &host->general_response;

	while (response->at != NULL && response->visited < response->quota) {
		struct general_response to = *response;

		if (!rate_limit_allows(&host->rate_limit, false, now_ms))
			return false;
		message_build_report(&host->report);
		for (; to.at != NULL; to.at = next_group(host, &to, to.at), to.visited++) {
			fetch_ahead(to.at);
			if (group_responds(to.at) &&
				report_current_state(host, to.at, &to.place) != REPORT_WHOLE)
				break;
		}
		if (host->report.n_records > 0 && !report_send(host))
			return false;
		*response = to;
	}
	if (response->begun && response->at == NULL)
		general_response_stop(host);
	return true;
}

bool general_response_ends_by(const struct host *host, uint64_t at_ms)
{
	return host->general_response.pending && !host->general_response.begun &&
	       end_ms(&host->general_response) <= at_ms;
}

void general_response_forget(struct host *host, const struct group *group)
{
	struct general_response *response = &host->general_response;

	if (response->at != group)
		return;
	response->at = next_group(host, response, group);
	response->place.partly = false;
}
