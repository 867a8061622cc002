// SPDX-License-Identifier: BSD-3-Clause
// The benchmarks of the data plane. Exit status 1 if a ratio misses its target.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_eal.h>
#include "result.h"
#include "workload.h"

static const struct benchmark {
	const char *name;
	void (*run)(const struct workload_size *size);
	unsigned sizes; // number of sizes it runs, from the smallest
} benches[] = {
	{"lookup", lookup_bench, SIZES},
	{"churn", churn_bench, SIZES},
	{"filter", pipeline_bench, SIZES},
	{"fanout", fanout_bench, 1},
};

// Our tables request transparent huge pages. DPDK's memory, which holds the frames and rte_hash, is
// on huge pages only if some were reserved.
static int start_eal(const char *program, bool huge_pages)
{
	const char *args[] = {program, huge_pages ? "--in-memory" : "--no-huge", "--no-shconf",
		"-m", "1024", "--no-pci", "--no-telemetry", "--log-level", "error", "--lcores",
		"0@1,1@0"};

	return rte_eal_init(RTE_DIM(args), (char **)args);
}

static bool chosen(const char *name, char *const *names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static bool known(const char *name)
{
	for (unsigned i = 0; i < RTE_DIM(benches); i++)
		if (!strcmp(benches[i].name, name))
			return true;
	return false;
}

static int usage(const char *program)
{
	fprintf(stderr,
		"usage: %s [--quick] [--huge-pages] [--json FILE] [--size 1k|64k|1M] [NAME]...\n"
		"names:",
		program);
	for (unsigned i = 0; i < RTE_DIM(benches); i++)
		fprintf(stderr, " %s", benches[i].name);
	fputc('\n', stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},
		{"huge-pages", no_argument, NULL, 'p'},
		{"json", required_argument, NULL, 'j'},
		{"size", required_argument, NULL, 's'},
		{0},
	};
	const char *json = NULL, *size = NULL;
	bool huge_pages = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'q')
			workload_rounds = 31;
		else if (option == 'p')
			huge_pages = true;
		else if (option == 'j')
			json = optarg;
		else if (option == 's')
			size = optarg;
		else
			return usage(argv[0]);
	}
	for (int i = optind; i < argc; i++)
		if (!known(argv[i]))
			return usage(argv[0]);
	if (start_eal(argv[0], huge_pages) < 0)
		return 2;
	for (unsigned i = 0; i < RTE_DIM(benches); i++) {
		if (!chosen(benches[i].name, argv + optind))
			continue;
		for (unsigned k = 0; k < benches[i].sizes; k++)
			if (!size || !strcmp(size, workload_sizes[k].name))
				benches[i].run(&workload_sizes[k]);
	}
	status = result_good() ? 0 : 1;
	if (json && result_write(json)) {
		fprintf(stderr, "%s: cannot write %s\n", argv[0], json);
		status = 2;
	}
	result_free();
	rte_eal_cleanup();
	return status;
}
