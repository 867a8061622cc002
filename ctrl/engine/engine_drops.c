// SPDX-License-Identifier: BSD-3-Clause
// Drops by reason, of the workers and of the hosts of the interfaces.
#include "engine_private.h"

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

	for (unsigned f = 0; f < RTE_DIM(families); f++) {
		const struct host *host = engine_interface_host(interface, families[f]);

		drop.family = families[f];
		for (unsigned i = HOST_DROP_NONE + 1; i < HOST_DROPS; i++) {
			drop.reason = host_drop_name(i);
			drop.count = host_drop_count(host, i);
			each(arg, &drop);
		}
	}
}
