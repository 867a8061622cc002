// SPDX-License-Identifier: BSD-3-Clause
// Subscriptions without memory, and the use counts of outputs.
#include "group_table_fixture.h"
#include "aligned_memory.h"
#include "subscription.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

enum { OUTPUTS = 8 };

static unsigned allocations_left = UINT32_MAX;
static int uses[OUTPUTS];
static struct reclaim reclaim;
static struct group_table *table;
static struct subscription subscription;

// Allocates all memory of the tables. The definition in the program takes precedence over that of
// the library.
void *aligned_alloc(size_t align, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "aligned_alloc");
	if (!allocations_left)
		return NULL;
	allocations_left--;
	return next(align, size);
}

static struct output *output_of(unsigned number)
{
	return (struct output *)((uintptr_t)(number + 1) << 4);
}

static void use(struct output *output, int delta)
{
	uses[((uintptr_t)output >> 4) - 1] += delta;
}

static void start(void)
{
	allocations_left = UINT32_MAX;
	cr_assert_eq(reclaim_init(&reclaim, 1), 0);
	cr_assert_eq(group_table_create(AF_INET, 2, &reclaim, &table), 0);
	subscription_init(&subscription, &reclaim, use);
}

static void stop(void)
{
	allocations_left = UINT32_MAX;
	group_table_destroy(table);
	subscription_fini(&subscription);
	reclaim_fini(&reclaim);
}

TestSuite(subscription, .init = start, .fini = stop);

static int subscribe(const struct sluice_addr *group, uint64_t owner, unsigned first, unsigned n)
{
	struct subscriber subs[OUTPUTS];

	for (unsigned i = 0; i < n; i++)
		subs[i] = (struct subscriber){
			.output = output_of(first + i),
			.filter = {.mode = SLUICE_EXCLUDE},
		};
	return subscription_replace(&subscription, table, group, owner, subs, n);
}

// The outputs that get a frame of the group, as bits.
static unsigned wanted_by(const struct sluice_addr *group, unsigned worker)
{
	struct sluice_addr source = {AF_INET, {10, 0, 0, 1}};
	struct fanout_frame frame = {.source = source.bytes};
	struct output *scratch[FANOUT_SUBSCRIBERS_MAX];
	struct output *const *outputs;
	unsigned bits = 0, n;
	uint32_t index;

	if (!fixture_lookup(table, group, 1, &index))
		return 0;
	n = group_record_outputs(
		group_storage_record(table, worker, index), &frame, scratch, &outputs);
	for (unsigned i = 0; i < n; i++)
		bits |= 1u << (((uintptr_t)outputs[i] >> 4) - 1);
	return bits;
}

static void expect(const struct sluice_addr *group, unsigned bits)
{
	cr_assert_eq(wanted_by(group, 0), bits);
	cr_assert_eq(wanted_by(group, 1), bits);
}

Test(subscription, owners,
	.description = "subscribers of one owner are replaced, those of another stay")
{
	struct sluice_addr group = fixture_group(AF_INET, 1);

	cr_assert_eq(subscribe(&group, 1, 0, 1), 0);
	expect(&group, 0x01);
	cr_assert_eq(subscribe(&group, 2, 0, 3), 0);
	expect(&group, 0x07);
	cr_assert_eq(subscribe(&group, 1, 4, 1), 0);
	expect(&group, 0x17);
	cr_assert_eq(subscribe(&group, 2, 0, 0), 0);
	expect(&group, 0x10);
	cr_assert_eq(subscribe(&group, 1, 0, 0), 0);
	expect(&group, 0);
	cr_assert_eq(group_table_count(table), 0);
	cr_assert_eq(subscribe(&group, 1, 0, 0), 0, "withdrawing from an unknown group");
}

Test(subscription, uses, .description = "an output has one use for each group that names it")
{
	struct sluice_addr first = fixture_group(AF_INET, 1), second = fixture_group(AF_INET, 2);

	cr_assert_eq(subscribe(&first, 1, 0, 2), 0);
	cr_assert_eq(subscribe(&first, 2, 1, 2), 0);
	cr_assert_eq(subscribe(&second, 1, 1, 1), 0);
	cr_assert(uses[0] == 1 && uses[1] == 2 && uses[2] == 1);
	cr_assert_eq(subscribe(&first, 2, 0, 0), 0);
	cr_assert(uses[0] == 1 && uses[1] == 2 && uses[2] == 0);
	cr_assert_eq(subscribe(&first, 1, 0, 0), 0);
	cr_assert_eq(subscribe(&second, 1, 0, 0), 0);
	cr_assert(uses[0] == 0 && uses[1] == 0 && uses[2] == 0);
}

