// SPDX-License-Identifier: BSD-3-Clause
// Random scripts, see scenario.h. A failing script is shrunk and printed with its seed.
#include <criterion/criterion.h>
#include "scenario.h"

#define RUNS 2000
#define FIRST_SEED 1

static void run_all(int family)
{
	struct scenario_result result;
	struct script script;

	for (unsigned seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
		script_generate(&script, seed, family);
		if (scenario_run(&script, 0, &result))
			continue;
		shrink_scenario(&script, 0);
		scenario_run(&script, 0, &result);
		script_print(&script, stderr);
		cr_assert_fail("at %.3f s: %s", result.at_ms / 1000.0, result.text);
	}
}

Test(random, igmp,
	.description =
		"STA-4 STA-5 CHG-1 CHG-2 CHG-3 CHG-4 CHG-6 CHG-11 CHG-12 CHG-17 RSP-3 RSP-4 "
		"RSP-6 RSP-7 CMP-2 CMP-7 CMP-8 API-41 API-42: routers learn what IPv4 sessions "
		"want, whatever is lost")
{
	run_all(AF_INET);
}

Test(random, mld,
	.description =
		"STA-4 STA-5 CHG-1 CHG-2 CHG-3 CHG-4 CHG-6 CHG-11 CHG-12 CHG-17 RSP-3 RSP-4 "
		"RSP-6 RSP-7 CMP-2 CMP-7 CMP-8 MLD-11 MLD-15 API-41 API-42: routers learn what "
		"IPv6 sessions want, whatever is lost")
{
	run_all(AF_INET6);
}

// The first of a few scripts that fails if the routers do not receive this record type, shrunk.
static bool find_failing(enum frame_type deaf_to, struct script *script)
{
	struct scenario_result result;

	for (unsigned seed = FIRST_SEED; seed < FIRST_SEED + 200; seed++) {
		script_generate(script, seed, AF_INET);
		if (!scenario_run(script, deaf_to, &result)) {
			shrink_scenario(script, deaf_to);
			return true;
		}
	}
	return false;
}

Test(random, notices_each_record_type, .description = "the runs fail if any record type is lost")
{
	struct script script;

	for (unsigned type = FRAME_IS_IN; type < FRAME_TYPES; type++)
		cr_expect(find_failing(type, &script), "%s may be missing",
			router_frame_type_name(type));
}

Test(random, shrinks, .description = "a failing script is shrunk to the one call that matters")
{
	struct script script;

	cr_assert(find_failing(FRAME_TO_EX, &script));
	cr_expect_eq(script.n_events, 1);
	cr_expect(script.events[0].type == EVENT_JOIN || script.events[0].type == EVENT_EXCLUDE ||
		  script.events[0].type == EVENT_JOIN_BULK);
}
