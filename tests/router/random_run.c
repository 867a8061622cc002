// SPDX-License-Identifier: BSD-3-Clause
// The long run: random_run [--runs N] [--seed S], both families. Exits 1 at the first failure.
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include "scenario.h"

static bool run_one(uint64_t seed, int family)
{
	struct scenario_failure failure;
	struct script script;

	script_generate(&script, seed, family);
	if (scenario_run(&script, 0, &failure))
		return true;
	scenario_shrink(&script, 0);
	scenario_run(&script, 0, &failure);
	script_print(&script, stdout);
	printf("FAILED at %.3f s: %s\n", failure.at_ms / 1000.0, failure.text);
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"runs", required_argument, NULL, 'r'},
		{"seed", required_argument, NULL, 's'},
		{0},
	};
	uint64_t runs = 10000, seed = 1;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r') {
			runs = strtoull(optarg, NULL, 0);
		} else if (option == 's') {
			seed = strtoull(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: %s [--runs N] [--seed S]\n", argv[0]);
			return 2;
		}
	}
	for (uint64_t i = 0; i < runs; i++)
		if (!run_one(seed + i, AF_INET) || !run_one(seed + i, AF_INET6))
			return 1;
	printf("%" PRIu64 " runs of each family from seed %" PRIu64 " passed\n", runs, seed);
	return 0;
}
