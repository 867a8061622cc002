// SPDX-License-Identifier: BSD-3-Clause
#include "sweep.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t lengths[] = {
	[SWEEP_ONCE] = 1,
	[SWEEP_FROM] = (uint64_t)1 << 62,
	[SWEEP_WHILE] = 10,
};
static const char *const names[] = {
	[SWEEP_ONCE] = "one fails",
	[SWEEP_FROM] = "all fail from one on",
	[SWEEP_WHILE] = "ten fail from one on",
};

extern __attribute__((weak)) int __lsan_do_recoverable_leak_check(void);

static bool is_full(void)
{
	const char *text = getenv("ALLOCATION_SWEEP");

	return text != NULL && strcmp(text, "full") == 0;
}

static uint64_t first_number(void)
{
	const char *text = getenv("ALLOCATION_FIRST");

	return text != NULL ? strtoull(text, NULL, 10) : 1;
}

struct sweep sweep_begin(const char *name, enum sweep_mode mode, uint64_t total, uint64_t budget)
{
	uint64_t stride = is_full() ? 1 : (total + budget - 1) / budget;

	return (struct sweep){.name = name, .mode = mode, .stride = stride > 0 ? stride : 1};
}

bool sweep_next(struct sweep *sweep, uint64_t failed)
{
	if (sweep->runs > 0 && failed == 0) {
		injector_note("%s, %s: %" PRIu64 " runs, %" PRIu64 " allocations", sweep->name,
			names[sweep->mode], sweep->runs - 1, injector_count());
		return false;
	}
	sweep->number = sweep->runs == 0 ? first_number() : sweep->number + sweep->stride;
	if (getenv("ALLOCATION_FIRST") != NULL)
		injector_note("%s, number %" PRIu64, sweep->name, sweep->number);
	sweep->runs++;
	injector_arm(sweep->number, lengths[sweep->mode]);
	return true;
}

bool sweep_leaks(void)
{
	return __lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0;
}
