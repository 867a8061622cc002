// SPDX-License-Identifier: BSD-3-Clause
// The queue of groups, against a naive twin.
#include <stdlib.h>

#include "host_fixture.h"
#include "group_queue.h"

// A naive queue: what is ready, then what is dirty, in one array.
struct line {
	struct group *groups[4096];
	unsigned n_ready, n;
};

static void line_insert(struct line *line, unsigned at, struct group *group)
{
	memmove(&line->groups[at + 1], &line->groups[at],
		(line->n++ - at) * sizeof(line->groups[0]));
	line->groups[at] = group;
}

static void line_flush(struct line *line, bool urgent)
{
	unsigned n_dirty = line->n - line->n_ready;

	for (unsigned i = 0; urgent && i < n_dirty; i++) {
		struct group *group = line->groups[--line->n];

		line_insert(line, 0, group);
	}
	line->n_ready = line->n;
}

Test(queue, order,
	.description = "CHG-6: groups take turns in order, urgent ones before all others")
{
	static struct line line;
	size_t held = 0;
	struct queue queue = {.held = &held};
	unsigned room = 0;
	uintptr_t last = 0;

	srand(21);
	for (unsigned round = 0; round < 200000; round++) {
		struct group *group = (struct group *)++last;
		unsigned what = rand() % 100;

		if (what < (round < 100000 ? 40 : 25) && line.n < 4000) {
			room = line.n + 1 + rand() % 8;
			cr_assert(queue_resize(&queue, room));
			queue_put_dirty(&queue, group);
			line_insert(&line, line.n, group);
		} else if (what < 50 && line.n == line.n_ready && line.n < room) {
			queue_put_ready(&queue, group);
			line_insert(&line, line.n_ready++, group);
		} else if (what < 55) {
			bool urgent = rand() % 2 == 0;

			queue_flush(&queue, urgent);
			line_flush(&line, urgent);
		} else if (line.n_ready > 0) {
			cr_assert_eq(queue_take(&queue), line.groups[0]);
			memmove(line.groups, line.groups + 1, --line.n * sizeof(line.groups[0]));
			line.n_ready--;
		}
		cr_assert_eq(queue.n_ready, line.n_ready);
		cr_assert_eq(queue.n_dirty, line.n - line.n_ready);
		for (unsigned i = 0; i < line.n; i += 1 + i / 8)
			cr_assert_eq(queue_at(&queue, i), line.groups[i]);
	}
	while (queue.n_ready > 0)
		queue_take(&queue);
	cr_assert(queue_resize(&queue, 0));
	cr_assert_leq(held, 64 * sizeof(struct group *) + queue.n_dirty * 8 * sizeof(void *));
	queue_close(&queue);
	cr_assert_eq(held, 0);
}

Test(queue, expiry, .description = "a group whose timer expires does not wait for a flush")
{
	size_t held = 0;
	struct queue queue = {.held = &held};
	struct group *dirty = (struct group *)1, *second = (struct group *)2;
	struct group *expired = (struct group *)3;

	cr_assert(queue_resize(&queue, 3));
	queue_put_dirty(&queue, dirty);
	queue_put_dirty(&queue, second);
	queue_put_ready(&queue, expired);
	cr_assert_eq(queue.n_ready, 1);
	cr_assert_eq(queue_take(&queue), expired);
	queue_flush(&queue, false);
	cr_assert_eq(queue.n_ready, 2);
	cr_assert_neq(queue_take(&queue), queue_take(&queue));
	queue_close(&queue);
}
