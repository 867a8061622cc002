// SPDX-License-Identifier: BSD-3-Clause
// Subscriptions: the one way the control thread changes who gets a group's frames. It builds the
// next fan-out, publishes it in the group table and retires the present one.
#ifndef DATAPLANE_SUBSCRIPTION_H
#define DATAPLANE_SUBSCRIPTION_H

#include "group_table.h"

struct subscription {
	struct reclaim *reclaim;
	// Called for each distinct output of a fan-out when it is published (1) and when it is
	// withdrawn (-1): whoever keeps the sum knows whether a subscription names the output.
	void (*use)(struct output *output, int delta);
	// A block as large as the largest fan-out, so that withdrawing works without memory.
	void *reserve;
	size_t reserve_size;
};

void subscription_init(struct subscription *subscription, struct reclaim *reclaim,
	void (*use)(struct output *output, int delta));
void subscription_fini(struct subscription *subscription);

// Replaces all of the owner's lines of the group by these n, at once for every worker (contract:
// interface_subscribe() in dataplane.h). -ENOMEM, -ENOSPC (table or fan-out full) and then changes
// nothing; a change whose fan-out is no larger than the present one, such as n 0, never fails.
int subscription_replace(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, uint64_t owner, const struct subscriber *subs, unsigned n);

// Sets the hook of a group in place of the one it has; NULL removes it. Every frame that a worker
// takes on later goes by it; none does once the hook is removed and dataplane_synchronize() has
// returned. The hook stays when subscribers change, and goes with the last of them. -ENOENT if the
// group has no subscriber; -ENOMEM, never when the group has a hook, and then changes nothing.
int subscription_set_hook(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, const struct fanout_hook *hook);

#endif
