// SPDX-License-Identifier: BSD-3-Clause
// The memory for when there is no other: chunks do not overlap, and none is lost, whatever the
// order of allocation and release.
#include "rpc_reserve.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS 400
#define STEPS 200000
#define SIZE_MAX_TESTED 9000 // of bytes, so that the reserve runs out now and then
#define WHOLE ((1u << 20) - 64)

struct reserved {
	uint8_t *bytes;
	size_t size;
	uint8_t mark;
};

static void check_and_put(struct reserved *owned)
{
	for (size_t i = 0; i < owned->size; i++)
		if (owned->bytes[i] != owned->mark)
			cr_assert_fail("a chunk was overwritten");
	rpc_reserve_put(owned->bytes);
	owned->bytes = NULL;
}

static bool take(struct reserved *owned)
{
	owned->size = (size_t)rand() % SIZE_MAX_TESTED;
	owned->mark = (uint8_t)rand();
	owned->bytes = rpc_reserve_get(owned->size);
	if (!owned->bytes)
		return false;
	cr_assert(rpc_reserve_owns(owned->bytes));
	cr_assert_eq((uintptr_t)owned->bytes % 16, 0);
	cr_assert_geq(rpc_reserve_size(owned->bytes), owned->size);
	memset(owned->bytes, owned->mark, owned->size);
	return true;
}

Test(rpc_reserve, chunks, .description = "random chunks keep their bytes; the whole is free again")
{
	static struct reserved owned[CHUNKS];
	unsigned n_refused = 0;
	void *whole;

	rpc_reserve_open();
	srand(1);
	for (unsigned step = 0; step < STEPS; step++) {
		struct reserved *one = &owned[rand() % CHUNKS];

		if (one->bytes)
			check_and_put(one);
		else
			n_refused += !take(one);
	}
	cr_assert_gt(n_refused, 0);
	for (unsigned i = 0; i < CHUNKS; i++)
		if (owned[i].bytes)
			check_and_put(&owned[i]);
	whole = rpc_reserve_get(WHOLE);
	cr_assert_not_null(whole);
	cr_assert_null(rpc_reserve_get(1000));
	rpc_reserve_put(whole);
	cr_assert_null(rpc_reserve_get(SIZE_MAX));
	cr_assert_not(rpc_reserve_owns(&whole));
}
