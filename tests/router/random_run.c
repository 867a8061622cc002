// SPDX-License-Identifier: BSD-3-Clause
// The long run: random_run [--runs N] [--seed S], both families. Exits 1 at the first failure.
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include "scenario.h"

// Two versions of the code that print the same hash sent the same packets.
static bool run_one(uint64_t seed, int family, uint64_t *packets_hash)
{
	struct scenario_result result = {.packets_hash = *packets_hash};
	struct script script;

	script_generate(&script, seed, family);
	if (scenario_run(&script, 0, &result)) {
		*packets_hash = result.packets_hash;
		return true;
	}
	shrink_scenario(&script, 0);
	scenario_run(&script, 0, &result);
	script_print(&script, stdout);
	printf("FAILED at %.3f s: %s\n", result.at_ms / 1000.0, result.text);
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"runs", required_argument, NULL, 'r'},
		{"seed", required_argument, NULL, 's'},
		{0},
	};
	uint64_t runs = 10000, seed = 1, packets_hash = UINT64_C(0xcbf29ce484222325);
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
		if (!run_one(seed + i, AF_INET, &packets_hash) ||
			!run_one(seed + i, AF_INET6, &packets_hash))
			return 1;
	printf("%" PRIu64 " runs of each family from seed %" PRIu64
	       " passed, packets hash %016" PRIx64 "\n",
		runs, seed, packets_hash);
	return 0;
}
