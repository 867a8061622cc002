// SPDX-License-Identifier: BSD-3-Clause
// Protocol machines: touched machines are flushed once, due machines are advanced, and others are
// not called.
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include "engine_machine.h"

struct test_machine {
	struct engine_machine machine;
	uint64_t next_ms;
	bool busy;
	unsigned flushed, advanced, closed;
};

static struct engine_machines machines;
static struct engine_machine_list list;

static struct test_machine *test_machine_of(const struct engine_machine *machine)
{
	return (struct test_machine *)((uintptr_t)machine - offsetof(struct test_machine, machine));
}

static void flush(struct engine_machine *machine, uint64_t now_ms)
{
	(void)now_ms;
	test_machine_of(machine)->flushed++;
}

static void advance(struct engine_machine *machine, uint64_t now_ms)
{
	struct test_machine *test = test_machine_of(machine);

	cr_assert_leq(test->next_ms, now_ms, "advanced before it was due");
	test->advanced++;
	test->next_ms = now_ms + 1000;
}

static uint64_t next_ms(const struct engine_machine *machine)
{
	return test_machine_of(machine)->next_ms;
}

static bool busy(const struct engine_machine *machine)
{
	return test_machine_of(machine)->busy;
}

static void close_machine(struct engine_machine *machine)
{
	test_machine_of(machine)->closed++;
}

static const struct engine_machine_ops OPS = {
	.flush = flush,
	.advance = advance,
	.next_ms = next_ms,
	.busy = busy,
	.close = close_machine,
};

static void open_tested(struct test_machine *tested, unsigned n)
{
	engine_machine_init(&machines);
	STAILQ_INIT(&list);
	for (unsigned i = 0; i < n; i++) {
		tested[i] =
			(struct test_machine){.machine.ops = &OPS, .next_ms = ENGINE_MACHINE_NEVER};
		cr_assert_eq(engine_machine_add(&machines, &list, &tested[i].machine), 0);
	}
}

static void close_tested(void)
{
	struct engine_machine *machine;

	while ((machine = STAILQ_FIRST(&list)) != NULL)
		engine_machine_remove(&machines, &list, machine);
	cr_assert_eq(machines.n, 0);
	engine_machine_fini(&machines);
}

Test(machine, flush,
	.description = "a new machine is flushed, then only touched machines, once each")
{
	struct test_machine tested[3];

	open_tested(tested, 3);
	engine_machine_flush_all(&machines, 0);
	engine_machine_flush_all(&machines, 1);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(tested[i].flushed, 1);
	engine_machine_touch(&machines, &tested[1].machine);
	engine_machine_touch(&machines, &tested[1].machine);
	engine_machine_flush_all(&machines, 2);
	cr_assert_eq(tested[0].flushed, 1);
	cr_assert_eq(tested[1].flushed, 2);
	cr_assert_eq(tested[2].flushed, 1);
	close_tested();
}

Test(machine, advance, .description = "machines are advanced when due and not earlier")
{
	struct test_machine tested[3];

	open_tested(tested, 3);
	tested[0].next_ms = 10;
	tested[2].next_ms = 20;
	engine_machine_flush_all(&machines, 0);
	cr_assert_eq(machines.next_due_ms, 10);
	engine_machine_advance_all(&machines, 9);
	cr_assert_eq(tested[0].advanced, 0);
	engine_machine_advance_all(&machines, 10);
	cr_assert_eq(tested[0].advanced, 1);
	cr_assert_eq(tested[2].advanced, 0);
	cr_assert_eq(machines.next_due_ms, 20);
	engine_machine_advance_all(&machines, 2000);
	cr_assert_eq(tested[0].advanced, 2);
	cr_assert_eq(tested[1].advanced, 0);
	cr_assert_eq(tested[2].advanced, 1);
	// An advanced machine is flushed, too.
	engine_machine_flush_all(&machines, 2000);
	cr_assert_eq(tested[0].flushed, 2);
	cr_assert_eq(tested[1].flushed, 1);
	close_tested();
}

Test(machine, remove, .description = "a removed machine is closed once and neither flushed nor due")
{
	struct test_machine tested[4];

	open_tested(tested, 4);
	engine_machine_flush_all(&machines, 0);
	for (unsigned i = 0; i < 4; i++) {
		tested[i].next_ms = 10 + i;
		engine_machine_touch(&machines, &tested[i].machine);
	}
	engine_machine_remove(&machines, &list, &tested[1].machine);
	engine_machine_flush_all(&machines, 1);
	engine_machine_advance_all(&machines, 100);
	cr_assert_eq(tested[1].closed, 1);
	cr_assert_eq(tested[1].flushed, 1);
	cr_assert_eq(tested[1].advanced, 0);
	for (unsigned i = 0; i < 4; i++) {
		if (i == 1)
			continue;
		cr_assert_eq(tested[i].closed, 0);
		cr_assert_eq(tested[i].flushed, 2);
		cr_assert_eq(tested[i].advanced, 1);
	}
	close_tested();
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(tested[i].closed, 1);
}

Test(machine, busy, .description = "one busy machine keeps all of them busy")
{
	struct test_machine tested[20];

	open_tested(tested, 20);
	cr_assert_not(engine_machine_any_busy(&machines));
	tested[17].busy = true;
	cr_assert(engine_machine_any_busy(&machines));
	close_tested();
}

Test(machine, random, .description = "random deadlines are met like with a scan of all machines")
{
	enum { N = 50 };
	struct test_machine tested[N];

	open_tested(tested, N);
	srand(1);
	for (uint64_t now_ms = 0; now_ms < 20000; now_ms += (unsigned)rand() % 20) {
		unsigned due = 0, advanced = 0, touched = (unsigned)rand() % N;

		tested[touched].next_ms = now_ms + (unsigned)rand() % 500;
		engine_machine_touch(&machines, &tested[touched].machine);
		engine_machine_flush_all(&machines, now_ms);
		for (unsigned i = 0; i < N; i++) {
			due += tested[i].next_ms <= now_ms;
			advanced -= tested[i].advanced;
		}
		engine_machine_advance_all(&machines, now_ms);
		for (unsigned i = 0; i < N; i++)
			advanced += tested[i].advanced;
		cr_assert_eq(advanced, due);
		for (unsigned i = 0; i < N; i++)
			cr_assert_leq(machines.next_due_ms, tested[i].next_ms);
	}
	close_tested();
}