Test(subscription, adding_without_memory,
	.description = "promise 2: a subscription refused for lack of memory changes nothing")
{
	struct sluice_addr group = fixture_group(AF_INET, 1);
	unsigned refused = 0;

	cr_assert_eq(subscribe(&group, 1, 0, 1), 0);
	// Fails the first allocation, then the second, and so on, until none fails.
	for (unsigned allow = 0;; allow++) {
		int rc;

		allocations_left = allow;
		rc = subscribe(&group, 2, 1, 4);
		if (!rc)
			break;
		refused++;
		cr_assert_eq(rc, -ENOMEM);
		expect(&group, 0x01);
		cr_assert(uses[0] == 1 && uses[1] == 0);
	}
	cr_assert_eq(refused, 2, "the reserve and the fan-out");
	expect(&group, 0x1f);
}

Test(subscription, new_groups_without_memory,
	.description =
		"promise 2: a new group refused for lack of memory does not change the others")
{
	enum { GROUPS = 300 };
	unsigned refused = 0;

	for (uint32_t i = 0; i < GROUPS; i++) {
		struct sluice_addr group = fixture_group(AF_INET, i);

		for (unsigned allow = 0;; allow++) {
			int rc;

			allocations_left = allow;
			rc = subscribe(&group, 1, i % OUTPUTS, 1);
			if (!rc)
				break;
			refused++;
			cr_assert_eq(rc, -ENOMEM);
			cr_assert_eq(group_table_count(table), i);
			expect(&group, 0);
			for (uint32_t k = 0; k < i; k += 13) {
				struct sluice_addr other = fixture_group(AF_INET, k);

				expect(&other, 1u << k % OUTPUTS);
			}
		}
	}
	cr_assert_geq(refused, GROUPS);
}

Test(subscription, withdrawing_without_memory,
	.description = "promise 1: withdrawing one or many subscribers works without memory")
{
	struct sluice_addr first = fixture_group(AF_INET, 1), second = fixture_group(AF_INET, 2);

	cr_assert_eq(subscribe(&first, 1, 0, 3), 0);
	cr_assert_eq(subscribe(&first, 2, 3, 1), 0);
	cr_assert_eq(subscribe(&second, 1, 0, 1), 0);
	allocations_left = 0;
	cr_assert_eq(subscribe(&second, 1, 0, 0), 0);
	cr_assert_eq(subscribe(&first, 1, 5, 1), 0, "narrowing");
	expect(&first, 0x28);
	cr_assert_eq(subscribe(&first, 2, 0, 0), 0);
	expect(&first, 0x20);
	cr_assert(uses[0] == 0 && uses[3] == 0 && uses[5] == 1);
	cr_assert_eq(subscribe(&first, 1, 0, 0), 0);
	expect(&first, 0);
	cr_assert_eq(uses[5], 0);
}

Test(subscription, withdrawing_with_stalled_reader,
	.description =
		"without memory and with a stalled reader a change neither waits without end "
		"nor writes to what is read")
{
	struct sluice_addr group = fixture_group(AF_INET, 1);
	const struct fanout *read, *before;
	uint8_t copy[4096];

	cr_assert_eq(subscribe(&group, 1, 0, 3), 0);
	cr_assert_eq(subscribe(&group, 2, 3, 1), 0);
	reclaim_online(&reclaim, 0);
	before = group_table_get(table, &group);
	memcpy(copy, before, before->size);
	allocations_left = 0;
	cr_assert_eq(subscribe(&group, 2, 0, 0), 0);
	expect(&group, 0x07);
	// Its link in the list of retired items comes first, and is the writer's.
	cr_expect_arr_eq((const uint8_t *)before + sizeof(before->reclaim),
		copy + sizeof(before->reclaim), before->size - sizeof(before->reclaim));
	read = group_table_get(table, &group);
	cr_expect_neq(read, before);
	cr_expect_eq(subscribe(&group, 1, 0, 1), -ENOMEM, "the reserve is in use");
	expect(&group, 0x07);
	cr_assert_eq(subscribe(&group, 1, 0, 0), 0);
	expect(&group, 0);
	reclaim_offline(&reclaim, 0);
	reclaim_poll(&reclaim);
	allocations_left = UINT32_MAX;
	cr_assert_eq(subscribe(&group, 1, 0, 3), 0);
	cr_assert(uses[0] == 1 && uses[1] == 1 && uses[2] == 1 && uses[3] == 0);
}

