// SPDX-License-Identifier: BSD-3-Clause
// The memory of JSON values: chunks do not overlap, whatever the order of allocation and release.
#include "json_memory.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS 60000 // more than the kept blocks hold
#define SIZE_MAX_TESTED 700 // below and above the largest class

static json_malloc_t allocate;
static json_free_t release;

static void setup(void)
{
	json_memory_use();
	json_get_alloc_funcs(&allocate, &release);
	srand(1);
}

TestSuite(json_memory, .init = setup);

struct owned {
	uint8_t *bytes;
	size_t size;
	uint8_t mark;
};

static void take(struct owned *owned)
{
	owned->size = (size_t)rand() % SIZE_MAX_TESTED;
	owned->mark = (uint8_t)rand();
	owned->bytes = allocate(owned->size);
	cr_assert_not_null(owned->bytes);
	cr_assert_eq((uintptr_t)owned->bytes % sizeof(uint64_t), 0);
	memset(owned->bytes, owned->mark, owned->size);
}

static void give_back(struct owned *owned)
{
	for (size_t i = 0; i < owned->size; i++)
		if (owned->bytes[i] != owned->mark)
			cr_assert_fail("a chunk was overwritten");
	release(owned->bytes);
	owned->bytes = NULL;
}

Test(json_memory, chunks_do_not_overlap)
{
	static struct owned owned[CHUNKS];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < CHUNKS; i++)
			take(&owned[i]);
		for (unsigned i = 0; i < 2 * CHUNKS; i++) {
			struct owned *one = &owned[rand() % CHUNKS];

			give_back(one);
			take(one);
		}
		for (unsigned i = 0; i < CHUNKS; i++)
			give_back(&owned[i]);
	}
	release(NULL);
}

Test(json_memory, is_cut_again_when_nothing_is_in_use)
{
	void *first = allocate(40), *second = allocate(200), *again;

	release(first);
	release(second);
	again = allocate(100);
#ifndef __SANITIZE_ADDRESS__
	cr_expect_eq(again, first);
#endif
	release(again);
}

Test(json_memory, carries_values)
{
	json_t *list = json_array(), *copy;
	char *text;

	for (int i = 0; i < 10000; i++)
		json_array_append_new(
			list, json_pack("{s:i, s:s}", "id", i, "group", "239.255.255.255"));
	text = json_dumps(list, JSON_COMPACT);
	copy = json_loads(text, 0, NULL);
	cr_expect(json_equal(list, copy));
	release(text);
	json_decref(list);
	json_decref(copy);
}
