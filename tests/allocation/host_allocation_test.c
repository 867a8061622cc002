// SPDX-License-Identifier: BSD-3-Clause
// Each allocation of a host's life fails in turn. A call that fails changes nothing, publishes
// nothing and sends nothing; the same call succeeds afterwards, and from then on state and frames
// are those of a host that never lacked memory. A query is responded to in any case.
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "host_allocation_fixture.h"
#include "sweep.h"

#define STEPS_MAX 64
#define BUDGET 60 // runs of a short sweep

// What a step has led to.
struct outcome {
	char *text; // the state
	size_t n_wire; // bytes sent so far
	uint64_t at_ms;
};

static int try(const struct host_step *step)
{
	return step != NULL ? host_allocation_call(step) : host_allocation_open();
}

static bool changes_many(const struct host_step *step)
{
	return step != NULL && (step->operation == JOIN_MANY || step->operation == LEAVE_MANY);
}

// Takes a step, and takes it again if it fails for lack of memory. NULL opens the host.
static void take(const struct host_step *step, unsigned number, char *before)
{
	size_t n_wire = host_run.n_wire;
	unsigned n_published = host_run.n_published;
	int rc;

	strcpy(before, host_allocation_describe());
	host_run.done = 0;
	rc = try(step);
	if (rc == 0)
		return;
	cr_assert_eq(rc, -ENOMEM, "step %u: %d", number, rc);
	injector_disarm();
	if (!changes_many(step)) {
		cr_assert_eq(host_run.n_published, n_published, "step %u published", number);
		cr_assert_str_eq(
			host_allocation_describe(), before, "step %u changed something", number);
	}
	cr_assert_eq(host_run.n_wire, n_wire, "step %u sent", number);
	rc = try(step);
	cr_assert_eq(rc, 0, "step %u fails again: %d", number, rc);
}

static void end_step(void)
{
	if (host_run.host != NULL)
		host_flush(host_run.host, host_run.now_ms);
}

static void run_clean(int family, const struct host_step *steps, struct outcome *outcomes)
{
	static char before[HOST_TEXT_SIZE];

	host_allocation_begin(family);
	take(NULL, 0, before);
	for (unsigned i = 0; steps[i].operation != END; i++) {
		cr_assert_lt(i, STEPS_MAX);
		take(&steps[i], i, before);
		end_step();
		injector_pause();
		outcomes[i] = (struct outcome){
			strdup(host_allocation_describe()), host_run.n_wire, host_run.now_ms};
		injector_resume();
	}
	host_allocation_finish();
}

static void run_with_failure(int family, const struct host_step *steps,
	const struct outcome *outcomes, const uint8_t *clean_wire)
{
	static char before[HOST_TEXT_SIZE];

	host_allocation_begin(family);
	take(NULL, 0, before);
	for (unsigned i = 0; steps[i].operation != END; i++) {
		take(&steps[i], i, before);
		end_step();
		if (host_run.loose)
			continue;
		cr_assert_str_eq(host_allocation_describe(), outcomes[i].text, "step %u", i);
		cr_assert_eq(host_run.n_wire, outcomes[i].n_wire, "step %u sent something else", i);
		cr_assert_eq(memcmp(host_run.wire, clean_wire, host_run.n_wire), 0,
			"step %u sent something else", i);
	}
	host_allocation_finish();
}

static void sweep_all(const char *name, int family, const struct host_step *steps)
{
	struct outcome outcomes[STEPS_MAX] = {{NULL}};
	uint8_t *clean_wire = malloc(HOST_WIRE_SIZE);
	uint64_t total;

	host_run.wire = malloc(HOST_WIRE_SIZE);
	injector_arm(UINT64_MAX / 2, 1);
	run_clean(family, steps, outcomes);
	injector_disarm();
	total = injector_count();
	memcpy(clean_wire, host_run.wire, host_run.n_wire);
	cr_assert_gt(total, 0);
	for (enum sweep_mode mode = SWEEP_ONCE; mode <= SWEEP_FROM; mode++) {
		struct sweep sweep = sweep_begin(name, mode, total, BUDGET);

		while (sweep_next(&sweep, injector_failed())) {
			run_with_failure(family, steps, outcomes, clean_wire);
			injector_disarm();
		}
		cr_assert_geq(sweep.runs, total / sweep.stride / 2);
	}
	for (unsigned i = 0; i < STEPS_MAX; i++)
		free(outcomes[i].text);
	free(host_run.wire);
	free(clean_wire);
	cr_assert_not(sweep_leaks());
}

// ---- Scenarios ------------------------------------------------------------------------------

