// SPDX-License-Identifier: BSD-3-Clause
#include "subscription.h"
#include "aligned_memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void subscription_init(struct subscription *subscription, struct reclaim *reclaim,
	void (*use)(struct output *output, int delta))
{
	*subscription = (struct subscription){.reclaim = reclaim, .use = use};
}

void subscription_fini(struct subscription *subscription)
{
	free(subscription->reserve);
}

static int reserve_grow(struct subscription *subscription, size_t size)
{
	void *reserve;

	if (size <= subscription->reserve_size)
		return 0;
	reserve = aligned_memory_alloc(size);
	if (!reserve)
		return -ENOMEM;
	free(subscription->reserve);
	subscription->reserve = reserve;
	subscription->reserve_size = size;
	return 0;
}

static void use_outputs(
	const struct subscription *subscription, const struct fanout *fanout, int delta)
{
	for (unsigned i = 0; i < fanout->n_outputs; i++)
		subscription->use(fanout->outputs[i], delta);
}

static void retired_free(struct reclaim_item *item)
{
	free((char *)item - offsetof(struct fanout, reclaim));
}

static void retire(struct subscription *subscription, struct fanout *fanout)
{
	fanout->reclaim.free = retired_free;
	reclaim_retire(subscription->reclaim, &fanout->reclaim);
}

static void withdraw(struct subscription *subscription, struct fanout *fanout)
{
	use_outputs(subscription, fanout, -1);
	retire(subscription, fanout);
}

// The block belongs to a fan-out from now on.
static void reserve_give(struct subscription *subscription)
{
	subscription->reserve = NULL;
	subscription->reserve_size = 0;
}

// Used without memory for the next fan-out. Builds it in the reserve, and copies it into the block
// of the present one when no worker reads that any more. The reserve is then free again.
static void replace_in_place(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, const struct fanout_draft *draft, struct fanout *old)
{
	struct fanout *next = fanout_build(draft, subscription->reserve);

	group_table_put(table, group, next);
	use_outputs(subscription, next, 1);
	// A stalled worker may read the old one: the reserve is in use then, until there is memory
	// for another.
	if (reclaim_synchronize(subscription->reclaim) < 0) {
		reserve_give(subscription);
		withdraw(subscription, old);
		return;
	}
	use_outputs(subscription, old, -1);
	memcpy(old, next, next->size);
	group_table_put(table, group, old);
	if (reclaim_synchronize(subscription->reclaim) < 0) {
		reserve_give(subscription);
		retire(subscription, next);
	}
}

// Puts the drafted fan-out in place of `old`, if there is one. Never fails if it is no larger.
static int publish(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, const struct fanout_draft *draft, struct fanout *old)
{
	struct fanout *next;
	void *block;
	int rc;

	rc = reserve_grow(subscription, draft->size);
	if (rc)
		return rc;
	block = aligned_memory_alloc(draft->size);
	if (!block) {
		if (!old || draft->size > old->size)
			return -ENOMEM;
		replace_in_place(subscription, table, group, draft, old);
		return 0;
	}
	next = fanout_build(draft, block);
	rc = group_table_put(table, group, next);
	if (rc) {
		free(block);
		return rc;
	}
	use_outputs(subscription, next, 1);
	if (old)
		withdraw(subscription, old);
	return 0;
}

int subscription_replace(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, uint64_t owner, const struct subscriber *subs, unsigned n)
{
	struct fanout *old = group_table_get(table, group);
	struct fanout_draft draft;
	int rc;

	rc = fanout_draft(&draft, old, group->family, owner, subs, n);
	if (rc)
		return rc;
	if (draft.size)
		return publish(subscription, table, group, &draft, old);
	if (old)
		withdraw(subscription, group_table_remove(table, group));
	return 0;
}

int subscription_set_hook(struct subscription *subscription, struct group_table *table,
	const struct sluice_addr *group, const struct fanout_hook *hook)
{
	struct fanout *old = group_table_get(table, group);
	struct fanout_draft draft;

	if (!old)
		return -ENOENT;
	if (fanout_hook(old) == hook)
		return 0;
	fanout_draft_hook(&draft, old, hook);
	return publish(subscription, table, group, &draft, old);
}