// ---- Hooks ---------------------------------------------------------------------------------

static const struct fanout_hook *hook_of(const struct sluice_addr *group)
{
	return fanout_hook(group_table_get(table, group));
}

// Whether the records of both workers have a direct route.
static bool is_direct(const struct sluice_addr *group)
{
	uint32_t index;
	unsigned n = 0;

	cr_assert(fixture_lookup(table, group, 1, &index));
	for (unsigned worker = 0; worker < 2; worker++)
		n += (group_record_route(group_storage_record(table, worker, index)) &
			     ROUTE_DIRECT) != 0;
	cr_assert(n == 0 || n == 2);
	return n == 2;
}

Test(subscription, hook,
	.description = "a hook routes its group to the fan-out, stays when subscribers change and "
		       "is removed with the last")
{
	const struct fanout_hook first = {NULL, NULL}, second = {NULL, NULL};
	struct sluice_addr group = fixture_group(AF_INET, 1), other = fixture_group(AF_INET, 2);

	cr_assert_eq(subscription_set_hook(&subscription, table, &group, &first), -ENOENT);
	cr_assert_eq(subscribe(&group, 1, 0, 1), 0);
	cr_assert_eq(subscribe(&other, 1, 0, 1), 0);
	cr_expect(is_direct(&group));
	cr_expect_null(hook_of(&group));
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, &first), 0);
	cr_expect_eq(hook_of(&group), &first);
	cr_expect_not(is_direct(&group));
	cr_expect(is_direct(&other));
	cr_expect_null(hook_of(&other));
	expect(&group, 0x01);
	cr_assert_eq(subscribe(&group, 2, 1, 3), 0);
	cr_expect_eq(hook_of(&group), &first);
	expect(&group, 0x0f);
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, &second), 0);
	cr_expect_eq(hook_of(&group), &second);
	expect(&group, 0x0f);
	cr_assert_eq(subscribe(&group, 2, 0, 0), 0);
	cr_expect_eq(hook_of(&group), &second);
	cr_expect_not(is_direct(&group));
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, NULL), 0);
	cr_expect(is_direct(&group), "as before");
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, &first), 0);
	cr_assert_eq(subscribe(&group, 1, 0, 0), 0);
	cr_assert_eq(subscribe(&group, 1, 0, 1), 0);
	cr_expect_null(hook_of(&group), "joined again");
	cr_assert(uses[0] == 2 && uses[1] == 0);
}

Test(subscription, hook_without_memory,
	.description =
		"promise 2: without memory a hook is not set, but can be replaced and removed")
{
	const struct fanout_hook first = {NULL, NULL}, second = {NULL, NULL};
	struct sluice_addr group = fixture_group(AF_INET, 1);

	cr_assert_eq(subscribe(&group, 1, 0, 2), 0);
	for (unsigned allow = 0; allow < 2; allow++) {
		allocations_left = allow;
		cr_assert_eq(subscription_set_hook(&subscription, table, &group, &first), -ENOMEM);
		cr_expect_null(hook_of(&group));
		expect(&group, 0x03);
	}
	allocations_left = UINT32_MAX;
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, &first), 0);
	allocations_left = 0;
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, &second), 0);
	cr_expect_eq(hook_of(&group), &second);
	expect(&group, 0x03);
	cr_assert_eq(subscription_set_hook(&subscription, table, &group, NULL), 0);
	cr_expect_null(hook_of(&group));
	expect(&group, 0x03);
	cr_assert(uses[0] == 1 && uses[1] == 1);
}