static const struct host_step memberships[] = {
	{ADDRESSES, .n = 1},
	{OPEN, 0},
	{OPEN, 1},
	{JOIN, 0, "1"},
	{JOIN, 0, "1"},
	{JOIN, 1, "1"},
	{JOIN_SOURCE, 0, "S1", 'a'},
	{JOIN_SOURCE, 0, "S1", 'b'},
	{JOIN_SOURCE, 0, "S1", 'c'},
	{JOIN_SOURCE, 1, "S1", 'b'},
	{BLOCK, 0, "1", 'x'},
	{BLOCK, 1, "1", 'x'},
	{BLOCK, 1, "1", 'y'},
	{RUN, .n = 500},
	{UNBLOCK, 1, "1", 'x'},
	{LEAVE_SOURCE, 0, "S1", 'a'},
	{INCLUDE, 0, "2", 'd', 5},
	{EXCLUDE, 0, "2", 'd', 3},
	{EXCLUDE, 1, "2", 'e', 9},
	{INCLUDE, 1, "2", 'a', 2},
	{RECONFIGURE, .n = 1400},
	{ADDRESSES, .n = 2},
	{RUN, .n = 20000},
	{LIST},
	{LINK, .n = 0},
	{JOIN, 1, "3"},
	{LINK, .n = 1},
	{RUN, .n = 5000},
	{LEAVE, 0, "1"},
	{LEAVE, 0, "1"},
	{INCLUDE, 1, "2", 'a', 0},
	{RUN, .n = 300},
	{JOIN, 0, "1"},
	{LEAVE, 0, "1"},
	{CLOSE, 1},
	{RUN, .n = 20000},
	{OPEN, 1},
	{JOIN, 1, "4"},
	{CLOSE, 0},
	{CLOSE, 1},
	{RUN, .n = 20000},
	{END},
};

static const struct host_step queries[] = {
	{ADDRESSES, .n = 1},
	{OPEN, 0},
	{OPEN, 1},
	{JOIN, 0, "1"},
	{INCLUDE, 0, "2", 'a', 6},
	{JOIN, 1, "2"},
	{JOIN_SOURCE, 1, "S1", 'k'},
	{RUN, .n = 5000},
	{QUERY, .group = NULL},
	{RUN, .n = 2000},
	{QUERY, .group = "1"},
	{RUN, .n = 2000},
	{QUERY, .group = "S1", .source = 'j', .n = 3},
	{RUN, .n = 2000},
	{QUERY, .group = "S1", .source = 'j', .n = 2},
	{QUERY, .group = "S1", .source = 'k', .n = 2},
	{RUN, .n = 2000},
	{QUERY, .group = "1"},
	{QUERY, .group = NULL},
	{RUN, .n = 2000},
	{OLD_QUERY, .group = NULL},
	{RUN, .n = 2000},
	{OLD_QUERY, .group = "1"},
	{JOIN, 0, "5"},
	{RUN, .n = 2000},
	{LEAVE, 0, "5"},
	{RUN, .n = 400000},
	{QUERY, .group = "1"},
	{RUN, .n = 2000},
	{CLOSE, 0},
	{RUN, .n = 20000},
	{END},
};

static const struct host_step long_lists[] = {
	{ADDRESSES, .n = 1},
	{OPEN, 0},
	{OPEN, 1},
	{INCLUDE, 0, "1", 1, 1500},
	{RUN, .n = 100},
	{INCLUDE, 0, "1", 700, 2000},
	{EXCLUDE, 1, "1", 1, 1900},
	{EXCLUDE, 0, "1", 100, 1000},
	{BLOCK, 1, "1", 3000},
	{RUN, .n = 20000},
	{QUERY, .group = NULL},
	{RUN, .n = 2000},
	{INCLUDE, 0, "1", 5, 1},
	{EXCLUDE, 1, "1", 1, 0},
	{RUN, .n = 20000},
	{CLOSE, 0},
	{RUN, .n = 20000},
	{END},
};

static const struct host_step growth[] = {
	{ADDRESSES, .n = 1},
	{OPEN, 0},
	{OPEN, 1},
	{JOIN_MANY, 0},
	{JOIN_MANY, 1},
	{RUN, .n = 20000},
	{LIST},
	{LEAVE_MANY, 0},
	{RUN, .n = 20000},
	{LEAVE_MANY, 1},
	{RUN, .n = 20000},
	{JOIN_MANY, 1},
	{CLOSE, 1},
	{RUN, .n = 20000},
	{END},
};

#define SCENARIO(name, text)                                                                       \
	Test(host_allocation, name##_igmp, .description = text)                                    \
	{                                                                                          \
		sweep_all(#name " igmp", AF_INET, name);                                           \
	}                                                                                          \
	Test(host_allocation, name##_mld, .description = text)                                     \
	{                                                                                          \
		sweep_all(#name " mld", AF_INET6, name);                                           \
	}

SCENARIO(memberships, "API-41: joins, leaves, filters, sessions without memory")
SCENARIO(queries, "a query without memory is responded to all the same")
SCENARIO(long_lists, "API-41: filters of thousands of sources without memory")
SCENARIO(growth, "API-41: thousands of groups, come and gone, without memory")
