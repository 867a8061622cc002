// SPDX-License-Identifier: BSD-3-Clause
// The queue of groups, compared with a naive model.
#include <stdlib.h>

#include "host_fixture.h"
#include "group_queue.h"

// A naive queue in one array: the ready groups, then the dirty ones.
struct naive_queue {
	struct group *groups[4096];
	unsigned n_ready, n;
};

static void naive_insert(struct naive_queue *twin, unsigned at, struct group *group)
{
	memmove(&twin->groups[at + 1], &twin->groups[at],
		(twin->n++ - at) * sizeof(twin->groups[0]));
	twin->groups[at] = group;
}

static void naive_flush(struct naive_queue *twin, bool urgent)
{
	unsigned n_dirty = twin->n - twin->n_ready;

	for (unsigned i = 0; urgent && i < n_dirty; i++) {
		struct group *group = twin->groups[--twin->n];

		naive_insert(twin, 0, group);
	}
	twin->n_ready = twin->n;
}

Test(queue, order,
	.description = "CHG-6: groups leave the queue in order, urgent ones before all others")
{
	static struct naive_queue twin;
	size_t held = 0;
	struct group_queue queue = {.held = &held};
	unsigned room = 0;
	uintptr_t last = 0;

	srand(21);
	for (unsigned round = 0; round < 200000; round++) {
		struct group *group = (struct group *)++last;
		unsigned what = rand() % 100;

		if (what < (round < 100000 ? 40 : 25) && twin.n < 4000) {
			room = twin.n + 1 + rand() % 8;
			cr_assert(group_queue_resize(&queue, room));
			group_queue_put_dirty(&queue, group);
			naive_insert(&twin, twin.n, group);
		} else if (what < 50 && twin.n == twin.n_ready && twin.n < room) {
			group_queue_put_ready(&queue, group);
			naive_insert(&twin, twin.n_ready++, group);
		} else if (what < 55) {
			bool urgent = rand() % 2 == 0;

			group_queue_flush(&queue, urgent);
			naive_flush(&twin, urgent);
		} else if (twin.n_ready > 0) {
			cr_assert_eq(group_queue_take(&queue), twin.groups[0]);
			memmove(twin.groups, twin.groups + 1, --twin.n * sizeof(twin.groups[0]));
			twin.n_ready--;
		}
		cr_assert_eq(queue.n_ready, twin.n_ready);
		cr_assert_eq(queue.n_dirty, twin.n - twin.n_ready);
		for (unsigned i = 0; i < twin.n; i += 1 + i / 8)
			cr_assert_eq(group_queue_at(&queue, i), twin.groups[i]);
	}
	while (queue.n_ready > 0)
		group_queue_take(&queue);
	cr_assert(group_queue_resize(&queue, 0));
	cr_assert_leq(held, 64 * sizeof(struct group *) + queue.n_dirty * 8 * sizeof(void *));
	group_queue_close(&queue);
	cr_assert_eq(held, 0);
}

Test(queue, expiry, .description = "a group whose timer expires does not wait for a flush")
{
	size_t held = 0;
	struct group_queue queue = {.held = &held};
	struct group *dirty = (struct group *)1, *second = (struct group *)2;
	struct group *expired = (struct group *)3;

	cr_assert(group_queue_resize(&queue, 3));
	group_queue_put_dirty(&queue, dirty);
	group_queue_put_dirty(&queue, second);
	group_queue_put_ready(&queue, expired);
	cr_assert_eq(queue.n_ready, 1);
	cr_assert_eq(group_queue_take(&queue), expired);
	group_queue_flush(&queue, false);
	cr_assert_eq(queue.n_ready, 2);
	cr_assert_neq(group_queue_take(&queue), group_queue_take(&queue));
	group_queue_close(&queue);
}
