// SPDX-License-Identifier: BSD-3-Clause
// Opens, closes and drives a host.
#include <errno.h>

#include "address.h"
#include "response.h"
#include "state_change.h"
#include "compat.h"
#include "group.h"
#include "member_notify.h"
#include "host_private.h"
#include "memory.h"
#include "older_version.h"
#include "host_config.h"
#include "schedule.h"
#include "general_response.h"

#define RATE_RETRY_MS 1
#define PORT_RETRY_MS 2

// ---- Opening and closing --------------------------------------------------------------------

struct host *host_open(int family, const struct host_config *config, const struct host_ops *ops,
	void *ctx, uint64_t now_ms)
{
	size_t held = 0;
	struct host *host;
	int rc = -ENOMEM;

	if (family != AF_INET && family != AF_INET6) {
		rc = -EINVAL;
		goto fail;
	}
	host = memory_get(&held, sizeof(*host));
	if (host == NULL)
		goto fail;
	host->memory = held;
	host->wire = wire_of(family);
	host->ops = ops;
	host->ctx = ctx;
	host->random = config->seed;
	host->hash_seed = hash_table_mix(config->seed);
	host->up = true;
	host->version = host->wire->newest;
	host->source.family = family;
	TAILQ_INIT(&host->responses);
	wheel_init(&host->wheel, now_ms);
	host->compat.kind = TIMER_COMPAT;
	host->transmit.kind = TIMER_TRANSMIT;
	host->queue.held = &host->memory;
	pool_init_split(
		&host->group_pool, sizeof(struct group), sizeof(struct group_rest), &host->memory);
	pool_init(&host->member_pool, sizeof(struct additional_member), &host->memory);
	pool_init(&host->source_pool, sizeof(struct source), &host->memory);
	pool_init(&host->response_pool, sizeof(struct response), &host->memory);
	rc = host_config_apply(host, config, now_ms);
	if (rc < 0)
		goto free_host;
	rc = -ENOMEM;
	if (!hash_table_init(&host->group_table, &host->group_pool, &host->memory))
		goto close_config;
	if (!hash_table_init(&host->member_table, &host->member_pool, &host->memory))
		goto close_group_table;
	return host;

close_group_table:
	hash_table_close(&host->group_table);
close_config:
	host_config_close(host);
free_host:
	memory_put(&held, host, sizeof(*host));
fail:
	errno = -rc;
	return NULL;
}

void host_close(struct host *host)
{
	size_t held = sizeof(*host);
	struct group *group, *next;
	struct host_listing *listing;

	response_cancel(host);
	while ((listing = LIST_FIRST(&host->listings)) != NULL) {
		LIST_REMOVE(listing, entry);
		listing->host = NULL;
	}
	for (group = group_next(host, NULL); group != NULL; group = next) {
		next = group_next(host, group);
		group_free(host, group);
	}
	pool_close(&host->response_pool);
	pool_close(&host->source_pool);
	pool_close(&host->member_pool);
	pool_close(&host->group_pool);
	hash_table_close(&host->member_table);
	hash_table_close(&host->group_table);
	group_queue_close(&host->queue);
	host_config_close(host);
	memory_put(&host->memory, host->addresses, host->n_addresses * sizeof(*host->addresses));
	memory_put(&held, host, sizeof(*host));
}

// ---- Running --------------------------------------------------------------------------------

// State-change reports, or older reports, of the groups that are due.
static bool transmit_changes(struct host *host, uint64_t now_ms)
{
	while (host->queue.n_ready > 0) {
		bool done = compat_is_newest(host) ? state_change_transmit(host, now_ms)
						   : older_version_transmit(host, now_ms);

		if (!done)
			return false;
	}
	return true;
}

static bool transmit_responses(struct host *host, uint64_t now_ms)
{
	return response_transmit(host, now_ms) && general_response_transmit(host, now_ms);
}

// Sends what may be sent now, and sees to it that the rest comes up again.
static void transmit(struct host *host, uint64_t now_ms)
{
	wheel_idle(&host->wheel, now_ms);
	compat_forget(host, now_ms);
	if (!host->up || host->transmitting)
		return;
	host->transmitting = true;
	if (!(transmit_changes(host, now_ms) && transmit_responses(host, now_ms)) &&
		!host->transmit_set) {
		bool paced = !rate_limit_allows(&host->rate_limit, false, now_ms);

		host->transmit_set = true;
		wheel_set(&host->wheel, &host->transmit,
			now_ms + (paced ? RATE_RETRY_MS : PORT_RETRY_MS));
	}
	member_notify_run(host);
	host->transmitting = false;
}

