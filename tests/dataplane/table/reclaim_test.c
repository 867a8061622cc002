// SPDX-License-Identifier: BSD-3-Clause
// No object is freed while a reader may use it, and every object is freed in the end.
#include "reclaim.h"
#include <criterion/criterion.h>
#include <errno.h>

struct object {
	struct reclaim_item item;
	struct reclaim *reclaim;
	struct object *then; // retired when this one is freed
	unsigned freed;
};

static void retire(struct reclaim *reclaim, struct object *object);

static void object_free(struct reclaim_item *item)
{
	struct object *object = (struct object *)item;

	object->freed++;
	if (object->then)
		retire(object->reclaim, object->then);
}

static void retire(struct reclaim *reclaim, struct object *object)
{
	object->reclaim = reclaim;
	object->item.free = object_free;
	reclaim_retire(reclaim, &object->item);
}

Test(reclaim, waits_for_every_reader,
	.description = "an object is freed when every online reader has been quiescent since")
{
	struct reclaim reclaim;
	struct object first = {0}, second = {0};

	cr_assert_eq(reclaim_init(&reclaim, 3), 0);
	reclaim_online(&reclaim, 0);
	reclaim_online(&reclaim, 1);
	retire(&reclaim, &first);
	reclaim_poll(&reclaim);
	retire(&reclaim, &second);
	reclaim_quiescent(&reclaim, 0);
	reclaim_poll(&reclaim);
	cr_assert_eq(first.freed, 0, "reader 1 may still use it");
	reclaim_quiescent(&reclaim, 1);
	reclaim_poll(&reclaim);
	cr_assert_eq(first.freed, 1);
	cr_assert_eq(second.freed, 0, "retired later");
	reclaim_quiescent(&reclaim, 1);
	reclaim_offline(&reclaim, 0);
	reclaim_poll(&reclaim);
	cr_assert_eq(second.freed, 1);
	reclaim_offline(&reclaim, 1);
	reclaim_fini(&reclaim);
	cr_assert_eq(first.freed + second.freed, 2);
}

Test(reclaim, offline_readers_hold_up_nobody,
	.description = "without an online reader a poll frees immediately")
{
	struct reclaim reclaim;
	struct object objects[4] = {0};

	cr_assert_eq(reclaim_init(&reclaim, 2), 0);
	for (unsigned i = 0; i < 4; i++)
		retire(&reclaim, &objects[i]);
	reclaim_poll(&reclaim);
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(objects[i].freed, 1);
	reclaim_fini(&reclaim);
}

Test(reclaim, synchronize, .description = "synchronizing frees all objects retired before")
{
	struct reclaim reclaim;
	struct object old = {0}, fresh = {0};

	cr_assert_eq(reclaim_init(&reclaim, 1), 0);
	reclaim_online(&reclaim, 0);
	retire(&reclaim, &old);
	reclaim_poll(&reclaim);
	retire(&reclaim, &fresh);
	reclaim_offline(&reclaim, 0);
	reclaim_synchronize(&reclaim);
	cr_assert_eq(old.freed, 1);
	cr_assert_eq(fresh.freed, 1);
	reclaim_fini(&reclaim);
}

Test(reclaim, parts, .description = "many objects are freed in parts, in the order of retiring")
{
	enum { N = 3 * RECLAIM_PART };
	static struct object objects[N];
	struct reclaim reclaim;

	cr_assert_eq(reclaim_init(&reclaim, 1), 0);
	for (unsigned i = 0; i < N; i++)
		retire(&reclaim, &objects[i]);
	for (unsigned parts = 1; parts <= 3; parts++) {
		if (parts == 2)
			reclaim_poll(&reclaim);
		else
			cr_assert_eq(reclaim_synchronize(&reclaim), 0);
		for (unsigned i = 0; i < N; i++)
			cr_assert_eq(objects[i].freed, i < parts * RECLAIM_PART, "%u", i);
	}
	reclaim_fini(&reclaim);
}

Test(reclaim, stalled,
	.description = "a reader that is stalled ends the wait, keeps what it may use, and loses "
		       "nothing when it goes on")
{
	struct reclaim reclaim;
	struct object old = {0}, fresh = {0};

	cr_assert_eq(reclaim_init(&reclaim, 2), 0);
	reclaim_online(&reclaim, 0);
	reclaim_online(&reclaim, 1);
	retire(&reclaim, &old);
	reclaim_poll(&reclaim);
	reclaim_quiescent(&reclaim, 0);
	cr_expect_eq(reclaim_synchronize(&reclaim), -ETIMEDOUT);
	retire(&reclaim, &fresh);
	reclaim_quiescent(&reclaim, 0);
	for (unsigned i = 0; i < 1000; i++) // takes a quarter of an hour if each waits
		cr_expect_eq(reclaim_synchronize(&reclaim), -ETIMEDOUT);
	reclaim_poll(&reclaim);
	cr_expect_eq(old.freed + fresh.freed, 0);
	reclaim_offline(&reclaim, 1);
	reclaim_offline(&reclaim, 0);
	cr_expect_eq(reclaim_synchronize(&reclaim), 0);
	cr_expect_eq(old.freed, 1);
	cr_expect_eq(fresh.freed, 1);
	reclaim_fini(&reclaim);
}

Test(reclaim, chain,
	.description = "a free function may retire, and reclaim_fini() frees the whole chain")
{
	struct reclaim reclaim;
	struct object last = {0}, middle = {.then = &last}, first = {.then = &middle};

	cr_assert_eq(reclaim_init(&reclaim, 1), 0);
	retire(&reclaim, &first);
	reclaim_fini(&reclaim);
	cr_assert_eq(first.freed, 1);
	cr_assert_eq(middle.freed, 1);
	cr_assert_eq(last.freed, 1);
}
