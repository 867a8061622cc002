// SPDX-License-Identifier: BSD-3-Clause
#include "group_record.h"

// Returns whether the record has this source. Writes the source if the record has none.
static bool source4_has(struct group_record *group, const void *source)
{
	uint32_t held = atomic_load_explicit(&group->source4_be, memory_order_relaxed), source_be;

	memcpy(&source_be, source, sizeof(source_be));
	if (held == 0)
		atomic_store_explicit(&group->source4_be, source_be, memory_order_relaxed);
	return source_be != 0 && (held == 0 || held == source_be);
}

static bool source6_has(struct group_record *group, const void *source)
{
	struct group_record6 *group6 = (struct group_record6 *)group;
	const struct group_key none = {{0, 0}};
	struct group_key held, wanted;

	memcpy(&wanted, source, sizeof(wanted));
	for (unsigned i = 0; i < 2; i++)
		held.words[i] = atomic_load_explicit(&group6->source6[i], memory_order_relaxed);
	if (!group_key_equal(&held, &none))
		return group_key_equal(&held, &wanted);
	for (unsigned i = 0; i < 2; i++)
		atomic_store_explicit(&group6->source6[i], wanted.words[i], memory_order_relaxed);
	return !group_key_equal(&wanted, &none);
}

static uint64_t route_to(struct group_record *group, const struct fanout *fanout)
{
	uint64_t route = (uintptr_t)fanout;
	struct fanout_single single;

	if (!fanout_single(fanout, &single) || ((uintptr_t)single.output & ~ROUTE_ADDRESS) != 0)
		return route;
	route = (uintptr_t)single.output | ROUTE_DIRECT |
		(uint64_t)single.udp_port_be << ROUTE_PORT_SHIFT;
	if (!single.has_source)
		return route;
	if (fanout->family == AF_INET)
		return source4_has(group, single.source) ? route | ROUTE_SOURCE4
							 : (uintptr_t)fanout;
	return source6_has(group, single.source) ? route | ROUTE_SOURCE6 : (uintptr_t)fanout;
}

void group_record_set_route(struct group_record *group, const struct fanout *fanout)
{
	atomic_store_explicit(&group->route, route_to(group, fanout), memory_order_release);
}

void group_record_clear(struct group_record *group, uint16_t family)
{
	atomic_store_explicit(&group->packets, 0, memory_order_relaxed);
	atomic_store_explicit(&group->bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&group->last_tick, 0, memory_order_relaxed);
	atomic_store_explicit(&group->source4_be, 0, memory_order_relaxed);
	for (unsigned i = 0; family == AF_INET6 && i < 2; i++)
		atomic_store_explicit(
			&((struct group_record6 *)group)->source6[i], 0, memory_order_relaxed);
}