void host_flush(struct host *host, uint64_t now_ms)
{
	schedule_flush(host);
	transmit(host, now_ms);
}

static struct group *group_of_timer(const struct wheel_timer *timer)
{
	return group_front(container_of(timer, struct group_rest, timer));
}

static void expire(struct host *host, struct wheel_timer *timer, uint64_t now_ms)
{
	switch ((enum timer_kind)timer->kind) {
	case TIMER_GROUP:
		schedule_expire(host, group_of_timer(timer));
		if (timer->later != NULL)
			__builtin_prefetch(group_of_timer(timer->later));
		break;
	case TIMER_RESPONSE:
		response_expire(container_of(timer, struct response, timer));
		break;
	case TIMER_GENERAL_RESPONSE:
		general_response_expire(host, now_ms);
		break;
	case TIMER_COMPAT:
		host->compat_set = false;
		compat_update(host, now_ms);
		break;
	case TIMER_TRANSMIT:
		host->transmit_set = false;
		break;
	}
}

void host_advance(struct host *host, uint64_t now_ms)
{
	struct wheel_timer *timer;

	while ((timer = wheel_pop(&host->wheel, now_ms)) != NULL)
		expire(host, timer, now_ms);
	transmit(host, now_ms);
}

uint64_t host_next_ms(const struct host *host)
{
	return wheel_next_ms(&host->wheel);
}

bool host_busy(const struct host *host)
{
	return host->n_changing > 0;
}

// ---- The interface --------------------------------------------------------------------------

static void choose_source(struct host *host)
{
	host->source = (struct sluice_addr){.family = host->wire->family};
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct sluice_addr *addr = &host->addresses[i].addr;

		if (addr->family == AF_INET || address_is_link_local(addr)) {
			host->source = *addr;
			return;
		}
	}
}

int host_set_addresses(
	struct host *host, const struct host_address *addrs, unsigned n, uint64_t now_ms)
{
	bool had_source = !address_is_unspecified(&host->source);
	struct host_address *copy = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (addrs[i].addr.family != host->wire->family ||
			addrs[i].prefix_length > 8 * host->wire->addr_len)
			return -EINVAL;
	}
	if (n > 0) {
		copy = memory_get(&host->memory, n * sizeof(*copy));
		if (copy == NULL)
			return -ENOMEM;
		memcpy(copy, addrs, n * sizeof(*copy));
	}
	memory_put(&host->memory, host->addresses, host->n_addresses * sizeof(*host->addresses));
	host->addresses = copy;
	host->n_addresses = n;
	choose_source(host);
	if (host->wire->family == AF_INET6 && !had_source &&
		!address_is_unspecified(&host->source)) {
		state_change_announce(host);
		transmit(host, now_ms);
	}
	return 0;
}

void host_set_link(struct host *host, bool up, uint64_t now_ms)
{
	if (up == host->up)
		return;
	host->up = up;
	response_cancel(host);
	if (up) {
		state_change_announce(host);
		transmit(host, now_ms);
	}
}

int host_reconfigure(struct host *host, const struct host_config *config, uint64_t now_ms)
{
	int rc = host_config_apply(host, config, now_ms);

	if (rc == 0)
		host->classify_next = 1;
	return rc;
}

bool host_classify_some(struct host *host, unsigned n)
{
	struct group *group = NULL;

	if (host->classify_next > 0)
		group = pool_find_from(&host->group_pool, host->classify_next);
	for (; n > 0 && group != NULL; n--, group = group_next(host, group)) {
		enum sluice_filter_mode mode = group_mode(group);

		group_classify(host, group);
		if (group_mode(group) != mode)
			schedule_change(host, group);
	}
	host->classify_next = group != NULL ? pool_number(group) : 0;
	return group == NULL;
}

// ---- Status ---------------------------------------------------------------------------------

void *host_context(const struct host *host)
{
	return host->ctx;
}

int host_family(const struct host *host)
{
	return host->wire->family;
}

void host_status(const struct host *host, struct host_status *status)
{
	bool newest = compat_is_newest(host);

	*status = (struct host_status){
		.version = host->version,
		.querier = host->querier,
		.querier_version = host->querier_version,
		.querier_heard_ms = host->querier_heard_ms,
		.querier_interval_ms = host->querier_interval_ms,
		.robustness = host_config_robustness(host),
		.version_until_ms = newest ? HOST_NEVER : host->older_until_ms[host->version],
		.n_groups = host->n_groups,
		.n_leaving = host->group_table.count - host->n_groups,
		.memory = host->memory,
	};
}

const struct host_counters *host_counters(const struct host *host)
{
	return &host->counters;
}
