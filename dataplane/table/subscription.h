// SPDX-License-Identifier: BSD-3-Clause
// Subscriptions: how the control thread changes who gets the frames of a group. Each change builds
// the next fan-out, publishes it in the group table and retires the present one.
//
// Control thread only.
#ifndef DATAPLANE_SUBSCRIPTION_H
#define DATAPLANE_SUBSCRIPTION_H

#include "group_table.h"

struct subscription {
	struct reclaim *reclaim;
	// Called for each distinct output of a fan-out with 1 when the fan-out is published and -1
	// when it is withdrawn. The sum says whether a subscription names the output.
	void (*use)(struct output *output, int delta);
	// A block as large as the largest fan-out, so that withdrawing needs no memory. NULL until
	// there is memory for one.
	void *reserve;
	size_t reserve_size;
};

void subscription_init(struct subscription *subscription, struct reclaim *reclaim,
	void (*use)(struct output *output, int delta));
void subscription_fini(struct subscription *subscription);

// Replaces the owner's subscribers of the group by these n, at once for every worker; see
// interface_subscribe() in dataplane.h. On -ENOMEM and -ENOSPC (table or fan-out full) nothing
// changes. A change whose fan-out is no larger than the present one, such as n = 0, never fails,
// unless memory is exhausted while a worker is stalled.
int subscription_replace(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, uint64_t owner, const struct subscriber *subs, unsigned n);

// Sets the hook of a group, or removes it (NULL). Workers may call the previous hook until
// reclaim_synchronize(). The hook stays when subscribers change, and is removed with the last of
// them. -ENOENT if the group has no subscriber. -ENOMEM changes nothing and cannot happen when the
// group already has a hook.
int subscription_set_hook(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, const struct fanout_hook *hook);

#endif
