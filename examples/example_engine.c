// SPDX-License-Identifier: BSD-3-Clause
#include "example_engine.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_common.h>
#include <rte_eal.h>

static void eal_start(void)
{
	const char *args[] = {"example", "--no-huge", "--no-shconf", "-m", "256", "--no-pci",
		"--no-telemetry", "--lcores", "0,1", "--log-level", "error"};

	if (rte_eal_init(RTE_DIM(args), (char **)args) < 0)
		errx(1, "DPDK does not start");
}

static void file_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	if (!file)
		err(1, "%s", path);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

struct sluice *example_engine_start(const char *file)
{
	struct sluice_error error;
	struct sluice *sluice;
	char yaml[4096];

	eal_start();
	if (!file)
		return NULL;
	file_read(file, yaml, sizeof(yaml));
	if (sluice_open(yaml, &sluice, &error) < 0)
		errx(1, "%s: %s", file, error.text);
	return sluice;
}
