// SPDX-License-Identifier: BSD-3-Clause
#include "reclaim.h"
#include <errno.h>
#include <rte_pause.h>
#include <stdlib.h>
#include <time.h>

// Workers on CPUs of their own pass by within microseconds.
#define SPINS 1000

static void list_init(struct reclaim_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

// Calls the free functions, which may retire more items.
static void list_free(struct reclaim_list *list)
{
	struct reclaim_item *item = list->head;

	list_init(list);
	while (item) {
		struct reclaim_item *next = item->next;

		item->free(item);
		item = next;
	}
}

int reclaim_init(struct reclaim *reclaim, unsigned n_readers)
{
	int rc;

	reclaim->qsbr = aligned_memory_alloc(rte_rcu_qsbr_get_memsize(n_readers));
	if (!reclaim->qsbr)
		return -ENOMEM;
	rc = rte_rcu_qsbr_init(reclaim->qsbr, n_readers) ? -EINVAL : 0;
	for (unsigned id = 0; !rc && id < n_readers; id++)
		rc = rte_rcu_qsbr_thread_register(reclaim->qsbr, id) ? -EINVAL : 0;
	if (rc) {
		free(reclaim->qsbr);
		return rc;
	}
	list_init(&reclaim->fresh);
	list_init(&reclaim->waiting);
	return 0;
}

void reclaim_fini(struct reclaim *reclaim)
{
	while (reclaim->fresh.head || reclaim->waiting.head)
		reclaim_synchronize(reclaim);
	free(reclaim->qsbr);
}

void reclaim_retire(struct reclaim *reclaim, struct reclaim_item *item)
{
	item->next = NULL;
	*reclaim->fresh.tail = item;
	reclaim->fresh.tail = &item->next;
}

// Many retirements share one token, because taking a token is an atomic operation on a line that
// all workers read.
static void advance(struct reclaim *reclaim)
{
	if (reclaim->waiting.head || !reclaim->fresh.head)
		return;
	reclaim->waiting.head = reclaim->fresh.head;
	reclaim->waiting.tail = reclaim->fresh.tail;
	list_init(&reclaim->fresh);
	reclaim->token = rte_rcu_qsbr_start(reclaim->qsbr);
}

void reclaim_poll(struct reclaim *reclaim)
{
	advance(reclaim);
	if (reclaim->waiting.head && rte_rcu_qsbr_check(reclaim->qsbr, reclaim->token, false)) {
		list_free(&reclaim->waiting);
		advance(reclaim);
	}
}

void reclaim_synchronize(struct reclaim *reclaim)
{
	struct reclaim_list fresh = reclaim->fresh;

	// Not rte_rcu_qsbr_synchronize(): these two functions are inline, so ThreadSanitizer sees
	// them.
	const struct timespec pause = {.tv_nsec = 50000};
	uint64_t token = rte_rcu_qsbr_start(reclaim->qsbr);

	for (unsigned i = 0; rte_rcu_qsbr_check(reclaim->qsbr, token, false) == 0; i++) {
		if (i < SPINS)
			rte_pause();
		else
			nanosleep(
				&pause, NULL); // a worker on the same CPU has to run for it to end
	}
	list_init(&reclaim->fresh);
	list_free(&reclaim->waiting);
	if (fresh.head)
		list_free(&fresh);
}
