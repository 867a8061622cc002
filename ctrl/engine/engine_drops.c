// SPDX-License-Identifier: BSD-3-Clause
// Drops by reason, of the workers and of the hosts of the interfaces.
#include "engine_private.h"

// Counters of received and sent messages are not drops.
static bool is_drop(enum host_counter counter)
{
	switch (counter) {
	case HOST_RX_QUERY:
	case HOST_RX_REPORT:
	case HOST_TX_REPORT:
	case HOST_TX_LEAVE:
	case HOST_TX_RECORD:
		return false;
	default:
		return true;
	}
}

static uint64_t count_of(const struct dataplane *dataplane, enum drop_reason reason)
{
	struct worker_info info;
	uint64_t count = 0;

	for (unsigned i = 0; i < worker_count(dataplane); i++) {
		worker_info(dataplane, i, &info);
		count += info.drops[reason];
	}
	return count;
}

void engine_drops_of_workers(struct engine *engine, engine_drop_fn each, void *arg)
{
	struct engine_drop drop = {.interface = NULL};

	for (unsigned i = DROP_NONE + 1; i < DROP_REASONS; i++) {
		drop.reason = drop_reason_name(i);
		drop.count = count_of(engine->dataplane, i);
		each(arg, &drop);
	}
}

void engine_drops_of_interface(
	const struct engine_interface *interface, engine_drop_fn each, void *arg)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct engine_drop drop = {.interface = interface};

	for (unsigned i = 0; i < 2 * HOST_COUNTERS; i++) {
		unsigned counter = i % HOST_COUNTERS;

		drop.family = families[i / HOST_COUNTERS];
		drop.reason = host_counter_name(counter);
		drop.count = host_counter(engine_interface_host(interface, drop.family), counter);
		if (is_drop(counter))
			each(arg, &drop);
	}
}
