// SPDX-License-Identifier: BSD-3-Clause
#include "reclaim.h"
#include <errno.h>
#include <rte_common.h>
#include <rte_pause.h>
#include <stdlib.h>
#include <time.h>

// Workers on CPUs of their own pass by within microseconds.
#define SPINS 1000
#define STEP_NS UINT64_C(10000000)

static void list_init(struct reclaim_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void list_move(struct reclaim_list *to, struct reclaim_list *from)
{
	*to->tail = from->head;
	if (from->head)
		to->tail = from->tail;
	list_init(from);
}

// Calls the free functions, which may retire more items.
static void free_some(struct reclaim *reclaim)
{
	for (unsigned n = 0; reclaim->unused.head && n < RECLAIM_PART; n++) {
		struct reclaim_item *item = reclaim->unused.head;

		reclaim->unused.head = item->next;
		if (!item->next)
			list_init(&reclaim->unused);
		item->free(item);
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
	list_init(&reclaim->unused);
	reclaim->stalled = false;
	return 0;
}

void reclaim_fini(struct reclaim *reclaim)
{
	while (reclaim->fresh.head || reclaim->waiting.head || reclaim->unused.head)
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
		list_move(&reclaim->unused, &reclaim->waiting);
		advance(reclaim);
	}
	free_some(reclaim);
}

static bool has_passed(const struct reclaim *reclaim, uint64_t token)
{
	// Not rte_rcu_qsbr_synchronize(): this function and rte_rcu_qsbr_start() are inline, so
	// ThreadSanitizer sees them.
	return rte_rcu_qsbr_check(reclaim->qsbr, token, false) != 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// Lets a worker on the same CPU run. A process that is stopped for a while has not waited, so that
// a pause counts as STEP_NS at most.
static bool wait_for(const struct reclaim *reclaim, uint64_t token)
{
	const struct timespec pause = {.tv_nsec = 50000};
	uint64_t waited_ns = 0, last_ns = now_ns();

	while (waited_ns < RECLAIM_WAIT_MS * UINT64_C(1000000)) {
		uint64_t this_ns;

		nanosleep(&pause, NULL);
		if (has_passed(reclaim, token))
			return true;
		this_ns = now_ns();
		waited_ns += RTE_MIN(this_ns - last_ns, STEP_NS);
		last_ns = this_ns;
	}
	return false;
}

int reclaim_synchronize(struct reclaim *reclaim)
{
	bool passed = false;
	uint64_t token;

	if (reclaim->stalled && !has_passed(reclaim, reclaim->stalled_token))
		return -ETIMEDOUT;
	reclaim->stalled = false;
	token = rte_rcu_qsbr_start(reclaim->qsbr);
	for (unsigned i = 0; i < SPINS && !passed; i++) {
		passed = has_passed(reclaim, token);
		rte_pause();
	}
	if (!passed && !wait_for(reclaim, token)) {
		reclaim->stalled = true;
		reclaim->stalled_token = token;
		return -ETIMEDOUT;
	}
	list_move(&reclaim->unused, &reclaim->waiting);
	list_move(&reclaim->unused, &reclaim->fresh);
	free_some(reclaim);
	return 0;
}
